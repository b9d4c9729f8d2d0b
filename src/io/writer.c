/* What is put stands in a chain of blocks until it is sent. One call of the transport is in progress at a time, on the
 * first of them; what is put meanwhile goes behind, and moves nothing. */
#define _GNU_SOURCE
#include "io/writer.h"

#include "base/pool.h"
#include "loop/loop.h"

#include <errno.h>
#include <string.h>

#define WRITER_FIRST_BYTES ((size_t)EDDYI_POOL_BLOCK_MAX) /* of a block, with its head */
#define WRITER_BLOCK_BYTES ((size_t)16 * 1024)
#define WRITER_PARTS 16u
#define WRITER_SEND_MAX ((size_t)64 * 1024) /* or who drains would wait for more than the low mark */

static struct eddy_pool *writer_pool(const struct eddy_writer *writer)
{
    return &writer->loop->scheduler.pool;
}

/* ---- Blocks ---------------------------------------------------------------------------- */

static struct eddyi_writer_block *take_writer_block(struct eddy_writer *writer, size_t bytes)
{
    struct eddyi_writer_block *block = eddyi_pool_take(writer_pool(writer), bytes);
    if (block != NULL) {
        block->next = NULL;
        block->size = (uint32_t)(bytes - sizeof *block);
        block->start = 0;
        block->end = 0;
    }
    return block;
}

static void give_writer_blocks(struct eddy_writer *writer, struct eddyi_writer_block *block)
{
    while (block != NULL) {
        struct eddyi_writer_block *next = block->next;
        eddyi_pool_give(writer_pool(writer), block, sizeof *block + block->size);
        block = next;
    }
}

static void give_all_blocks(struct eddy_writer *writer)
{
    give_writer_blocks(writer, writer->first);
    writer->first = NULL;
    writer->last = NULL;
}

int eddyi_writer_make_room(struct eddy_writer *writer, size_t size, bool pieces)
{
    size_t room = eddyi_writer_room(writer);
    struct eddyi_writer_block *fresh = NULL, **place = &fresh;
    size_t bytes = writer->last == NULL ? WRITER_FIRST_BYTES : 4 * WRITER_FIRST_BYTES;
    if (writer->last != NULL && !pieces && size > WRITER_FIRST_BYTES) {
        bytes = WRITER_BLOCK_BYTES; /* little may be used of it, and then as much is asked for again */
    }
    size_t left = room >= size ? 0 : pieces ? size - room : size;
    while (left > 0) {
        size_t all = sizeof *fresh + left;
        bytes = all > bytes ? (pieces && all > WRITER_BLOCK_BYTES ? WRITER_BLOCK_BYTES : all) : bytes;
        struct eddyi_writer_block *block = take_writer_block(writer, bytes);
        if (block == NULL) {
            give_writer_blocks(writer, fresh);
            return -ENOMEM;
        }
        *place = block;
        place = &block->next;
        left -= left < block->size ? left : block->size;
    }
    if (fresh != NULL) {
        *(writer->last != NULL ? &writer->last->next : &writer->first) = fresh;
        writer->last = pieces && room > 0 ? writer->last : fresh; /* where the next byte goes */
    }
    return 0;
}

/* ---- Sending --------------------------------------------------------------------------- */

static void wake_writer_list(struct eddy_list *list, ssize_t result)
{
    struct eddy_list *link;
    while ((link = eddy_list_first(list)) != NULL) {
        eddy_list_remove(link);
        eddy_wait_wake(EDDY_CONTAINER(link, struct eddy_waiter, link), result);
    }
}

/* The bytes sent so far, modulo 2^32. */
static uint32_t sent_mark(const struct eddy_writer *writer)
{
    return (uint32_t)(writer->put - writer->unsent);
}

static bool is_reached(const struct eddy_writer *writer, uint32_t mark)
{
    return (int32_t)(sent_mark(writer) - mark) >= 0;
}

/* Wake who has waited for what has been sent. */
static void wake_satisfied(struct eddy_writer *writer)
{
    if (writer->unsent <= writer->options.low) {
        wake_writer_list(&writer->draining, 0);
    }
    struct eddy_list *link;
    while ((link = eddy_list_first(&writer->flushing)) != NULL) {
        struct eddy_waiter *waiter = EDDY_CONTAINER(link, struct eddy_waiter, link);
        if (!is_reached(writer, waiter->size)) {
            break;
        }
        eddy_list_remove(link);
        eddy_wait_wake(waiter, 0);
    }
}

/* The transport has failed. What is unsent is lost. */
static void fail_writer(struct eddy_writer *writer, int error)
{
    writer->error = error;
    give_all_blocks(writer);
    wake_writer_list(&writer->draining, error);
    wake_writer_list(&writer->flushing, error);
}

/* The transport has taken the first `size` bytes. */
static void pass_over(struct eddy_writer *writer, size_t size)
{
    writer->unsent -= size;
    while (writer->first != NULL && (size > 0 || writer->first->start == writer->first->end)) {
        struct eddyi_writer_block *block = writer->first;
        uint32_t count = block->end - block->start;
        if (size < count) {
            block->start += (uint32_t)size;
            return;
        }
        size -= count;
        writer->first = block->next;
        writer->last = writer->first != NULL ? writer->last : NULL;
        block->next = NULL;
        give_writer_blocks(writer, block);
    }
}

/* Note the first blocks as parts of a call, which has so many bytes; they are counted in *count. */
static size_t gather_blocks(const struct eddy_writer *writer, struct iovec *parts, size_t *count)
{
    size_t bytes = 0;
    *count = 0;
    for (struct eddyi_writer_block *block = writer->first;
         block != NULL && *count < WRITER_PARTS && bytes < WRITER_SEND_MAX; block = block->next) {
        if (block->end > block->start) {
            parts[(*count)++] = (struct iovec){block->data + block->start, block->end - block->start};
            bytes += block->end - block->start;
        }
    }
    return bytes;
}

/* Hand over the first bytes: as a transport's write. */
static ssize_t send_first(struct eddy_writer *writer)
{
    pass_over(writer, 0); /* what was reserved and not used */
    const struct eddyi_writer_block *first = writer->first;
    const struct eddy_transport_kind *kind = writer->transport.kind;
    writer->sends++;
    if (first->next != NULL && kind->writev != NULL) {
        writer->parts = eddyi_pool_take(writer_pool(writer), WRITER_PARTS * sizeof *writer->parts);
    }
    if (writer->parts != NULL) {
        size_t count;
        writer->in_flight = gather_blocks(writer, writer->parts, &count);
        return kind->writev(writer->transport.subject, writer->parts, count, &writer->own);
    }
    writer->in_flight = first->end - first->start;
    return kind->write(writer->transport.subject, first->data + first->start, writer->in_flight, &writer->own);
}

/* The call in progress is over. */
static void end_send(struct eddy_writer *writer, ssize_t result)
{
    if (writer->parts != NULL) {
        eddyi_pool_give(writer_pool(writer), writer->parts, WRITER_PARTS * sizeof *writer->parts);
        writer->parts = NULL;
    }
    size_t sent = result >= 0 ? writer->in_flight : result == -EBUSY ? 0 : eddy_transport_sent(writer->transport);
    pass_over(writer, sent < writer->in_flight ? sent : writer->in_flight);
    writer->in_flight = 0;
    if (result < 0) {
        fail_writer(writer, (int)result);
    }
}

/* Send until all is sent, or the transport makes us wait, or fails. */
static void send_now(struct eddy_writer *writer)
{
    while (writer->unsent > 0 && writer->in_flight == 0 && writer->error == 0) {
        ssize_t result = send_first(writer);
        if (result == EDDY_PENDING) {
            return;
        }
        end_send(writer, result);
    }
}

static void on_writer_sent(struct eddy_waiter *own)
{
    struct eddy_writer *writer = EDDY_CONTAINER(own, struct eddy_writer, own);
    end_send(writer, own->result);
    send_now(writer);
    wake_satisfied(writer);
}

/* The loop is about to look for events. */
static void run_sending(struct eddyi_prelude *prelude)
{
    struct eddy_writer *writer = EDDY_CONTAINER(prelude, struct eddy_writer, sending);
    send_now(writer);
    wake_satisfied(writer);
}

/* ---- Life ------------------------------------------------------------------------------ */

static int resolve_options(struct eddy_writer_options *options)
{
    options->cap = options->cap > 0 ? options->cap : (size_t)1024 * 1024;
    if (options->high == 0) {
        options->high = options->cap < 64 * 1024 ? options->cap : 64 * 1024;
    }
    if (options->low == 0) {
        options->low = options->high < 16 * 1024 ? options->high : 16 * 1024;
    }
    bool is_sound = options->low <= options->high && options->high <= options->cap && options->cap <= INT32_MAX;
    return is_sound ? 0 : -EINVAL;
}

int eddy_writer_init(struct eddy_writer *writer, struct eddy_loop *loop, struct eddy_transport transport,
                     const struct eddy_writer_options *options)
{
    memset(writer, 0, sizeof *writer);
    if (options != NULL) {
        writer->options = *options;
    }
    writer->transport = transport;
    writer->loop = loop;
    eddy_waiter_init(&writer->own, loop, on_writer_sent);
    eddy_list_init(&writer->sending.link);
    writer->sending.run = run_sending;
    eddy_list_init(&writer->draining);
    eddy_list_init(&writer->flushing);
    int error = resolve_options(&writer->options);
    writer->is_open = error == 0;
    return error;
}

void eddy_writer_fini(struct eddy_writer *writer)
{
    bool is_idle = writer->first == NULL && eddy_list_is_empty(&writer->sending.link);
    if (!writer->is_open || is_idle) { /* its loop may be gone */
        writer->is_open = false;
        return;
    }
    if (!eddyi_loop_is_usable(writer->loop)) {
        return;
    }
    writer->is_open = false;
    eddy_list_remove(&writer->sending.link);
    (void)eddy_wait_withdraw(&writer->own);
    if (writer->parts != NULL) {
        eddyi_pool_give(writer_pool(writer), writer->parts, WRITER_PARTS * sizeof *writer->parts);
        writer->parts = NULL;
    }
    give_all_blocks(writer);
    wake_writer_list(&writer->draining, -ESHUTDOWN);
    wake_writer_list(&writer->flushing, -ESHUTDOWN);
}

/* ---- For what puts --------------------------------------------------------------------- */

static int writer_refusal(const struct eddy_writer *writer)
{
    if (!writer->is_open) {
        return -ESHUTDOWN;
    }
    return eddyi_loop_is_usable(writer->loop) ? writer->error : -ECHILD;
}

/* What was put in this turn has not been tried yet. It is now, but not by the way that may have to wait. */
static void push_at_once(struct eddy_writer *writer)
{
    ssize_t count = 0;
    while (writer->unsent > 0 && writer->in_flight == 0 && count >= 0) {
        pass_over(writer, 0);
        const struct eddyi_writer_block *first = writer->first;
        count = eddy_transport_try_write(writer->transport, first->data + first->start, first->end - first->start);
        writer->sends++;
        if (count > 0) {
            pass_over(writer, (size_t)count);
        } else if (count != -EAGAIN) {
            fail_writer(writer, count < 0 ? (int)count : -EIO);
            return;
        }
    }
    wake_satisfied(writer);
}

static bool has_room_for(const struct eddy_writer *writer, size_t size)
{
    return size <= writer->options.cap - writer->unsent;
}

int eddyi_writer_admit(struct eddy_writer *writer, size_t size)
{
    int error = writer_refusal(writer);
    if (error < 0 || has_room_for(writer, size) || size > writer->options.cap) {
        return error < 0 || has_room_for(writer, size) ? error : -ENOBUFS;
    }
    push_at_once(writer);
    return writer->error < 0 || has_room_for(writer, size) ? writer->error : -ENOBUFS;
}

void eddyi_writer_note_put(struct eddy_writer *writer, size_t size)
{
    writer->put += size;
    writer->unsent += size;
    writer->peak = writer->unsent > writer->peak ? writer->unsent : writer->peak;
    if (writer->in_flight == 0) {
        if (writer->unsent > 0) {
            eddyi_loop_before_poll(writer->loop, &writer->sending);
        } else {
            give_all_blocks(writer);
        }
    }
}

/* ---- Waiting --------------------------------------------------------------------------- */

static void unpark_writer_waiter(struct eddy_waiter *waiter)
{
    eddy_list_remove(&waiter->link);
}

static const struct eddy_wait_kind drain_kind = {.name = "drain", .unpark = unpark_writer_waiter, .expiry = -ETIMEDOUT};
static const struct eddy_wait_kind flush_kind = {.name = "flush", .unpark = unpark_writer_waiter, .expiry = -ETIMEDOUT};

static int park_in_writer(struct eddy_list *list, struct eddy_waiter *waiter, const struct eddy_wait_kind *kind)
{
    eddy_list_append(list, &waiter->link);
    waiter->queued = 1;
    return eddyi_wait_park(waiter, kind);
}

/* Send, and tell the others; then whether it has failed. */
static int push_out(struct eddy_writer *writer)
{
    send_now(writer);
    wake_satisfied(writer);
    return writer->error;
}

int eddy_writer_drain(struct eddy_writer *writer, struct eddy_waiter *waiter)
{
    int error = writer_refusal(writer);
    if (error == 0 && writer->unsent > writer->options.high) {
        error = push_out(writer);
        if (error == 0 && writer->unsent > writer->options.low) {
            return park_in_writer(&writer->draining, waiter, &drain_kind);
        }
    }
    return error < 0 ? error : (int)eddyi_wait_settle(waiter, 0);
}

int eddy_writer_flush(struct eddy_writer *writer, struct eddy_waiter *waiter)
{
    int error = writer_refusal(writer);
    if (error == 0 && writer->unsent > 0) {
        uint32_t mark = (uint32_t)writer->put;
        error = push_out(writer);
        if (error == 0 && !is_reached(writer, mark)) {
            waiter->size = mark;
            return park_in_writer(&writer->flushing, waiter, &flush_kind);
        }
    }
    return error < 0 ? error : (int)eddyi_wait_settle(waiter, 0);
}
