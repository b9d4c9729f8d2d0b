/* What posts cost that are made in the wakes of streams: the loop is awake, and nobody need wake it. */
#define _GNU_SOURCE
#include "support/check.h"

#include <eddy/post.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROUNDS = 20 };

/* A byte comes, the reader's wake posts, the post sends the next byte. */
struct ping {
    struct fixture *fixture;
    struct eddy_stream stream;
    struct probe reader;
    struct eddy_post post;
    int peer;
    int posts;
    char byte;
};

static struct ping ping;

static void on_post(struct eddy_post *node)
{
    (void)node;
    assert_int_equal(send(ping.peer, "x", 1, 0), 1);
    ping.posts++;
}

static void post_and_read_on(struct probe *probe)
{
    if (probe->wakes > ROUNDS) {
        eddy_loop_stop(&ping.fixture->loop);
        return;
    }
    assert_int_equal(eddy_stream_read(&ping.stream, &ping.byte, 1, &probe->waiter), EDDY_PENDING);
    eddy_post(&ping.fixture->loop, &ping.post);
}

static void ping_begin(struct fixture *f)
{
    ping = (struct ping){.fixture = f, .post.run = on_post};
    ping.peer = stream_pair(&ping.stream, &f->loop);
    probe_init(&ping.reader, &f->loop);
    ping.reader.then = post_and_read_on;
    assert_int_equal(eddy_stream_read(&ping.stream, &ping.byte, 1, &ping.reader.waiter), EDDY_PENDING);
    assert_int_equal(send(ping.peer, "x", 1, 0), 1);
    test_os_restart(&f->os, NULL);
}

static void ping_end(void)
{
    assert_int_equal(ping.reader.wakes, ROUNDS + 1);
    assert_int_equal(ping.posts, ROUNDS);
    eddy_stream_close(&ping.stream);
    close(ping.peer);
}

static void posts_in_the_wakes_of_streams_make_no_system_call(void **state)
{
    struct fixture *f = *state;
    ping_begin(f);
    assert_int_equal(eddy_loop_run(&f->loop), 0);
    assert_int_equal(f->os.calls[TEST_WRITE], 0);
    ping_end();
}

static void in_a_foreign_loop_too(void **state)
{
    struct fixture *f = *state;
    ping_begin(f);
    assert_true(eddy_loop_fd(&f->loop) >= 0);
    for (int i = 0; i < 3 * ROUNDS && ping.reader.wakes <= ROUNDS; i++) {
        (void)eddy_loop_timeout(&f->loop);
        assert_true(eddy_loop_step(&f->loop) >= 0);
    }
    assert_int_equal(f->os.calls[TEST_WRITE], 0);
    ping_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(posts_in_the_wakes_of_streams_make_no_system_call),
        fixture_test(in_a_foreign_loop_too),
    };
    return cmocka_run_group_tests_name("post cost", tests, NULL, NULL);
}
