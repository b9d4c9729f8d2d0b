/* Watches: other people's descriptors, level-triggered. */
#define _GNU_SOURCE
#include "support/check.h"

#include <eddy/sleep.h>
#include <eddy/watch.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct watch_test {
    struct eddy_loop *loop;
    struct test_os *os;
    struct eddy_watch watch;
    struct eddy_watch next; /* for a test that needs one more */
    struct probe reader;
    struct probe writer;
    struct probe heir;
    int near; /* the watched end of a socket pair */
    int far;
};

static struct watch_test t;

static int setup(void **state)
{
    int error = fixture_setup(state);
    if (error != 0) {
        return error;
    }
    struct fixture *fixture = *state;
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) < 0) {
        return -1;
    }
    memset(&t, 0, sizeof t);
    t.loop = &fixture->loop;
    t.os = &fixture->os;
    t.near = ends[0];
    t.far = ends[1];
    eddy_watch_init(&t.watch, t.loop, t.near);
    eddy_watch_init(&t.next, t.loop, t.near);
    probe_init(&t.reader, t.loop);
    probe_init(&t.writer, t.loop);
    probe_init(&t.heir, t.loop);
    return 0;
}

static void close_end(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
    *fd = -1;
}

static int teardown(void **state)
{
    eddy_watch_close(&t.watch);
    eddy_watch_close(&t.next);
    run_until_quiet(t.loop);
    close_end(&t.near);
    close_end(&t.far);
    return fixture_teardown(state);
}

static ssize_t wait_for(struct probe *probe, int events)
{
    return eddy_watch_wait(&t.watch, events, &probe->waiter);
}

static void send_byte(int fd)
{
    assert_int_equal(write(fd, "x", 1), 1);
}

static unsigned controls(void)
{
    return t.os->calls[TEST_EPOLL_ADD] + t.os->calls[TEST_EPOLL_MOD] + t.os->calls[TEST_EPOLL_DEL];
}

static void fill_near(void)
{
    assert_true(fill(t.near) > 0);
}

/* ---- Being ready ----------------------------------------------------------------------- */

static void init_makes_no_system_call(void **state)
{
    (void)state;
    unsigned count = t.os->count;
    struct eddy_watch watch;
    eddy_watch_init(&watch, t.loop, 12345);
    assert_int_equal(t.os->count, count);
    eddy_watch_close(&watch);
    eddy_watch_close(&watch);
    assert_int_equal(t.os->count, count);
}

static void a_wait_ends_when_the_descriptor_is_ready(void **state)
{
    (void)state;
    assert_int_equal(wait_for(&t.reader, EDDY_READABLE), EDDY_PENDING);
    run_until_quiet(t.loop);
    assert_int_equal(t.reader.wakes, 0);
    send_byte(t.far);
    run_until_quiet(t.loop);
    assert_int_equal(t.reader.wakes, 1);
    assert_int_equal(t.reader.result, EDDY_READABLE);
}

static void a_wait_ends_though_the_bytes_were_there_before(void **state)
{
    (void)state;
    send_byte(t.far);
    for (int i = 1; i <= 3; i++) { /* and are left behind: level-triggered */
        assert_int_equal(wait_for(&t.reader, EDDY_READABLE), EDDY_PENDING);
        run_until_quiet(t.loop);
        assert_int_equal(t.reader.wakes, i);
    }
}

static void only_what_was_asked_for_is_reported(void **state)
{
    (void)state;
    send_byte(t.far); /* readable and writable by now */
    assert_int_equal(wait_for(&t.writer, EDDY_WRITABLE), EDDY_PENDING);
    run_until_quiet(t.loop);
    assert_int_equal(t.writer.result, EDDY_WRITABLE);
    assert_int_equal(wait_for(&t.reader, EDDY_READABLE | EDDY_WRITABLE), EDDY_PENDING);
    run_until_quiet(t.loop);
    assert_int_equal(t.reader.result, EDDY_READABLE | EDDY_WRITABLE);
    assert_int_equal(drain(t.near), 1);
    assert_int_equal(wait_for(&t.reader, EDDY_READABLE | EDDY_WRITABLE), EDDY_PENDING);
    run_until_quiet(t.loop);
    assert_int_equal(t.reader.result, EDDY_WRITABLE);
}

static void reading_and_writing_have_a_waiter_each(void **state)
{
    (void)state;
    fill_near();
    assert_int_equal(wait_for(&t.reader, EDDY_READABLE), EDDY_PENDING);
    assert_int_equal(wait_for(&t.writer, EDDY_WRITABLE), EDDY_PENDING);
    send_byte(t.far);
    run_until_quiet(t.loop);
    assert_int_equal(t.reader.wakes, 1);
    assert_int_equal(t.writer.wakes, 0);
    assert_true(drain(t.far) > 0);
    run_until_quiet(t.loop);
    assert_int_equal(t.writer.wakes, 1);
    assert_int_equal(t.writer.result, EDDY_WRITABLE);
}

static void a_second_waiter_for_the_same_gets_ebusy(void **state)
{
    (void)state;
    struct probe third;
    probe_init(&third, t.loop);
    assert_int_equal(wait_for(&t.reader, EDDY_READABLE), EDDY_PENDING);
    assert_int_equal(wait_for(&third, EDDY_READABLE), -EBUSY);
    assert_int_equal(wait_for(&third, EDDY_URGENT), -EBUSY);
    assert_int_equal(wait_for(&third, EDDY_READABLE | EDDY_WRITABLE), -EBUSY);
    assert_false(eddy_waiter_is_waiting(&third.waiter));
    fill_near();
    assert_int_equal(wait_for(&t.writer, EDDY_WRITABLE), EDDY_PENDING);
    assert_int_equal(wait_for(&third, EDDY_WRITABLE), -EBUSY);
    eddy_watch_close(&t.watch);
    run_until_quiet(t.loop);
}

static void one_for_both_keeps_others_out(void **state)
{
    (void)state;
    fill_near();
    assert_int_equal(wait_for(&t.reader, EDDY_READABLE | EDDY_WRITABLE), EDDY_PENDING);
    assert_int_equal(wait_for(&t.writer, EDDY_WRITABLE), -EBUSY);
    assert_true(eddy_wait_cancel(&t.reader.waiter));
    run_until_quiet(t.loop);
    assert_int_equal(t.reader.wakes, 1);
    assert_int_equal(t.reader.result, -ECANCELED);
}

static void no_event_or_an_unknown_one_is_invalid(void **state)
{
    (void)state;
    assert_int_equal(wait_for(&t.reader, 0), -EINVAL);
    assert_int_equal(wait_for(&t.reader, EDDY_HANGUP), -EINVAL);
    assert_int_equal(wait_for(&t.reader, 64 | EDDY_READABLE), -EINVAL);
}

static void what_is_no_descriptor_is_ebadf(void **state)
{
    (void)state;
    struct eddy_watch watch;
    eddy_watch_init(&watch, t.loop, -1);
    assert_int_equal(eddy_watch_wait(&watch, EDDY_READABLE, &t.reader.waiter), -EBADF);
    assert_false(eddy_waiter_is_waiting(&t.reader.waiter));
    eddy_watch_close(&watch);
    assert_int_equal(t.loop->poller.open, 0);
}

static void urgent_data_is_a_priority_event(void **state)
{
    (void)state;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    int out = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(out, (struct sockaddr *)&address, size), 0);
    int in = accept(listener, NULL, NULL);
    assert_true(in >= 0);
    struct eddy_watch watch;
    eddy_watch_init(&watch, t.loop, in);
    assert_int_equal(eddy_watch_wait(&watch, EDDY_URGENT, &t.reader.waiter), EDDY_PENDING);
    assert_int_equal(send(out, "!", 1, MSG_OOB), 1);
    run_until_woken(t.loop, &t.reader, 1);
    assert_int_equal(t.reader.result, EDDY_URGENT);
    eddy_watch_close(&watch);
    close(in);
    close(out);
    close(listener);
}

/* ---- What it costs --------------------------------------------------------------------- */

static void wait_again(struct probe *probe)
{
    (void)drain(t.near);
    if (probe->wakes < 10) {
        assert_int_equal(wait_for(probe, EDDY_READABLE), EDDY_PENDING);
    }
}

static void waiting_again_in_the_wake_makes_no_system_call(void **state)
{
    (void)state;
    t.reader.then = wait_again;
    assert_int_equal(wait_for(&t.reader, EDDY_READABLE), EDDY_PENDING);
    assert_int_equal(controls(), 2); /* this one, and the loop's own eventfd */
    for (int i = 1; i < 10; i++) {
        send_byte(t.far);
        run_until_woken(t.loop, &t.reader, i);
        assert_int_equal(controls(), 2);
    }
    send_byte(t.far);
    run_until_quiet(t.loop);
    assert_int_equal(controls(), 3);
    assert_int_equal(t.os->calls[TEST_EPOLL_DEL], 1); /* nobody waits any more */
}

static void a_watch_that_nobody_waits_on_is_out_of_epoll(void **state)
{
    (void)state;
    send_byte(t.far);
    assert_int_equal(wait_for(&t.reader, EDDY_READABLE), EDDY_PENDING);
    run_until_quiet(t.loop);
    uint64_t seen = t.loop->poller.events_seen;
    for (int i = 0; i < 5; i++) { /* the byte is still there */
        assert_int_equal(eddy_loop_step(t.loop), 0);
    }
    assert_int_equal(t.loop->poller.events_seen, seen);
}

static void a_hangup_does_not_spin_when_nobody_waits(void **state)
{
    (void)state;
    assert_int_equal(wait_for(&t.reader, EDDY_READABLE), EDDY_PENDING);
    assert_int_equal(eddy_wait_withdraw(&t.reader.waiter), EDDY_PENDING);
    close_end(&t.far); /* EPOLLHUP cannot be masked */
    assert_int_equal(eddy_loop_step(t.loop), 0);
    uint64_t seen = t.loop->poller.events_seen;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(eddy_loop_step(t.loop), 0);
    }
    assert_int_equal(t.loop->poller.events_seen, seen);
    assert_true(seen <= 1);
}

static void cancel_and_wait_again_leaves_epoll_alone(void **state)
{
    (void)state;
    assert_int_equal(wait_for(&t.reader, EDDY_READABLE), EDDY_PENDING);
    unsigned before = controls();
    assert_int_equal(eddy_wait_withdraw(&t.reader.waiter), EDDY_PENDING);
    assert_int_equal(wait_for(&t.reader, EDDY_READABLE), EDDY_PENDING);
    run_until_quiet(t.loop);
    assert_int_equal(controls(), before);
}

static void the_mask_follows_those_who_wait(void **state)
{
    (void)state;
    fill_near();
    assert_int_equal(wait_for(&t.reader, EDDY_READABLE), EDDY_PENDING);
    assert_int_equal(wait_for(&t.writer, EDDY_WRITABLE), EDDY_PENDING);
    assert_int_equal(eddy_wait_withdraw(&t.writer.waiter), EDDY_PENDING);
    assert_true(drain(t.far) > 0); /* writable now, and nobody wants to know */
    run_until_quiet(t.loop);
    uint64_t seen = t.loop->poller.events_seen;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(eddy_loop_step(t.loop), 0);
    }
    assert_int_equal(t.loop->poller.events_seen, seen);
    send_byte(t.far);
    run_until_quiet(t.loop);
    assert_int_equal(t.reader.result, EDDY_READABLE);
}

/* ---- Hangups --------------------------------------------------------------------------- */

static void a_hangup_comes_with_all_that_was_asked_for(void **state)
{
    (void)state;
    fill_near();
    assert_int_equal(wait_for(&t.reader, EDDY_READABLE), EDDY_PENDING);
    assert_int_equal(wait_for(&t.writer, EDDY_WRITABLE), EDDY_PENDING);
    close_end(&t.far);
    run_until_quiet(t.loop);
    assert_int_equal(t.reader.result, EDDY_READABLE | EDDY_HANGUP);
    assert_int_equal(t.writer.result, EDDY_WRITABLE | EDDY_HANGUP);
}

static void a_half_close_is_readable_and_no_hangup(void **state)
{
    (void)state;
    assert_int_equal(wait_for(&t.reader, EDDY_READABLE), EDDY_PENDING);
    assert_int_equal(shutdown(t.far, SHUT_WR), 0);
    run_until_quiet(t.loop);
    assert_int_equal(t.reader.result, EDDY_READABLE);
    char byte;
    assert_int_equal(read(t.near, &byte, 1), 0);
}

static void the_reading_end_of_a_pipe_hears_that_its_writer_went(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    struct eddy_watch watch;
    eddy_watch_init(&watch, t.loop, ends[0]);
    assert_int_equal(eddy_watch_wait(&watch, EDDY_READABLE, &t.reader.waiter), EDDY_PENDING);
    close(ends[1]);
    run_until_quiet(t.loop);
    assert_int_equal(t.reader.result, EDDY_READABLE | EDDY_HANGUP);
    eddy_watch_close(&watch);
    close(ends[0]);
}

/* ---- Descriptors that epoll refuses ---------------------------------------------------- */

static void files_that_epoll_refuses_are_always_ready(void **state)
{
    (void)state;
    static const char *const paths[] = {"/dev/null", "/proc/self/exe"};
    for (size_t i = 0; i < 2; i++) {
        int fd = open(paths[i], O_RDONLY | O_CLOEXEC);
        assert_true(fd >= 0);
        struct eddy_watch watch;
        eddy_watch_init(&watch, t.loop, fd);
        for (int k = 0; k < 3; k++) {
            assert_int_equal(eddy_watch_wait(&watch, EDDY_READABLE, &t.reader.waiter), EDDY_READABLE);
        }
        assert_int_equal(eddy_watch_wait(&watch, EDDY_READABLE | EDDY_WRITABLE, &t.reader.waiter),
                         EDDY_READABLE | EDDY_WRITABLE);
        assert_int_equal(t.loop->poller.open, 0);
        eddy_watch_close(&watch);
        close(fd);
    }
}

static struct eddy_watch always;
static int ready_at_once;

static void wait_until_pending(struct probe *probe)
{
    while (probe->wakes < 3 && eddy_watch_wait(&always, EDDY_READABLE, &probe->waiter) != EDDY_PENDING) {
        ready_at_once++;
    }
}

static void a_file_that_is_always_ready_spends_the_budget(void **state)
{
    (void)state;
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    eddy_watch_init(&always, t.loop, fd);
    t.reader.then = wait_until_pending;
    ready_at_once = 0;
    assert_int_equal(eddy_yield(&t.reader.waiter), EDDY_PENDING);
    run_until_quiet(t.loop);
    close(fd);
    assert_int_equal(ready_at_once, 2 * 128); /* in two of the three wakes */
    assert_int_equal(t.reader.wakes, 3);
    assert_int_equal(t.reader.result, EDDY_READABLE);
    eddy_watch_close(&always);
}

/* ---- The owner does as it likes -------------------------------------------------------- */

static void the_owner_may_close_first(void **state)
{
    (void)state;
    assert_int_equal(wait_for(&t.reader, EDDY_READABLE), EDDY_PENDING);
    close_end(&t.near);
    run_until_quiet(t.loop);
    assert_int_equal(t.reader.wakes, 0);
    eddy_watch_close(&t.watch);
    run_until_quiet(t.loop);
    assert_int_equal(t.reader.wakes, 1);
    assert_int_equal(t.reader.result, -ESHUTDOWN);
    assert_int_equal(t.loop->poller.open, 0);
}

/* Another file under the watched number: returns the far end of it. */
static int reuse_near(void)
{
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(dup2(ends[0], t.near), t.near);
    close(ends[0]);
    return ends[1];
}

static void set_fd_follows_a_number_that_was_reused(void **state)
{
    (void)state;
    assert_int_equal(wait_for(&t.reader, EDDY_READABLE), EDDY_PENDING);
    int other = reuse_near();
    eddy_watch_set_fd(&t.watch, t.near);
    send_byte(other);
    run_until_quiet(t.loop);
    assert_int_equal(t.reader.wakes, 1);
    assert_int_equal(t.reader.result, EDDY_READABLE);
    close(other);
}

static void set_fd_moves_both_waiters_to_another_number(void **state)
{
    (void)state;
    fill_near();
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(wait_for(&t.reader, EDDY_READABLE), EDDY_PENDING);
    assert_int_equal(wait_for(&t.writer, EDDY_WRITABLE), EDDY_PENDING);
    eddy_watch_set_fd(&t.watch, ends[0]);
    send_byte(t.far); /* of the old one: nobody's concern now */
    run_until_quiet(t.loop);
    assert_int_equal(t.reader.wakes, 0);
    assert_int_equal(t.writer.wakes, 1);
    send_byte(ends[1]);
    run_until_quiet(t.loop);
    assert_int_equal(t.reader.wakes, 1);
    close(ends[0]);
    close(ends[1]);
}

static void set_fd_to_what_is_no_descriptor_wakes_with_the_error(void **state)
{
    (void)state;
    assert_int_equal(wait_for(&t.reader, EDDY_READABLE), EDDY_PENDING);
    eddy_watch_set_fd(&t.watch, -1);
    run_until_quiet(t.loop);
    assert_int_equal(t.reader.result, -EBADF);
}

static void set_fd_to_a_file_that_is_always_ready_wakes(void **state)
{
    (void)state;
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_int_equal(wait_for(&t.reader, EDDY_READABLE), EDDY_PENDING);
    eddy_watch_set_fd(&t.watch, fd);
    run_until_quiet(t.loop);
    assert_int_equal(t.reader.result, EDDY_READABLE);
    eddy_watch_set_fd(&t.watch, t.near); /* and back: no longer always ready */
    assert_int_equal(wait_for(&t.reader, EDDY_READABLE), EDDY_PENDING);
    run_until_quiet(t.loop);
    assert_int_equal(t.reader.wakes, 1);
    close(fd);
}

static void a_growing_mask_finds_a_number_that_was_reused(void **state)
{
    (void)state;
    assert_int_equal(wait_for(&t.reader, EDDY_READABLE), EDDY_PENDING);
    int other = reuse_near(); /* behind our back; epoll answers ENOENT to MOD */
    assert_int_equal(wait_for(&t.writer, EDDY_WRITABLE), EDDY_PENDING);
    run_until_quiet(t.loop);
    assert_int_equal(t.writer.result, EDDY_WRITABLE);
    send_byte(other);
    run_until_quiet(t.loop);
    assert_int_equal(t.reader.result, EDDY_READABLE);
    close(other);
}

static void a_closed_watch_does_not_take_the_number_away_from_the_next(void **state)
{
    (void)state;
    assert_int_equal(wait_for(&t.reader, EDDY_READABLE), EDDY_PENDING);
    int other = reuse_near();
    assert_int_equal(eddy_watch_wait(&t.next, EDDY_READABLE, &t.heir.waiter), EDDY_PENDING);
    eddy_watch_close(&t.watch); /* tells later, when another watch has the number */
    run_until_quiet(t.loop);
    send_byte(other);
    run_until_quiet(t.loop);
    close(other);
    assert_int_equal(t.heir.wakes, 1);
}

static void a_second_watch_of_a_descriptor_gets_eexist(void **state)
{
    (void)state;
    struct eddy_watch second;
    eddy_watch_init(&second, t.loop, t.near);
    assert_int_equal(wait_for(&t.reader, EDDY_READABLE), EDDY_PENDING);
    assert_int_equal(eddy_watch_wait(&second, EDDY_WRITABLE, &t.writer.waiter), -EEXIST);
    assert_false(eddy_waiter_is_waiting(&t.writer.waiter));
    send_byte(t.far); /* the first is not disturbed */
    run_until_quiet(t.loop);
    assert_int_equal(t.reader.result, EDDY_READABLE);
    assert_int_equal(eddy_watch_wait(&second, EDDY_WRITABLE, &t.writer.waiter), EDDY_PENDING);
    run_until_quiet(t.loop);
    assert_int_equal(t.writer.result, EDDY_WRITABLE);
    eddy_watch_close(&second);
}

static void a_descriptor_and_its_duplicate_are_watched_side_by_side(void **state)
{
    (void)state;
    int duplicate = fcntl(t.near, F_DUPFD_CLOEXEC, 0);
    struct eddy_watch second;
    eddy_watch_init(&second, t.loop, duplicate);
    assert_int_equal(wait_for(&t.reader, EDDY_READABLE), EDDY_PENDING);
    assert_int_equal(eddy_watch_wait(&second, EDDY_READABLE, &t.writer.waiter), EDDY_PENDING);
    send_byte(t.far);
    run_until_quiet(t.loop);
    assert_int_equal(t.reader.result, EDDY_READABLE);
    assert_int_equal(t.writer.result, EDDY_READABLE);
    eddy_watch_close(&second);
    close(duplicate);
}

/* ---- Close ----------------------------------------------------------------------------- */

static void close_wakes_both_waiters_and_may_be_repeated(void **state)
{
    (void)state;
    fill_near();
    assert_int_equal(wait_for(&t.reader, EDDY_READABLE), EDDY_PENDING);
    assert_int_equal(wait_for(&t.writer, EDDY_WRITABLE), EDDY_PENDING);
    eddy_watch_close(&t.watch);
    eddy_watch_close(&t.watch);
    assert_int_equal(t.reader.wakes, 0);
    run_until_quiet(t.loop);
    assert_int_equal(t.reader.wakes, 1);
    assert_int_equal(t.writer.wakes, 1);
    assert_int_equal(t.reader.result, -ESHUTDOWN);
    assert_int_equal(t.writer.result, -ESHUTDOWN);
    assert_int_equal(wait_for(&t.reader, EDDY_READABLE), -ESHUTDOWN);
}

static void one_for_both_is_woken_once_by_close(void **state)
{
    (void)state;
    fill_near();
    assert_int_equal(wait_for(&t.reader, EDDY_READABLE | EDDY_WRITABLE), EDDY_PENDING);
    eddy_watch_close(&t.watch);
    run_until_quiet(t.loop);
    assert_int_equal(t.reader.wakes, 1);
}

static struct eddy_watch *allocated;

static void close_and_free_watch(struct probe *probe)
{
    (void)probe;
    eddy_watch_close(allocated);
    memset(allocated, 0xEE, sizeof *allocated);
    free(allocated);
}

static void a_watch_may_be_freed_in_one_wake_with_the_other_on_the_way(void **state)
{
    (void)state;
    allocated = malloc(sizeof *allocated);
    assert_non_null(allocated);
    eddy_watch_init(allocated, t.loop, t.near);
    t.reader.then = close_and_free_watch;
    assert_int_equal(eddy_watch_wait(allocated, EDDY_READABLE, &t.reader.waiter), EDDY_PENDING);
    assert_int_equal(eddy_watch_wait(allocated, EDDY_WRITABLE, &t.writer.waiter), EDDY_PENDING);
    send_byte(t.far); /* both are ready in one event */
    run_until_quiet(t.loop);
    assert_int_equal(t.reader.wakes, 1);
    assert_int_equal(t.writer.wakes, 1);
    assert_int_equal(t.writer.result, EDDY_WRITABLE);
}

static void a_watch_may_be_freed_in_its_wake_with_the_other_parked(void **state)
{
    (void)state;
    fill_near();
    allocated = malloc(sizeof *allocated);
    assert_non_null(allocated);
    eddy_watch_init(allocated, t.loop, t.near);
    t.reader.then = close_and_free_watch;
    assert_int_equal(eddy_watch_wait(allocated, EDDY_READABLE, &t.reader.waiter), EDDY_PENDING);
    assert_int_equal(eddy_watch_wait(allocated, EDDY_WRITABLE, &t.writer.waiter), EDDY_PENDING);
    send_byte(t.far);
    run_until_quiet(t.loop);
    assert_int_equal(t.writer.wakes, 1);
    assert_int_equal(t.writer.result, -ESHUTDOWN);
}

static void the_descriptor_stays_its_owners(void **state)
{
    (void)state;
    assert_int_equal(wait_for(&t.reader, EDDY_READABLE), EDDY_PENDING);
    eddy_watch_close(&t.watch);
    run_until_quiet(t.loop);
    send_byte(t.far);
    assert_int_equal(drain(t.near), 1);
}

static void a_wait_has_a_deadline_like_any_other(void **state)
{
    (void)state;
    assert_int_equal(wait_for(&t.reader, EDDY_READABLE), EDDY_PENDING);
    eddy_wait_until(&t.reader.waiter, t.os->now + EDDY_SEC(5));
    run_until_woken(t.loop, &t.reader, 1);
    assert_int_equal(t.reader.result, -ETIMEDOUT);
    assert_int_equal(wait_for(&t.reader, EDDY_READABLE), EDDY_PENDING);
    assert_int_equal(eddy_wait_withdraw(&t.reader.waiter), EDDY_PENDING);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(init_makes_no_system_call),
        T(a_wait_ends_when_the_descriptor_is_ready),
        T(a_wait_ends_though_the_bytes_were_there_before),
        T(only_what_was_asked_for_is_reported),
        T(reading_and_writing_have_a_waiter_each),
        T(a_second_waiter_for_the_same_gets_ebusy),
        T(one_for_both_keeps_others_out),
        T(no_event_or_an_unknown_one_is_invalid),
        T(what_is_no_descriptor_is_ebadf),
        T(urgent_data_is_a_priority_event),
        T(waiting_again_in_the_wake_makes_no_system_call),
        T(a_watch_that_nobody_waits_on_is_out_of_epoll),
        T(a_hangup_does_not_spin_when_nobody_waits),
        T(cancel_and_wait_again_leaves_epoll_alone),
        T(the_mask_follows_those_who_wait),
        T(a_hangup_comes_with_all_that_was_asked_for),
        T(a_half_close_is_readable_and_no_hangup),
        T(the_reading_end_of_a_pipe_hears_that_its_writer_went),
        T(files_that_epoll_refuses_are_always_ready),
        T(a_file_that_is_always_ready_spends_the_budget),
        T(the_owner_may_close_first),
        T(set_fd_follows_a_number_that_was_reused),
        T(set_fd_moves_both_waiters_to_another_number),
        T(set_fd_to_what_is_no_descriptor_wakes_with_the_error),
        T(set_fd_to_a_file_that_is_always_ready_wakes),
        T(a_growing_mask_finds_a_number_that_was_reused),
        T(a_closed_watch_does_not_take_the_number_away_from_the_next),
        T(a_second_watch_of_a_descriptor_gets_eexist),
        T(a_descriptor_and_its_duplicate_are_watched_side_by_side),
        T(close_wakes_both_waiters_and_may_be_repeated),
        T(one_for_both_is_woken_once_by_close),
        T(a_watch_may_be_freed_in_one_wake_with_the_other_on_the_way),
        T(a_watch_may_be_freed_in_its_wake_with_the_other_parked),
        T(the_descriptor_stays_its_owners),
        T(a_wait_has_a_deadline_like_any_other),
    };
    return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
