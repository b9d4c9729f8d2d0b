/* The time that a wake is told: that of its own turn, however long the loop slept before. */
#define _GNU_SOURCE
#include "support/check.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

/* The next wait of the loop lasts for `late_span`, and then a byte comes from `late_fd`. */
static eddy_ns late_span;
static int late_fd;

static void be_late(struct test_os *os)
{
    if (late_span > 0) {
        test_os_advance(os, late_span);
        late_span = 0;
        assert_int_equal(send(late_fd, "x", 1, 0), 1);
    }
}

static int late_wait(void *context, int epfd, struct epoll_event *events, int count, int timeout_ms)
{
    be_late(context);
    return test_os_epoll_wait(context, epfd, events, count, timeout_ms);
}

static int late_pwait2(void *context, int epfd, struct epoll_event *events, int count, eddy_ns span)
{
    be_late(context);
    return test_os_epoll_pwait2(context, epfd, events, count, span);
}

/* Reads a byte in each wake, and each but the first has to come within `patience`. */
struct listening {
    struct fixture *fixture;
    struct eddy_stream stream;
    struct probe reader;
    eddy_ns patience;
    eddy_ns began; /* the deadline counts from here */
    eddy_ns told;  /* as the first wake was told */
    char byte;
};

static void read_on_with_a_deadline(struct probe *probe)
{
    struct listening *l = probe->context;
    struct eddy_loop *loop = &l->fixture->loop;
    if (probe->result < 0) {
        eddy_loop_stop(loop);
        return;
    }
    l->began = l->fixture->os.now;
    l->told = eddy_loop_now(loop);
    assert_int_equal(eddy_stream_read(&l->stream, &l->byte, 1, &probe->waiter), EDDY_PENDING);
    eddy_wait_until(&probe->waiter, eddy_ns_add(l->told, l->patience));
}

static void a_deadline_set_in_a_stream_wake_after_a_sleep_does_not_pass_early(void **state)
{
    struct fixture *f = *state;
    struct listening l = {.fixture = f, .patience = EDDY_MS(300)};
    struct probe sleeper;
    f->os.os.epoll_wait = late_wait;
    f->os.os.epoll_pwait2 = late_pwait2;
    int peer = stream_pair(&l.stream, &f->loop);
    probe_init(&l.reader, &f->loop);
    probe_init(&sleeper, &f->loop);
    l.reader.then = read_on_with_a_deadline;
    l.reader.context = &l;
    assert_int_equal(eddy_sleep(EDDY_SEC(60), &sleeper.waiter), EDDY_PENDING); /* makes the loop look at the clock */
    assert_int_equal(eddy_stream_read(&l.stream, &l.byte, 1, &l.reader.waiter), EDDY_PENDING);
    late_fd = peer;
    late_span = EDDY_MS(500);
    eddy_ns started = f->os.now;
    assert_int_equal(eddy_loop_run(&f->loop), 0);
    assert_int_equal(l.reader.wakes, 2);
    assert_int_equal(l.reader.result, -ETIMEDOUT);
    assert_true(l.began - started == EDDY_MS(500));
    assert_true(l.told == l.began);
    assert_true(f->os.now - l.began == EDDY_MS(300));
    eddy_wait_withdraw(&sleeper.waiter);
    eddy_stream_close(&l.stream);
    close(peer);
}

static void now_is_of_the_moment_between_steps(void **state)
{
    struct fixture *f = *state;
    struct probe sleeper;
    probe_init(&sleeper, &f->loop);
    assert_int_equal(eddy_sleep(EDDY_SEC(60), &sleeper.waiter), EDDY_PENDING);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(eddy_loop_step(&f->loop), 0);
        assert_true(eddy_loop_timeout(&f->loop) > 0);
        test_os_advance(&f->os, EDDY_MS(300)); /* the foreign loop waits */
        assert_true(eddy_loop_now(&f->loop) == f->os.now);
    }
    eddy_wait_withdraw(&sleeper.waiter);
}

static void a_sleep_begun_between_steps_counts_from_its_call(void **state)
{
    struct fixture *f = *state;
    struct probe first, second;
    probe_init(&first, &f->loop);
    probe_init(&second, &f->loop);
    assert_int_equal(eddy_sleep(EDDY_SEC(60), &first.waiter), EDDY_PENDING);
    assert_int_equal(eddy_loop_step(&f->loop), 0);
    assert_true(eddy_loop_timeout(&f->loop) == EDDY_SEC(60));
    test_os_advance(&f->os, EDDY_MS(300));
    assert_int_equal(eddy_sleep(EDDY_MS(500), &second.waiter), EDDY_PENDING);
    assert_true(eddy_loop_timeout(&f->loop) == EDDY_MS(500));
    eddy_wait_withdraw(&first.waiter);
    eddy_wait_withdraw(&second.waiter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_deadline_set_in_a_stream_wake_after_a_sleep_does_not_pass_early),
        fixture_test(now_is_of_the_moment_between_steps),
        fixture_test(a_sleep_begun_between_steps_counts_from_its_call),
    };
    return cmocka_run_group_tests_name("loop clock", tests, NULL, NULL);
}
