/* The numbers that are open are blocked on this thread and come through one signalfd. Dispositions
 * stay what they were: Linux queues a blocked signal even when it is ignored. */
#define _GNU_SOURCE
#include <eddy/signal.h>

#include "loop/loop.h"
#include "loop/poller.h"

#include <errno.h>
#include <string.h>
#include <sys/signalfd.h>

#define BATCH 8

static void signals_on_events(void *source, uint32_t events);
static int signals_registration(const void *source, uint32_t *events);

static const struct eddyi_source_kind signals_source = {EDDYI_SOURCE_SIGNALS, signals_on_events, signals_registration,
                                                        NULL};

static int signals_registration(const void *source, uint32_t *events)
{
    const struct eddy_loop *loop = source;
    *events = EPOLLIN | EPOLLET;
    return loop->signals.fd;
}

static bool is_open(const struct eddy_signals *signals, int number)
{
    return signals->fd >= 0 && sigismember(&signals->set, number) == 1;
}

static int mask(const struct eddy_loop *loop, int how, int number, sigset_t *old)
{
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, number);
    return loop->os->sigprocmask(loop->os->context, how, &one, old);
}

static int set_signalfd(struct eddy_loop *loop)
{
    return loop->os->signalfd(loop->os->context, loop->signals.fd, &loop->signals.set);
}

/* ---- Open ------------------------------------------------------------------------------ */

static int create_signalfd(struct eddy_loop *loop)
{
    struct eddy_signals *signals = &loop->signals;
    int fd = set_signalfd(loop);
    if (fd < 0) {
        return fd;
    }
    int error = eddyi_poller_add(&loop->poller, &signals_source, loop, fd, EPOLLIN | EPOLLET, &signals->slot);
    if (error < 0) {
        loop->os->close(loop->os->context, fd);
        return error;
    }
    signals->fd = fd;
    return 0;
}

static int take_number(struct eddy_loop *loop, int number)
{
    struct eddy_signals *signals = &loop->signals;
    if (signals->fd < 0) {
        sigemptyset(&signals->set);
        sigemptyset(&signals->blocked);
    }
    sigset_t old;
    int error = mask(loop, SIG_BLOCK, number, &old);
    if (error < 0) {
        return error;
    }
    sigaddset(&signals->set, number);
    error = signals->fd < 0 ? create_signalfd(loop) : set_signalfd(loop);
    if (error < 0) {
        sigdelset(&signals->set, number);
        if (sigismember(&old, number) == 0) {
            mask(loop, SIG_UNBLOCK, number, NULL);
        }
        return error;
    }
    if (sigismember(&old, number) == 1) {
        sigaddset(&signals->blocked, number);
    }
    return 0;
}

int eddy_signal_open(struct eddy_signal *signal, struct eddy_loop *loop, int number)
{
    signal->loop = NULL;
    if (!eddyi_loop_is_usable(loop)) {
        return -ECHILD;
    }
    sigset_t probe;
    sigemptyset(&probe);
    if (number == SIGKILL || number == SIGSTOP || sigaddset(&probe, number) < 0) {
        return -EINVAL;
    }
    if (!is_open(&loop->signals, number)) {
        int error = take_number(loop, number);
        if (error < 0) {
            return error;
        }
    }
    signal->number = number;
    signal->pending = false;
    signal->taken = false;
    signal->loop = loop;
    signal->waiter = NULL;
    eddy_list_append(&loop->signals.open, &signal->link);
    return 0;
}

/* ---- Wait ------------------------------------------------------------------------------ */

static void unpark_signal(struct eddy_waiter *waiter)
{
    struct eddy_signal *signal = waiter->transfer.subject;
    signal->waiter = NULL;
}

static const struct eddy_wait_kind signal_kind = {
    .name = "signal", .unpark = unpark_signal, .external = true, .expiry = -ETIMEDOUT};

/* The next of the loop's open signals with this number after `signal`; NULL: from the first. */
static struct eddy_signal *next_open(const struct eddy_loop *loop, const struct eddy_signal *signal, int number)
{
    const struct eddy_list *head = &loop->signals.open;
    for (struct eddy_list *link = signal != NULL ? signal->link.next : head->next; link != head; link = link->next) {
        struct eddy_signal *at = EDDY_CONTAINER(link, struct eddy_signal, link);
        if (at->number == number) {
            return at;
        }
    }
    return NULL;
}

/* Somebody has this number's last occurrence: it need not be raised again. */
static void mark_taken(struct eddy_loop *loop, int number)
{
    for (struct eddy_signal *at = next_open(loop, NULL, number); at != NULL; at = next_open(loop, at, number)) {
        at->taken = true;
    }
}

ssize_t eddy_signal_wait(struct eddy_signal *signal, struct eddy_waiter *waiter)
{
    if (signal->loop == NULL) {
        return -ESHUTDOWN;
    }
    if (!eddyi_loop_is_usable(signal->loop)) {
        return -ECHILD;
    }
    if (signal->waiter != NULL) {
        return -EBUSY;
    }
    if (signal->pending) {
        signal->pending = false;
        mark_taken(signal->loop, signal->number);
        return eddy_wait_settle(waiter, signal->number);
    }
    signal->waiter = waiter;
    waiter->transfer.subject = signal;
    return eddy_wait_park(waiter, &signal_kind);
}

static void deliver(struct eddy_loop *loop, int number)
{
    bool taken = false;
    for (struct eddy_signal *at = next_open(loop, NULL, number); at != NULL; at = next_open(loop, at, number)) {
        struct eddy_waiter *waiter = at->waiter;
        at->pending = waiter == NULL;
        at->taken = false;
        if (waiter != NULL) {
            taken = true;
            at->waiter = NULL;
            eddy_wait_wake(waiter, number);
        }
    }
    if (taken) {
        mark_taken(loop, number);
    }
}

static void signals_on_events(void *source, uint32_t events)
{
    (void)events;
    struct eddy_loop *loop = source;
    struct signalfd_siginfo infos[BATCH];
    ssize_t size;
    do {
        size = loop->os->read(loop->os->context, loop->signals.fd, infos, sizeof infos);
        for (ssize_t i = 0; i < size / (ssize_t)sizeof infos[0]; i++) {
            deliver(loop, (int)infos[i].ssi_signo);
        }
    } while (size == (ssize_t)sizeof infos || size == -EINTR);
}

/* ---- Close ----------------------------------------------------------------------------- */

static void give_number_back(struct eddy_loop *loop, int number)
{
    struct eddy_signals *signals = &loop->signals;
    sigdelset(&signals->set, number);
    if (eddy_list_is_empty(&signals->open)) {
        eddyi_poller_forget(&loop->poller, signals->slot);
        loop->os->close(loop->os->context, signals->fd);
        signals->fd = -1;
    } else {
        (void)set_signalfd(loop); /* if it fails, a blocked number is read that nobody opened */
    }
    if (sigismember(&signals->blocked, number) == 0) {
        mask(loop, SIG_UNBLOCK, number, NULL);
    }
    sigdelset(&signals->blocked, number);
}

void eddy_signal_close(struct eddy_signal *signal)
{
    struct eddy_loop *loop = signal->loop;
    if (loop == NULL || !eddyi_loop_is_usable(loop)) {
        return;
    }
    signal->loop = NULL;
    eddy_list_remove(&signal->link);
    struct eddy_waiter *waiter = signal->waiter;
    if (waiter != NULL) {
        signal->waiter = NULL;
        eddy_wait_wake(waiter, -ESHUTDOWN);
    }
    if (next_open(loop, NULL, signal->number) == NULL) {
        give_number_back(loop, signal->number);
        if (signal->pending && !signal->taken) {
            loop->os->raise(loop->os->context, signal->number);
        }
    }
}

int eddy_signal_defaults(struct eddy_loop *loop)
{
    const struct eddy_os *os = loop->os;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = SIG_DFL;
    int error = 0;
    if ((loop->flags & EDDY_KEEP_SIGPIPE) == 0) {
        error = os->sigaction(os->context, SIGPIPE, &action, NULL);
    }
    sigset_t none;
    sigemptyset(&none);
    int mask_error = os->sigprocmask(os->context, SIG_SETMASK, &none, NULL);
    return error < 0 ? error : mask_error;
}
