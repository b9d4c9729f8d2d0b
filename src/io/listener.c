/* Level-triggered: an event is good for a burst of accepts, and if that leaves connections behind
 * the next poll says so. So there is no need to accept until nothing is found, which costs as
 * much as an accept. A burst doubles when the very next poll finds more, and shrinks to what
 * was there when it comes up short.
 *
 * The spare descriptor is given up when accept finds none left: one more connection is served.
 * From then on the listener is out of epoll, and opening the spare again is how it asks, now
 * and then, whether there are descriptors. */
#define _GNU_SOURCE
#include <eddy/sleep.h>

#include "io/bind.h"
#include "io/listener.h"
#include "io/stream.h"
#include "loop/interest.h"
#include "loop/loop.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>

#define BACKLOG 4096
#define UNIX_MODE 0600
#define BURST_MAX 64
#define PAUSE_FIRST EDDY_MS(10)
#define PAUSE_MAX EDDY_MS(100)

static void listener_on_events(void *source, uint32_t events);
static int listener_registration(const void *source, uint32_t *events);
static void on_pause_over(struct eddy_waiter *waiter);

static const struct eddyi_source_kind listener_source = {EDDYI_SOURCE_LISTENER, listener_on_events,
                                                         listener_registration, NULL};

static int listener_registration(const void *source, uint32_t *events)
{
    const struct eddy_listener *listener = source;
    *events = listener->interest.known;
    return eddyi_interest_registered(&listener->loop->poller, &listener->interest);
}

static void listener_on_events(void *source, uint32_t events)
{
    (void)events;
    struct eddy_listener *listener = source;
    uint64_t waits = listener->loop->poller.waits;
    if (listener->burst_left == 0 && waits == listener->burst_waits + 1 && listener->burst < BURST_MAX) {
        listener->burst = listener->burst * 2 < BURST_MAX ? listener->burst * 2 : BURST_MAX;
    }
    listener->burst_left = listener->burst;
    listener->burst_waits = waits;
    if (listener->acceptor != NULL) {
        eddy_wait_retry(listener->acceptor);
    }
}

static int want(struct eddy_listener *listener, uint32_t mask)
{
    return eddyi_interest_want(&listener->loop->poller, &listener->interest, &listener_source, listener, mask);
}

static void close_spare(struct eddy_listener *listener)
{
    if (listener->spare >= 0) {
        listener->loop->os->close(listener->loop->os->context, listener->spare);
        listener->spare = -1;
    }
}

static int open_spare(struct eddy_listener *listener)
{
    const struct eddy_os *os = listener->loop->os;
    listener->spare = os->eventfd(os->context); /* needs no file */
    return listener->spare < 0 ? listener->spare : 0;
}

/* ---- Open ------------------------------------------------------------------------------ */

static int set_option(const struct eddy_os *os, int fd, int level, int name)
{
    int on = 1;
    return os->setsockopt(os->context, fd, level, name, &on, sizeof on);
}

static int set_options(const struct eddy_os *os, int fd, const struct eddy_address *address,
                       const struct eddy_listener_options *options)
{
    if (address->any.sa_family == AF_UNIX) {
        return 0;
    }
    int error = set_option(os, fd, SOL_SOCKET, SO_REUSEADDR);
    if (error == 0 && options->reuse_port) {
        error = set_option(os, fd, SOL_SOCKET, SO_REUSEPORT);
    }
    if (error == 0 && !options->delay) {
        error = set_option(os, fd, IPPROTO_TCP, TCP_NODELAY); /* what it accepts inherits it */
    }
    return error;
}

static int set_up(struct eddy_listener *listener, int fd, const struct eddy_address *address,
                  const struct eddy_listener_options *options)
{
    const struct eddy_os *os = listener->loop->os;
    int error = set_options(os, fd, address, options);
    if (error == 0) {
        listener->address = *address;
        error = eddyi_bind(os, fd, address, options->mode != 0 ? options->mode : UNIX_MODE, &listener->file);
    }
    if (error == 0) {
        error = os->listen(os->context, fd, options->backlog > 0 ? options->backlog : BACKLOG);
    }
    if (error == 0) {
        error = eddyi_bind_check(os, address, &listener->file);
    }
    if (error == 0) {
        listener->address.size = sizeof listener->address.un;
        error = os->getsockname(os->context, fd, &listener->address.any, &listener->address.size);
    }
    return error;
}

void eddyi_listener_begin(struct eddy_listener *listener, struct eddy_loop *loop)
{
    memset(listener, 0, sizeof *listener);
    listener->loop = loop;
    listener->spare = -1;
    listener->burst = 1;
    listener->pause_span = PAUSE_FIRST;
    eddyi_interest_init(&listener->interest, -1);
    eddy_waiter_init(&listener->pause, loop, on_pause_over);
}

int eddyi_listener_own(struct eddy_listener *listener, int fd)
{
    int error = open_spare(listener);
    if (error < 0) {
        return error;
    }
    listener->interest.fd = fd;
    listener->loop->listeners++;
    return 0;
}

int eddy_listener_open(struct eddy_listener *listener, struct eddy_loop *loop, const struct eddy_address *address,
                       const struct eddy_listener_options *options)
{
    static const struct eddy_listener_options defaults;
    eddyi_listener_begin(listener, loop);
    if (!eddyi_loop_is_usable(loop)) {
        return -ECHILD;
    }
    const struct eddy_os *os = loop->os;
    int fd = os->socket(os->context, address->any.sa_family, SOCK_STREAM, 0);
    if (fd < 0) {
        return fd;
    }
    int error = set_up(listener, fd, address, options != NULL ? options : &defaults);
    if (error == 0) {
        error = eddyi_listener_own(listener, fd);
    }
    if (error < 0) {
        eddyi_bind_remove_file(os, address, &listener->file);
        os->close(os->context, fd);
    }
    return error;
}

const struct eddy_address *eddy_listener_address(const struct eddy_listener *listener)
{
    return &listener->address;
}

void eddy_listener_close(struct eddy_listener *listener)
{
    if (listener->interest.fd < 0 || listener->loop == NULL || !eddyi_loop_is_usable(listener->loop)) {
        return;
    }
    struct eddy_waiter *acceptor = listener->acceptor;
    if (acceptor != NULL) {
        listener->acceptor = NULL;
        eddy_wait_wake(acceptor, -ESHUTDOWN);
    }
    eddy_wait_withdraw(&listener->pause);
    eddyi_interest_drop(&listener->loop->poller, &listener->interest);
    close_spare(listener);
    eddyi_bind_remove_file(listener->loop->os, &listener->address, &listener->file);
    listener->loop->os->close(listener->loop->os->context, listener->interest.fd);
    listener->interest.fd = -1;
    listener->loop->listeners--;
}

/* ---- Accept ---------------------------------------------------------------------------- */

/* Errors of a connection, not of the listener (accept(2), "Error handling"). */
static bool is_of_connection(int error)
{
    switch (-error) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case EPERM:
    case ENETDOWN:
    case ENETUNREACH:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENONET:
    case ETIMEDOUT:
        return true;
    default:
        return false;
    }
}

static bool is_shortage(int error)
{
    return error == -EMFILE || error == -ENFILE || error == -ENOBUFS || error == -ENOMEM;
}

/* One connection's descriptor, or -EAGAIN, a shortage, or the listener's own error. */
static int accept_descriptor(struct eddy_listener *listener)
{
    const struct eddy_os *os = listener->loop->os;
    for (int tries = 0; tries < BURST_MAX; tries++) {
        int fd = os->accept(os->context, listener->interest.fd, NULL, NULL);
        if ((fd == -EMFILE || fd == -ENFILE) && listener->spare >= 0) {
            close_spare(listener);
        } else if (fd >= 0 || !is_of_connection(fd)) {
            return fd;
        }
    }
    return -EAGAIN; /* the next poll tells if there is more */
}

static int open_accepted(struct eddy_listener *listener, struct eddy_stream *stream, int fd)
{
    listener->burst_left--;
    listener->pause_span = PAUSE_FIRST;
    int error = eddy_stream_open(stream, listener->loop, fd);
    if (error < 0) {
        listener->loop->os->close(listener->loop->os->context, fd);
        return error;
    }
    stream->state |= EDDYI_NO_BLOCK;
    listener->accepted++;
    return 0;
}

/* Stop listening to epoll, and look again in a while. */
static void pause_listening(struct eddy_listener *listener, int error)
{
    listener->last_error = error;
    listener->pauses++;
    listener->burst_left = 0;
    (void)want(listener, 0);
    int parked = eddy_sleep(listener->pause_span, &listener->pause);
    (void)parked; /* it was usable a moment ago */
    listener->pause_span = listener->pause_span * 2 < PAUSE_MAX ? listener->pause_span * 2 : PAUSE_MAX;
}

static void on_pause_over(struct eddy_waiter *waiter)
{
    struct eddy_listener *listener = EDDY_CONTAINER(waiter, struct eddy_listener, pause);
    int error = listener->spare >= 0 ? 0 : open_spare(listener);
    if (listener->acceptor == NULL) {
        return; /* the next accept finds out for itself */
    }
    if (error == 0) {
        error = want(listener, EPOLLIN);
    }
    if (error < 0) {
        pause_listening(listener, error);
    }
}

static bool is_paused(const struct eddy_listener *listener)
{
    return eddy_waiter_is_waiting(&listener->pause);
}

/* Accept, or note why not: EDDY_PENDING means to wait for the next event or the end of a pause. */
static int try_accept(struct eddy_listener *listener, struct eddy_stream *stream)
{
    int fd = accept_descriptor(listener);
    if (fd >= 0) {
        return open_accepted(listener, stream, fd);
    }
    if (is_shortage(fd)) {
        pause_listening(listener, fd);
        return EDDY_PENDING;
    }
    if (fd == -EAGAIN) {
        uint32_t used = listener->burst - listener->burst_left;
        listener->burst = used > 0 ? used : 1;
        listener->burst_left = 0;
        return EDDY_PENDING;
    }
    return fd;
}

static void unpark_acceptor(struct eddy_waiter *waiter)
{
    struct eddy_listener *listener = waiter->transfer.subject;
    listener->acceptor = NULL;
    (void)want(listener, 0);
}

static ssize_t complete_accept(struct eddy_waiter *waiter)
{
    struct eddy_listener *listener = waiter->transfer.subject;
    if (listener->burst_left == 0 || is_paused(listener)) {
        return EDDY_PENDING;
    }
    int error = try_accept(listener, (struct eddy_stream *)(void *)waiter->transfer.data);
    if (error == EDDY_PENDING) {
        return error;
    }
    listener->acceptor = NULL;
    (void)want(listener, 0); /* taken back at no cost if somebody accepts again before the next poll */
    return error;
}

static const struct eddy_wait_kind accept_kind = {
    .name = "accept", .unpark = unpark_acceptor, .complete = complete_accept, .external = true, .expiry = -ETIMEDOUT};

int eddy_listener_accept(struct eddy_listener *listener, struct eddy_stream *stream, struct eddy_waiter *waiter)
{
    if (listener->interest.fd < 0) {
        return -ESHUTDOWN;
    }
    if (!eddyi_loop_is_usable(listener->loop)) {
        return -ECHILD;
    }
    if (listener->acceptor != NULL) {
        return -EBUSY;
    }
    int error = EDDY_PENDING;
    if (listener->burst_left > 0 && !is_paused(listener)) {
        error = try_accept(listener, stream);
    }
    if (error != EDDY_PENDING) {
        return (int)eddy_wait_settle(waiter, error);
    }
    if (!is_paused(listener)) {
        error = want(listener, EPOLLIN);
        if (error < 0) {
            return error;
        }
    }
    eddy_wait_park(waiter, &accept_kind);
    waiter->transfer.subject = listener;
    waiter->transfer.data = (char *)stream;
    listener->acceptor = waiter;
    return EDDY_PENDING;
}
