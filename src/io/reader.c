/* An operation is a step that is run again whenever there is more: from what is buffered, from what the transport has,
 * and after a wait for it. The reader waits with a waiter of its own, so that who reads can leave at any time, and what
 * came stays. */
#include "io/reader.h"

#include "base/pool.h"
#include "io/stream.h"
#include "io/transport.h"

#include <errno.h>
#include <string.h>

/* A fresh block holds so much at first: with a byte more, for a NUL, the pool's largest class. */
#define READER_USUAL (EDDYI_POOL_BLOCK_MAX - 1)
#define READER_STEP ((size_t)64 * 1024)
#define READER_APART __attribute__((noinline)) /* keeps the usual way short */

static size_t reader_min(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* ---- The buffer ------------------------------------------------------------------------ */

static char *take_reader_block(struct eddy_reader *reader, size_t capacity)
{
    return eddyi_pool_take(&reader->loop->scheduler.pool, capacity + 1);
}

static void give_reader_block(struct eddy_reader *reader)
{
    if (reader->block != NULL) {
        eddyi_pool_give(&reader->loop->scheduler.pool, reader->block, reader->capacity + 1);
        reader->block = NULL;
        reader->capacity = 0;
    }
    reader->start = 0;
    reader->end = 0;
}

/* Who waits with nothing buffered holds no block. */
static void give_empty_block(struct eddy_reader *reader)
{
    if (eddyi_reader_size(reader) == 0) {
        give_reader_block(reader);
    }
}

/* Move what is buffered to a block of this capacity. */
static READER_APART int change_reader_block(struct eddy_reader *reader, size_t capacity)
{
    char *block = take_reader_block(reader, capacity);
    if (block == NULL) {
        return -ENOMEM;
    }
    size_t size = eddyi_reader_size(reader);
    if (size > 0) {
        memcpy(block, eddyi_reader_data(reader), size);
    }
    give_reader_block(reader);
    reader->block = block;
    reader->capacity = capacity;
    reader->end = size;
    return 0;
}

/* So much of `wanted` as there is to have room for now: what is only announced takes no memory. */
static size_t wanted_now(const struct eddy_reader *reader)
{
    size_t most = 2 * eddyi_reader_size(reader) + 1;
    return reader_min(reader->wanted, most > READER_STEP ? most : READER_STEP);
}

/* Have room for `wanted` bytes in all, or for some of them, and so for one at least. */
static READER_APART int make_reader_room(struct eddy_reader *reader)
{
    size_t wanted = wanted_now(reader);
    size_t wished = wanted > reader->usual ? wanted : reader->usual;
    if (wished > reader->capacity) {
        bool must = wanted > reader->capacity;
        size_t twice = must ? 2 * reader->capacity + 1 : 0;
        int error = change_reader_block(reader, reader_min(wished > twice ? wished : twice, reader->limit));
        if (error == 0 || must) {
            return error;
        }
    }
    size_t size = eddyi_reader_size(reader);
    bool is_short = reader->capacity - reader->end < reader->start || wanted > reader->capacity - reader->start;
    if (size == 0 || is_short) {
        memmove(reader->block, eddyi_reader_data(reader), size);
        reader->start = 0;
        reader->end = size;
    }
    return 0;
}

/* Blocks become as large as what comes. */
static void note_filled(struct eddy_reader *reader, size_t count, size_t room)
{
    if (count == room && reader->usual <= reader->capacity) {
        reader->usual = reader_min(2 * reader->capacity + 1, reader->limit);
    } else if (count < reader->usual / 8 && reader->usual > READER_USUAL) {
        reader->usual = reader->usual / 2 > READER_USUAL ? reader->usual / 2 : READER_USUAL;
    }
}

/* The same where nothing is buffered, and no more is wanted than usual. */
static int take_usual_block(struct eddy_reader *reader)
{
    reader->block = take_reader_block(reader, reader->usual);
    reader->capacity = reader->block != NULL ? reader->usual : 0;
    return reader->block != NULL ? 0 : -ENOMEM;
}

/* As a read of the transport, into the buffer. */
static ssize_t fill_reader(struct eddy_reader *reader)
{
    bool is_usual = reader->block == NULL && reader->wanted <= reader->usual;
    int error = is_usual ? take_usual_block(reader) : make_reader_room(reader);
    if (error < 0) {
        return error;
    }
    size_t room = reader->capacity - reader->end;
    ssize_t count = eddy_transport_try_read(reader->transport, reader->block + reader->end, room);
    if (count > 0) {
        reader->end += (size_t)count;
        note_filled(reader, (size_t)count, room);
    }
    return count;
}

/* ---- Waiting for the transport --------------------------------------------------------- */

/* A read in place of a wait has brought `count` bytes. */
static void note_arrived(struct eddy_reader *reader, size_t count)
{
    if (reader->block == NULL) {
        reader->arrived = (uint8_t)count;
    } else {
        reader->end += count;
    }
}

int eddyi_reader_settle_arrived(struct eddy_reader *reader)
{
    if (reader->arrived == 0) {
        return 0;
    }
    size_t wished = reader->usual > reader->arrived ? reader->usual : reader->arrived;
    int error = change_reader_block(reader, wished);
    if (error == 0) {
        memcpy(reader->block, reader->early, reader->arrived);
        reader->end = reader->arrived;
        reader->arrived = 0;
    }
    return error;
}

/* A transport that cannot wait reads: the first bytes, or into the room that is left. */
static READER_APART ssize_t read_to_wait(struct eddy_reader *reader)
{
    bool is_empty = reader->block == NULL;
    char *buffer = is_empty ? reader->early : reader->block + reader->end;
    size_t room = is_empty ? reader_min(sizeof reader->early, reader->limit) : reader->capacity - reader->end;
    ssize_t count = eddyi_inner_begun(&reader->own, eddy_transport_read(reader->transport, buffer, room, &reader->own));
    if (count > 0) {
        note_arrived(reader, (size_t)count);
    }
    return count;
}

/* >= 0: look again; EDDY_PENDING; or an error. */
static ssize_t wait_for_more(struct eddy_reader *reader)
{
    give_empty_block(reader);
    ssize_t result = eddyi_inner_begun(&reader->own, eddy_transport_wait(reader->transport, &reader->own));
    reader->own_reads = result == -EOPNOTSUPP;
    if (!reader->own_reads) {
        return result < 0 ? result : 1;
    }
    return read_to_wait(reader);
}

/* ---- Operations ------------------------------------------------------------------------ */

/* To try to read it would be in vain. */
static bool is_drained(const struct eddy_transport *transport)
{
    return transport->kind == &eddyi_stream_transport_kind && eddyi_stream_is_drained(transport->subject);
}

/* There is more than before: >= 0; or EDDY_PENDING, or an error. */
static ssize_t get_more(struct eddy_reader *reader)
{
    ssize_t result = reader->wanted > 0 && !is_drained(&reader->transport) ? fill_reader(reader) : -EAGAIN;
    if (result == -EAGAIN) {
        result = wait_for_more(reader);
    }
    reader->at_end = result == 0;
    return result < 0 || reader->arrived == 0 ? result : eddyi_reader_settle_arrived(reader);
}

/* After a step that wanted more. */
static ssize_t advance_reader(struct eddy_reader *reader)
{
    ssize_t result;
    do {
        result = get_more(reader);
        if (result < 0) {
            return result;
        }
        result = reader->step(reader);
    } while (result == EDDY_PENDING);
    return result;
}

static int park_at_reader(struct eddy_reader *reader, const struct eddy_wait_kind *kind, struct eddy_waiter *waiter)
{
    reader->waiter = waiter;
    waiter->transfer.subject = reader;
    return eddyi_wait_park(waiter, kind);
}

ssize_t eddyi_reader_go_on(struct eddy_reader *reader, eddyi_reader_step *step, const struct eddy_wait_kind *kind,
                           struct eddy_waiter *waiter)
{
    ssize_t result = EDDY_PENDING;
    if (reader->arrived > 0) {
        int error = eddyi_reader_settle_arrived(reader);
        result = error < 0 ? error : step(reader);
    }
    reader->step = step;
    if (result == EDDY_PENDING) {
        result = advance_reader(reader);
    }
    if (result != EDDY_PENDING) {
        return result < 0 ? result : eddyi_inner_settle(waiter, result);
    }
    eddyi_wait_check_memory(waiter, reader->slice);
    eddyi_wait_check_memory(waiter, reader->buffer);
    return park_at_reader(reader, kind, waiter);
}

/* There may be more, or a read in place of a wait has brought `count` bytes. */
static ssize_t look_again(struct eddy_reader *reader, size_t count)
{
    ssize_t result = 0;
    if (reader->own_reads) {
        note_arrived(reader, count);
        reader->at_end = count == 0;
        result = eddyi_reader_settle_arrived(reader);
    } else if (reader->wanted > 0) {
        return advance_reader(reader);
    }
    if (result == 0) {
        result = reader->step(reader);
    }
    return result == EDDY_PENDING ? advance_reader(reader) : result;
}

/* What is wanted once the bytes are there: they take a while. A task begins with its waiter. */
static inline void prefetch_operation(const struct eddy_reader *reader)
{
    __builtin_prefetch(reader->waiter);
    __builtin_prefetch((const char *)reader->waiter + 64);
    __builtin_prefetch(reader->slice);
}

static void on_reader_own(struct eddy_waiter *own)
{
    struct eddy_reader *reader = EDDY_CONTAINER(own, struct eddy_reader, own);
    ssize_t result = eddyi_inner_woken(own);
    prefetch_operation(reader);
    if (result >= 0 && reader->step != NULL) {
        result = look_again(reader, (size_t)result);
    }
    if (result != EDDY_PENDING) {
        struct eddy_waiter *waiter = reader->waiter;
        reader->waiter = NULL;
        eddyi_inner_finish(waiter, result);
    }
}

void eddyi_reader_unpark(struct eddy_waiter *waiter)
{
    struct eddy_reader *reader = waiter->transfer.subject;
    reader->waiter = NULL;
    ssize_t result = eddyi_inner_withdraw(&reader->own);
    if (result > 0 && reader->own_reads) {
        note_arrived(reader, (size_t)result);
    }
}

ssize_t eddyi_reader_wait(struct eddy_reader *reader, const struct eddy_wait_kind *kind, struct eddy_waiter *waiter)
{
    give_reader_block(reader);
    ssize_t result = eddyi_inner_begun(&reader->own, eddy_transport_wait(reader->transport, &reader->own));
    if (result != EDDY_PENDING) {
        return result;
    }
    reader->step = NULL;
    reader->own_reads = false;
    return park_at_reader(reader, kind, waiter);
}

/* ---- Life ------------------------------------------------------------------------------ */

void eddy_reader_init(struct eddy_reader *reader, struct eddy_loop *loop, struct eddy_transport transport, size_t limit)
{
    memset(reader, 0, sizeof *reader);
    reader->transport = transport;
    reader->loop = loop;
    reader->limit = limit > 0 ? reader_min(limit, EDDY_IO_MAX) : EDDY_READER_LIMIT;
    reader->usual = reader_min(READER_USUAL, reader->limit);
    eddy_waiter_init(&reader->own, loop, on_reader_own);
}

void eddy_reader_fini(struct eddy_reader *reader)
{
    struct eddy_waiter *waiter = reader->waiter;
    if (waiter == NULL && reader->block == NULL) { /* its loop may be gone */
        reader->arrived = 0;
        reader->loop = NULL;
        return;
    }
    if (!eddyi_loop_is_usable(reader->loop)) {
        return;
    }
    if (waiter != NULL) {
        eddyi_reader_unpark(waiter);
    }
    give_reader_block(reader);
    reader->arrived = 0;
    reader->loop = NULL;
    if (waiter != NULL) {
        eddy_wait_wake(waiter, -ESHUTDOWN);
    }
}
