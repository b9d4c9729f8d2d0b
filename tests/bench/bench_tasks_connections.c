/* The memory of connections with a coroutine each, of which every one has done an echo: all that the loop has
 * allocated for them. */
#include "bench.h"
#include "bench_echo_coro.h"
#include "bench_tasks_eddy.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static int64_t allocated;
static int64_t before;
static int64_t after;

static void *counting_resize(void *context, void *block, size_t old_size, size_t new_size)
{
    (void)context;
    allocated += (int64_t)new_size - (block != NULL ? (int64_t)old_size : 0);
    if (new_size == 0) {
        free(block);
        return NULL;
    }
    return realloc(block, new_size);
}

struct connections {
    EDDY_FRAME;
    struct eddy_group all;
    size_t count;
    int *ends;
    size_t i;
};

static void exchange(int fd, bool sends)
{
    char message[64] = {0};
    ssize_t moved = sends ? send(fd, message, sizeof message, MSG_NOSIGNAL) : recv(fd, message, sizeof message, 0);
    if (moved != (ssize_t)sizeof message) {
        bench_die("an echo: %s", strerror(errno));
    }
}

static int connect_pair(struct eddy_group *group, int *end)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) {
        return -errno;
    }
    *end = ends[1];
    return EDDY_SPAWN(group, echo, .fd = ends[0]);
}

EDDY_CORO(connections)
{
    EDDY_BEGIN(connections) {
        EDDY_GROUP(&my->all) {
            for (my->i = 0; my->i < my->count; my->i++) {
                if (connect_pair(&my->all, &my->ends[my->i]) < 0) {
                    bench_die("no connection");
                }
                exchange(my->ends[my->i], true);
            }
            EDDY_AWAIT(eddy_sleep(EDDY_MS(100), me)); /* the loop goes on until nothing is left to echo */
            for (my->i = 0; my->i < my->count; my->i++) {
                exchange(my->ends[my->i], false);
            }
            after = allocated;
            for (my->i = 0; my->i < my->count; my->i++) {
                close(my->ends[my->i]);
            }
        }
    }
}

int64_t run_connections(size_t wanted, size_t unused)
{
    size_t descriptors = bench_raise_descriptors();
    size_t connected = descriptors < 2 * wanted + 50 ? descriptors / 2 - 25 : wanted;
    struct eddy_loop_options options = {.allocator = {NULL, counting_resize}};
    int *ends = calloc(connected, sizeof *ends);
    (void)unused;
    int error = eddy_loop_init(&loop, &options);
    before = allocated;
    error = error == 0 ? EDDY_SPAWN(eddy_loop_detached(&loop), connections, .count = connected, .ends = ends) : error;
    error = error == 0 ? eddy_loop_run(&loop) : error;
    error = error == 0 ? eddy_loop_fini(&loop) : error;
    if (error < 0) {
        bench_die("connections: %s", strerror(-error));
    }
    free(ends);
    return (after - before) * (int64_t)wanted / (int64_t)connected;
}
