/* The memory of a connection that waits for a byte: its stream, its waiter, and its share of all
 * that the loop has allocated. */
#include "harness.h"

#include <eddy.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct connection {
    struct eddy_stream stream;
    struct eddy_waiter waiter;
    int other_end;
};

static size_t allocated, allocated_most;

static void *counting_resize(void *context, void *block, size_t old_size, size_t new_size)
{
    (void)context;
    if (new_size == 0) {
        free(block);
        allocated -= old_size;
        return NULL;
    }
    void *fresh = realloc(block, new_size);
    if (fresh != NULL) {
        allocated += new_size - (block != NULL ? old_size : 0);
        allocated_most = allocated > allocated_most ? allocated : allocated_most;
    }
    return fresh;
}

static char buffer[64]; /* one for all, since nobody holds it while parked */

static void on_read(struct eddy_waiter *waiter)
{
    (void)waiter;
}

static void open_connection(struct eddy_loop *loop, struct connection *connection)
{
    int ends[2];
    assert_return_code(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), errno);
    connection->other_end = ends[1];
    assert_int_equal(eddy_stream_open(&connection->stream, loop, ends[0]), 0);
    eddy_waiter_init(&connection->waiter, loop, on_read);
    assert_int_equal(eddy_stream_read(&connection->stream, buffer, sizeof buffer, &connection->waiter), EDDY_PENDING);
}

static void an_idle_connection_takes_at_most_160_bytes(void **state)
{
    (void)state;
    size_t count = 8192;
    while (count >= 2048 && descriptor_limit() < 2 * count + 50) {
        count /= 2;
        fprintf(stderr, "only %u descriptors are allowed: %zu connections\n", descriptor_limit(), count);
    }
    if (count < 2048) {
        print_message("fewer than 2048 connections would prove nothing\n");
        skip();
    }
    struct eddy_loop loop;
    struct eddy_loop_options options = {.allocator = {NULL, counting_resize}};
    assert_int_equal(eddy_loop_init(&loop, &options), 0);
    size_t before = allocated;
    struct connection *connections = calloc(count, sizeof *connections);
    assert_non_null(connections);
    for (size_t i = 0; i < count; i++) {
        open_connection(&loop, &connections[i]);
    }
    size_t own = sizeof(struct eddy_stream) + sizeof(struct eddy_waiter);
    size_t share = (allocated - before + count - 1) / count;
    print_message("%zu connections: stream %zu + waiter %zu + allocated %zu = %zu bytes each\n", count,
                  sizeof(struct eddy_stream), sizeof(struct eddy_waiter), share, own + share);
    assert_true(allocated > 0); /* the loop's slots came from here */
    assert_true(own + share <= 160);

    for (size_t i = 0; i < count; i++) {
        eddy_stream_close(&connections[i].stream);
        close(connections[i].other_end);
    }
    assert_int_equal(eddy_loop_run(&loop), 0);
    assert_int_equal(eddy_loop_fini(&loop), 0);
    free(connections);
    assert_int_equal(allocated, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_idle_connection_takes_at_most_160_bytes),
    };
    alarm(60);
    return cmocka_run_group_tests_name("the memory of idle connections", tests, NULL, NULL);
}
