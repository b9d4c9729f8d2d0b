/* One buffer for all connections, which a parked read may share since it receives in its own turn. Only a
 * connection whose write has to wait gets a buffer of its own, for the rest. */
#include "bench.h"
#include "bench_echo_coro.h"

#include <eddy/loop.h>
#include <eddy/task.h>
#include <stdlib.h>
#include <string.h>

static char buffer[BENCH_ECHO_BUFFER];

/* The write waits with a pointer into the shared buffer: move what is left of it into a buffer of the peer's. */
static __attribute__((noinline)) ssize_t write_rest(struct echo *echo, size_t size, struct eddy_waiter *waiter)
{
    ssize_t outcome = eddy_wait_withdraw(waiter);
    if (outcome != EDDY_PENDING) {
        return outcome;
    }
    size_t sent = eddy_stream_sent(&echo->peer);
    echo->rest = malloc(size - sent);
    memcpy(echo->rest, buffer + sent, size - sent);
    return eddy_stream_write(&echo->peer, echo->rest, size - sent, waiter);
}

static inline ssize_t write_back(struct echo *echo, size_t size, struct eddy_waiter *waiter)
{
    ssize_t sent = eddy_stream_write(&echo->peer, buffer, size, waiter);
    return __builtin_expect(sent == EDDY_PENDING, 0) ? write_rest(echo, size, waiter) : sent;
}

EDDY_CORO_EXTERN(echo)
{
    EDDY_BEGIN(echo) {
        if (my->listener != NULL) {
            EDDY_AWAIT(eddy_listener_accept(my->listener, &my->peer, me));
            EDDY_TRY(my->n, (ssize_t)EDDY_SPAWN(my->group, echo, .listener = my->listener, .group = my->group));
        } else {
            EDDY_TRY(my->n, (ssize_t)eddy_stream_open(&my->peer, eddy_loop_current(), my->fd));
        }
        for (;;) {
            EDDY_AWAIT(my->n, eddy_stream_read(&my->peer, buffer, sizeof buffer, me));
            if (my->n <= 0) {
                break;
            }
            EDDY_AWAIT(my->n, write_back(my, (size_t)my->n, me));
            if (__builtin_expect(my->rest != NULL, 0)) {
                free(my->rest);
                my->rest = NULL;
            }
            if (my->n < 0) {
                break;
            }
        }
    }
    EDDY_FINALLY
    {
        eddy_stream_close(&my->peer);
        free(my->rest);
    }
}
