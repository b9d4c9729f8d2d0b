/* A copy takes what is there without waiting, passes it on, and only then takes more. What comes in full buffers from one
 * socket for another goes through a pipe from then on. */
#include <eddy/copy.h>

#include "base/pool.h"
#include "base/wait.h"
#include "io/splice.h"

#include <eddy/task.h>
#include <eddy/watch.h>

#include <errno.h>

#define BUFFER_SIZE 16384u
#define SPLICE_SIZE (1u << 20) /* the pipe takes less */
#define OPERATION_BITS 14      /* of the budget, as for reads and writes */

/* Its streams may be closed by now, its task's loop is there. */
static const struct eddy_os *os_of_copy(const struct eddy_copy *my)
{
    return ((struct eddy_loop *)(void *)my->eddyi_frame.task->waiter.scheduler)->os;
}

/* ---- What a copy holds ----------------------------------------------------------------- */

static bool take_copy_buffer(struct eddy_copy *my)
{
    if (my->buffer == NULL) {
        my->buffer = eddyi_pool_take(&my->eddyi_frame.task->waiter.scheduler->pool, BUFFER_SIZE);
    }
    return my->buffer != NULL;
}

static void give_copy_buffer(struct eddy_copy *my)
{
    if (my->buffer != NULL) {
        eddyi_pool_give(&my->eddyi_frame.task->waiter.scheduler->pool, my->buffer, BUFFER_SIZE);
        my->buffer = NULL;
    }
}

/* Without a descriptor for it a copy does without. */
static bool take_pipe(struct eddy_copy *my)
{
    if (!my->has_pipe) {
        const struct eddy_os *os = os_of_copy(my);
        my->has_pipe = os->pipe(os->context, my->pipe) == 0;
        my->is_bulk = my->has_pipe; /* or it is tried again when much comes again */
    }
    return my->has_pipe;
}

static void give_pipe(struct eddy_copy *my)
{
    if (my->has_pipe) {
        const struct eddy_os *os = os_of_copy(my);
        my->has_pipe = false;
        os->close(os->context, my->pipe[0]);
        os->close(os->context, my->pipe[1]);
    }
}

static void count_copied(struct eddy_copy *my, size_t count)
{
    my->count += count;
    if (my->copied != NULL) {
        *my->copied = my->count;
    }
}

/* ---- Taking ---------------------------------------------------------------------------- */

/* How much may be taken at once, of at most `size`. */
static size_t share_of_limit(const struct eddy_copy *my, size_t size)
{
    return my->limit == 0 || my->limit - my->count > size ? size : (size_t)(my->limit - my->count);
}

/* The socket to splice from; NULL: this is none of those copies. */
static struct eddy_stream *splice_source(struct eddy_copy *my)
{
    struct eddy_stream *from = eddy_transport_stream(my->from);
    struct eddy_stream *to = eddy_transport_stream(my->to);
    bool can =
        my->is_bulk && !my->cannot_splice && from != NULL && to != NULL && (from->loop->flags & EDDY_KEEP_SIGPIPE) == 0;
    return can && take_pipe(my) ? from : NULL;
}

static ssize_t read_some(struct eddy_copy *my)
{
    size_t size = share_of_limit(my, BUFFER_SIZE);
    if (!take_copy_buffer(my)) {
        return -ENOMEM;
    }
    ssize_t count = eddy_transport_try_read(my->from, my->buffer, size);
    if (count > 0) {
        my->held = (size_t)count;
        my->is_bulk = my->is_bulk || my->held == BUFFER_SIZE;
    }
    return count;
}

/* Into the pipe or the buffer what is there: how much; 0: the end; or an error, -EAGAIN: nothing is. */
static ssize_t take_some(struct eddy_copy *my)
{
    struct eddy_stream *from = splice_source(my);
    if (from == NULL) {
        return read_some(my);
    }
    ssize_t count = eddyi_stream_splice_from(from, my->pipe[1], share_of_limit(my, SPLICE_SIZE));
    if (count == -EINVAL) {
        my->cannot_splice = true;
        return read_some(my);
    }
    my->piped = count > 0 ? (size_t)count : 0;
    return count;
}

/* Wait for `from`, with a byte of its own where a transport can only read. */
static ssize_t await_source(struct eddy_copy *my, struct eddy_waiter *waiter)
{
    ssize_t result = eddy_transport_wait(my->from, waiter);
    my->reads_first = result == -EOPNOTSUPP;
    return my->reads_first ? eddy_transport_read(my->from, &my->first, 1, waiter) : result;
}

/* A byte has come after a wait; what is with it follows. */
static ssize_t take_after_first(struct eddy_copy *my)
{
    if (!take_copy_buffer(my)) {
        return -ENOMEM;
    }
    my->buffer[0] = my->first;
    my->held = 1;
    size_t size = share_of_limit(my, BUFFER_SIZE) - 1;
    ssize_t count = size > 0 ? eddy_transport_try_read(my->from, my->buffer + 1, size) : 0;
    if (count > 0) {
        my->held += (size_t)count;
    } else if (count != -EAGAIN) {
        my->failure = count; /* an end is asked for again */
    }
    return (ssize_t)my->held;
}

/* ---- Passing on ------------------------------------------------------------------------ */

/* From the pipe what there is room for: how much, or an error; -EAGAIN: none. */
static ssize_t splice_on(struct eddy_copy *my)
{
    struct eddy_stream *to = eddy_transport_stream(my->to);
    ssize_t count = to != NULL ? eddyi_stream_splice_to(to, my->pipe[0], my->piped) : -EINVAL;
    if (count > 0) {
        my->piped -= (size_t)count;
        count_copied(my, (size_t)count);
    }
    return count == 0 ? -EIO : count;
}

/* What cannot be spliced any further takes the other way: how much is in the buffer now, or an error. */
static ssize_t unload_pipe(struct eddy_copy *my)
{
    const struct eddy_os *os = os_of_copy(my);
    my->cannot_splice = true;
    if (!take_copy_buffer(my)) {
        return -ENOMEM;
    }
    ssize_t count;
    do {
        count = os->read(os->context, my->pipe[0], my->buffer, BUFFER_SIZE);
    } while (count == -EINTR || count == -EAGAIN); /* it is not empty */
    my->held = count > 0 ? (size_t)count : 0;
    my->piped -= my->held;
    return count == 0 ? -EIO : count;
}

/* eddy_wait_settle() for so many bytes. */
static ssize_t settle_copy(ssize_t count, struct eddy_waiter *waiter)
{
    waiter->scheduler->budget -= (int)(count >> OPERATION_BITS);
    return eddy_wait_settle(waiter, count);
}

static ssize_t write_held(struct eddy_copy *my, struct eddy_waiter *waiter)
{
    my->is_writing = true;
    return eddy_transport_write(my->to, my->buffer, my->held, waiter);
}

/* A write that is cut off has sent something all the same; one that was refused tells what another's has. */
static void note_written(struct eddy_copy *my, ssize_t result)
{
    my->is_writing = false;
    my->held = 0;
    count_copied(my, result != -EBUSY ? eddy_transport_sent(my->to) : 0);
}

static bool is_within_limit(const struct eddy_copy *my)
{
    return my->limit == 0 || my->count < my->limit;
}

EDDY_CORO_EXTERN(eddy_copy)
{
    EDDY_BEGIN(eddy_copy) {
        count_copied(my, 0);
        while (is_within_limit(my)) {
            my->n = my->failure < 0 ? my->failure : take_some(my);
            if (my->n == -EAGAIN) {
                give_copy_buffer(my);
                EDDY_AWAIT(my->n, await_source(my, me));
                if (my->n >= 0 && !my->reads_first) {
                    continue;
                }
                my->n = my->n > 0 ? take_after_first(my) : my->n;
            }
            if (my->n == 0 && my->shutdown) {
                my->n = eddy_transport_shutdown(my->to);
            }
            if (my->n < 0) {
                EDDY_RETURN(my->n);
            }
            if (my->n == 0) {
                break;
            }
            while (my->held > 0 || my->piped > 0) {
                if (my->held > 0) {
                    EDDY_AWAIT(my->n, write_held(my, me));
                    note_written(my, my->n);
                } else {
                    my->n = splice_on(my);
                    if (my->n == -EAGAIN) {
                        EDDY_AWAIT(my->n, eddy_stream_wait(eddy_transport_stream(my->to), EDDY_WRITABLE, me));
                    } else if (my->n == -EINVAL) {
                        my->n = unload_pipe(my);
                    } else if (my->n > 0) {
                        EDDY_AWAIT(my->n, settle_copy(my->n, me));
                    }
                }
                if (my->n < 0) {
                    EDDY_RETURN(my->n);
                }
            }
        }
        EDDY_RETURN((ssize_t)my->count);
    }
    EDDY_FINALLY
    {
        if (my->is_writing) {
            note_written(my, -ECANCELED);
        }
        give_copy_buffer(my);
        give_pipe(my);
    }
}

/* ---- Both ways ------------------------------------------------------------------------- */

struct copy_one_way {
    EDDY_FRAME;
    struct eddy_transport from;
    struct eddy_transport to;
    uint64_t *copied;
    ssize_t n;
};

EDDY_CORO(copy_one_way)
{
    EDDY_BEGIN(copy_one_way) {
        EDDY_CALL(my->n, eddy_copy, .from = my->from, .to = my->to, .copied = my->copied, .shutdown = true);
        if (my->n < 0) {
            EDDY_FAIL((int)my->n);
        }
    }
}

EDDY_CORO_EXTERN(eddy_copy_both)
{
    EDDY_BEGIN(eddy_copy_both) {
        EDDY_CATCH(&my->failure) {
            EDDY_GROUP(&my->ways) {
                EDDY_TRY(my->n, EDDY_SPAWN(&my->ways, copy_one_way, .from = my->b, .to = my->a, .copied = my->from_b));
                EDDY_DO(copy_one_way, .from = my->a, .to = my->b, .copied = my->from_a);
            }
        }
        EDDY_RETURN(my->failure.error);
    }
}
