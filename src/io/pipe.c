/* What does not wait is read and written at once. Else a waiter of the pipe's own waits for the descriptor, in place of
 * the user's. A descriptor that would block is asked only after it was told to be ready, and for no more than it must
 * then take. */
#define _GNU_SOURCE
#include "io/pipe.h"

#include "io/inner.h"
#include "loop/loop.h"

#include <errno.h>
#include <string.h>

enum { PIPE_READER, PIPE_WRITER };

/* What may be written at once to what is writable and would block: POSIX's least for a pipe, Linux's for a terminal. */
#define FIFO_PIECE 4096
#define DEVICE_PIECE 256

static void on_pipe_readable(struct eddy_waiter *own);
static void on_pipe_writable(struct eddy_waiter *own);

/* ---- Opening --------------------------------------------------------------------------- */

int eddy_pipe_open(struct eddy_pipe *pipe, struct eddy_loop *loop, int fd, unsigned flags)
{
    memset(pipe, 0, sizeof *pipe);
    if (!eddyi_loop_is_usable(loop)) {
        return -ECHILD;
    }
    if ((flags & ~EDDY_PIPE_KEEP) != 0) {
        return -EINVAL;
    }
    pipe->loop = loop;
    pipe->given = fd;
    pipe->state = (flags & EDDY_PIPE_KEEP) != 0 ? EDDYI_PIPE_KEEPS : 0u;
    pipe->fd = eddyi_pipe_examine(pipe);
    if (pipe->fd < 0) {
        pipe->loop = NULL;
        return pipe->fd;
    }
    eddy_watch_init(&pipe->watch, loop, pipe->fd);
    eddy_waiter_init(&pipe->ready[PIPE_READER], loop, on_pipe_readable);
    eddy_waiter_init(&pipe->ready[PIPE_WRITER], loop, on_pipe_writable);
    loop->pipes++;
    return 0;
}

/* ---- Closing --------------------------------------------------------------------------- */

/* The wait of who reads, or writes, ends with `result`. */
static void wake_pipe_waiter(struct eddy_pipe *pipe, int side, ssize_t result)
{
    struct eddy_waiter *waiter = pipe->waiters[side];
    if (waiter != NULL) {
        pipe->waiters[side] = NULL;
        (void)eddyi_inner_withdraw(&pipe->ready[side]);
        eddy_wait_wake(waiter, result);
    }
}

void eddy_pipe_close(struct eddy_pipe *pipe)
{
    if (pipe->loop == NULL || !eddyi_loop_is_usable(pipe->loop)) {
        return;
    }
    const struct eddy_os *os = pipe->loop->os;
    wake_pipe_waiter(pipe, PIPE_READER, -ESHUTDOWN);
    wake_pipe_waiter(pipe, PIPE_WRITER, -ESHUTDOWN);
    eddy_watch_close(&pipe->watch);
    bool keeps = (pipe->state & EDDYI_PIPE_KEEPS) != 0;
    if (pipe->fd != pipe->given) {
        os->close(os->context, pipe->fd);
    }
    if (!keeps) {
        os->close(os->context, pipe->given);
    }
    pipe->loop->pipes--;
    pipe->loop = NULL;
}

static int shut_pipe(void *subject)
{
    struct eddy_pipe *pipe = subject;
    if (pipe->loop == NULL || (pipe->state & EDDYI_PIPE_IS_SHUT) != 0) {
        return -ESHUTDOWN;
    }
    if (!eddyi_loop_is_usable(pipe->loop)) {
        return -ECHILD;
    }
    if ((pipe->state & EDDYI_PIPE_IS_SOCKET) == 0) {
        return -EOPNOTSUPP;
    }
    int error = pipe->loop->os->shutdown(pipe->loop->os->context, pipe->fd, SHUT_WR);
    if (error == 0) {
        pipe->state |= EDDYI_PIPE_IS_SHUT;
        wake_pipe_waiter(pipe, PIPE_WRITER, -ESHUTDOWN);
    }
    return error;
}

/* ---- Waiting for the descriptor -------------------------------------------------------- */

static ssize_t await_pipe(struct eddy_pipe *pipe, int side)
{
    int event = side == PIPE_READER ? EDDY_READABLE : EDDY_WRITABLE;
    struct eddy_waiter *own = &pipe->ready[side];
    ssize_t ready = eddyi_inner_begun(own, eddy_watch_wait(&pipe->watch, event, own));
    if (ready > 0) { /* a device that epoll refuses: always ready, or it must not say -EAGAIN */
        pipe->state |= side == PIPE_READER ? EDDYI_PIPE_READY_TO_READ : EDDYI_PIPE_READY_TO_WRITE;
        return (pipe->state & EDDYI_PIPE_BLOCKS) != 0 ? ready : -EIO;
    }
    return ready;
}

static void unpark_pipe(struct eddy_waiter *waiter)
{
    struct eddy_pipe *pipe = waiter->transfer.subject;
    int side = pipe->waiters[PIPE_READER] == waiter ? PIPE_READER : PIPE_WRITER;
    pipe->waiters[side] = NULL;
    (void)eddyi_inner_withdraw(&pipe->ready[side]);
}

static const struct eddy_wait_kind pipe_read_kind = {.name = "read", .unpark = unpark_pipe, .expiry = -ETIMEDOUT};
static const struct eddy_wait_kind pipe_write_kind = {.name = "write", .unpark = unpark_pipe, .expiry = -ETIMEDOUT};

static ssize_t park_at_pipe(struct eddy_pipe *pipe, int side, void *data, size_t size, struct eddy_waiter *waiter)
{
    eddyi_wait_check_memory(waiter, data);
    waiter->transfer.subject = pipe;
    waiter->transfer.data = data;
    waiter->size = (uint32_t)size;
    pipe->waiters[side] = waiter;
    return eddyi_wait_park(waiter, side == PIPE_READER ? &pipe_read_kind : &pipe_write_kind);
}

/* The last thing in a wake. */
static void finish_pipe_wait(struct eddy_pipe *pipe, int side, ssize_t result)
{
    if (result != EDDY_PENDING) {
        struct eddy_waiter *waiter = pipe->waiters[side];
        pipe->waiters[side] = NULL;
        eddyi_inner_finish(waiter, result);
    }
}

/* Why an operation on `size` bytes must not look at the descriptor. */
static int refuse_pipe(const struct eddy_pipe *pipe, int side, size_t size)
{
    if (pipe->loop == NULL) {
        return -ESHUTDOWN;
    }
    if (!eddyi_loop_is_usable(pipe->loop)) {
        return -ECHILD;
    }
    if (side == PIPE_WRITER && (pipe->state & EDDYI_PIPE_IS_SHUT) != 0) {
        return -ESHUTDOWN;
    }
    if ((pipe->state & (side == PIPE_READER ? EDDYI_PIPE_READS : EDDYI_PIPE_WRITES)) == 0) {
        return -EBADF;
    }
    return pipe->waiters[side] != NULL ? -EBUSY : size > EDDY_IO_MAX ? -EINVAL : 0;
}

/* ---- Reading --------------------------------------------------------------------------- */

static ssize_t receive_from_pipe(struct eddy_pipe *pipe, void *buffer, size_t size)
{
    const struct eddy_os *os = pipe->loop->os;
    if ((pipe->state & (EDDYI_PIPE_BLOCKS | EDDYI_PIPE_READY_TO_READ)) == EDDYI_PIPE_BLOCKS) {
        return -EAGAIN;
    }
    pipe->state &= ~(uint32_t)EDDYI_PIPE_READY_TO_READ;
    ssize_t count;
    do {
        count = (pipe->state & EDDYI_PIPE_IS_SOCKET) != 0 ? os->recv(os->context, pipe->fd, buffer, size, MSG_DONTWAIT)
                                                          : os->read(os->context, pipe->fd, buffer, size);
    } while (count == -EINTR);
    return count;
}

/* Read, after a wait for the descriptor if there is nothing. */
static ssize_t read_from_pipe(struct eddy_pipe *pipe, void *buffer, size_t size)
{
    ssize_t count;
    while ((count = receive_from_pipe(pipe, buffer, size)) == -EAGAIN) {
        ssize_t ready = await_pipe(pipe, PIPE_READER);
        if (ready < 0) {
            return ready;
        }
    }
    return count;
}

static void on_pipe_readable(struct eddy_waiter *own)
{
    struct eddy_pipe *pipe = EDDY_CONTAINER(own, struct eddy_pipe, ready[PIPE_READER]);
    ssize_t result = eddyi_inner_woken(own);
    if (result >= 0) {
        pipe->state |= EDDYI_PIPE_READY_TO_READ;
        const struct eddy_waiter *waiter = pipe->waiters[PIPE_READER];
        bool reads = waiter->transfer.data != NULL; /* or just waits */
        result = reads ? read_from_pipe(pipe, waiter->transfer.data, waiter->size) : 1;
    }
    finish_pipe_wait(pipe, PIPE_READER, result);
}

ssize_t eddy_pipe_read(struct eddy_pipe *pipe, void *buffer, size_t size, struct eddy_waiter *waiter)
{
    int error = refuse_pipe(pipe, PIPE_READER, size);
    if (error < 0 || size == 0) {
        return error;
    }
    ssize_t count = read_from_pipe(pipe, buffer, size);
    return count == EDDY_PENDING ? park_at_pipe(pipe, PIPE_READER, buffer, size, waiter)
                                 : eddyi_inner_settle(waiter, count);
}

ssize_t eddy_pipe_try_read(struct eddy_pipe *pipe, void *buffer, size_t size)
{
    int error = refuse_pipe(pipe, PIPE_READER, size);
    return error < 0 || size == 0 ? error : receive_from_pipe(pipe, buffer, size);
}

static ssize_t wait_for_pipe(void *subject, struct eddy_waiter *waiter)
{
    struct eddy_pipe *pipe = subject;
    int error = refuse_pipe(pipe, PIPE_READER, 1);
    if (error < 0) {
        return error;
    }
    ssize_t ready = await_pipe(pipe, PIPE_READER);
    return ready == EDDY_PENDING ? park_at_pipe(pipe, PIPE_READER, NULL, 0, waiter) : ready;
}

/* ---- Writing --------------------------------------------------------------------------- */

/* How much of `size` bytes may be written at once without blocking. */
static size_t piece_of(const struct eddy_pipe *pipe, size_t size)
{
    size_t piece = (pipe->state & EDDYI_PIPE_IS_FIFO) != 0 ? FIFO_PIECE : DEVICE_PIECE;
    bool is_bounded = (pipe->state & EDDYI_PIPE_BLOCKS) != 0 && !pipe->watch.always_ready;
    return is_bounded && size > piece ? piece : size;
}

static ssize_t send_to_pipe(struct eddy_pipe *pipe, const void *data, size_t size)
{
    const struct eddy_os *os = pipe->loop->os;
    if ((pipe->state & (EDDYI_PIPE_BLOCKS | EDDYI_PIPE_READY_TO_WRITE)) == EDDYI_PIPE_BLOCKS) {
        return -EAGAIN;
    }
    pipe->state &= ~(uint32_t)EDDYI_PIPE_READY_TO_WRITE;
    size = piece_of(pipe, size);
    ssize_t count;
    do {
        count = (pipe->state & EDDYI_PIPE_IS_SOCKET) != 0
                    ? os->send(os->context, pipe->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL)
                    : os->write(os->context, pipe->fd, data, size);
    } while (count == -EINTR);
    return count != 0 ? count : -EIO;
}

/* Send until all is sent or there is no room: the bytes that went out, or the error. */
static ssize_t transmit_to_pipe(struct eddy_pipe *pipe, const char *data, size_t size)
{
    size_t sent = 0;
    while (sent < size) {
        ssize_t count = send_to_pipe(pipe, data + sent, size - sent);
        if (count < 0) {
            return count == -EAGAIN ? (ssize_t)sent : count;
        }
        sent += (size_t)count;
        pipe->sent += (size_t)count;
    }
    return (ssize_t)sent;
}

/* Write *data, `*size` bytes, waiting for the descriptor; both move on. The bytes of the whole write. */
static ssize_t write_to_pipe(struct eddy_pipe *pipe, const char **data, size_t *size)
{
    for (;;) {
        ssize_t count = transmit_to_pipe(pipe, *data, *size);
        if (count < 0) {
            return count;
        }
        *data += count;
        *size -= (size_t)count;
        ssize_t ready = *size > 0 ? await_pipe(pipe, PIPE_WRITER) : 0;
        if (ready <= 0) {
            return ready < 0 ? ready : (ssize_t)pipe->sent;
        }
    }
}

static void on_pipe_writable(struct eddy_waiter *own)
{
    struct eddy_pipe *pipe = EDDY_CONTAINER(own, struct eddy_pipe, ready[PIPE_WRITER]);
    ssize_t result = eddyi_inner_woken(own);
    if (result >= 0) {
        pipe->state |= EDDYI_PIPE_READY_TO_WRITE;
        struct eddy_waiter *waiter = pipe->waiters[PIPE_WRITER];
        const char *data = waiter->transfer.data;
        size_t size = waiter->size;
        result = write_to_pipe(pipe, &data, &size);
        waiter->transfer.data = (char *)(uintptr_t)data; /* only ever read */
        waiter->size = (uint32_t)size;
    }
    finish_pipe_wait(pipe, PIPE_WRITER, result);
}

ssize_t eddy_pipe_write(struct eddy_pipe *pipe, const void *data, size_t size, struct eddy_waiter *waiter)
{
    int error = refuse_pipe(pipe, PIPE_WRITER, size);
    if (error == -EBUSY) {
        return error;
    }
    pipe->sent = 0;
    if (error < 0 || size == 0) {
        return error;
    }
    const char *rest = data;
    ssize_t count = write_to_pipe(pipe, &rest, &size);
    return count == EDDY_PENDING ? park_at_pipe(pipe, PIPE_WRITER, (void *)(uintptr_t)rest, size, waiter)
                                 : eddyi_inner_settle(waiter, count);
}

ssize_t eddy_pipe_try_write(struct eddy_pipe *pipe, const void *data, size_t size)
{
    int error = refuse_pipe(pipe, PIPE_WRITER, size);
    if (error == -EBUSY) {
        return error;
    }
    pipe->sent = 0;
    if (error < 0 || size == 0) {
        return error;
    }
    ssize_t count = transmit_to_pipe(pipe, data, size);
    return count != 0 ? count : -EAGAIN;
}

size_t eddy_pipe_sent(const struct eddy_pipe *pipe)
{
    return pipe->sent;
}

/* ---- As a transport -------------------------------------------------------------------- */

static ssize_t pipe_read(void *subject, void *buffer, size_t size, struct eddy_waiter *waiter)
{
    return eddy_pipe_read(subject, buffer, size, waiter);
}

static ssize_t pipe_try_read(void *subject, void *buffer, size_t size)
{
    return eddy_pipe_try_read(subject, buffer, size);
}

static ssize_t pipe_write(void *subject, const void *data, size_t size, struct eddy_waiter *waiter)
{
    return eddy_pipe_write(subject, data, size, waiter);
}

static ssize_t pipe_try_write(void *subject, const void *data, size_t size)
{
    return eddy_pipe_try_write(subject, data, size);
}

static size_t pipe_sent(const void *subject)
{
    return eddy_pipe_sent(subject);
}

static void pipe_close(void *subject)
{
    eddy_pipe_close(subject);
}

struct eddy_transport eddy_pipe_transport(struct eddy_pipe *pipe)
{
    static const struct eddy_transport_kind kind = {
        .name = "pipe",
        .read = pipe_read,
        .try_read = pipe_try_read,
        .write = pipe_write,
        .try_write = pipe_try_write,
        .sent = pipe_sent,
        .shutdown = shut_pipe,
        .close = pipe_close,
        .wait = wait_for_pipe,
    };
    return (struct eddy_transport){&kind, pipe};
}
