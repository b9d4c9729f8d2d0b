/* A reader against a naive one that has all bytes before it: random operations, random pieces, cancels, withdrawals,
 * deadlines and memory that fails. Nothing may be lost, and nothing may come twice. */
#define _GNU_SOURCE
#include "support/coro.h"

#include "support/source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MODEL_BYTES = 2000, MODEL_OPERATIONS = 100000 };

enum model_kind { MODEL_READ, MODEL_EXACTLY, MODEL_UNTIL, MODEL_LINE, MODEL_FRAME, MODEL_PEEK, MODEL_KINDS };

struct model_op {
    enum model_kind kind;
    size_t size;
    size_t max;
    const char *delimiter;
    enum eddy_prefix prefix;
};

struct model {
    struct coro *c;
    struct source source;
    struct eddy_reader reader;
    struct eddy_waiter waiter;
    struct eddy_slice slice;
    size_t limit;
    size_t position; /* of what is not consumed */
    uint64_t random;
    bool is_woken;
    bool no_memory;
    char data[MODEL_BYTES];
    char buffer[4096];
    unsigned results[MODEL_KINDS][3]; /* of each kind: values, ends, errors */
    unsigned cancels, shortages;
};

static unsigned pick(struct model *m, unsigned below)
{
    m->random ^= m->random << 13;
    m->random ^= m->random >> 7;
    m->random ^= m->random << 17;
    return (unsigned)(m->random >> 11) % below;
}

/* ---- The naive reader ------------------------------------------------------------------ */

static size_t prefix_size(enum eddy_prefix prefix)
{
    static const size_t sizes[] = {1, 2, 4, 8, 2, 4, 8};
    return sizes[prefix];
}

static uint64_t prefix_value(enum eddy_prefix prefix, const char *data)
{
    uint64_t value = 0;
    size_t size = prefix_size(prefix);
    for (size_t i = 0; i < size; i++) {
        value = value * 256 + (unsigned char)data[prefix >= EDDY_PREFIX_U16_LE ? size - 1 - i : i];
    }
    return value;
}

static ssize_t naive_undelimited(const struct model *m, size_t there, ssize_t at_end)
{
    return there >= m->limit ? -ENOBUFS : there == 0 ? 0 : at_end;
}

/* What an operation comes to when all bytes and the end are there; `*from` and `*size` are its bytes. */
static ssize_t naive(const struct model *m, const struct model_op *op, size_t *from, size_t *size)
{
    const char *data = m->data + m->position;
    size_t there = m->source.size - m->position;
    size_t seen = there < m->limit ? there : m->limit;
    *from = 0;
    switch (op->kind) {
    case MODEL_READ:
        *size = there < op->size ? there : op->size; /* at most */
        return (ssize_t)*size;
    case MODEL_EXACTLY:
        *size = there < op->size ? there : op->size;
        return op->size > m->limit ? -EMSGSIZE : (ssize_t)*size;
    case MODEL_PEEK:
        *size = there < op->size ? there : op->size; /* at least */
        return op->size > m->limit ? -EMSGSIZE : (ssize_t)*size;
    case MODEL_UNTIL: {
        const char *found = memmem(data, seen, op->delimiter, strlen(op->delimiter));
        if (found == NULL) {
            return naive_undelimited(m, there, -ENODATA);
        }
        *size = (size_t)(found - data);
        return op->max > 0 && *size > op->max ? -EMSGSIZE : (ssize_t)(*size + strlen(op->delimiter));
    }
    case MODEL_LINE: {
        const char *found = memchr(data, '\n', seen);
        *size = found != NULL ? (size_t)(found - data) : seen;
        if (found == NULL) {
            return naive_undelimited(m, there, (ssize_t)there);
        }
        size_t all = *size + 1;
        *size -= *size > 0 && data[*size - 1] == '\r';
        return (ssize_t)all;
    }
    default: {
        size_t prefix = prefix_size(op->prefix);
        if (prefix > m->limit) {
            return -ENOBUFS;
        }
        if (there < prefix) {
            return there == 0 ? 0 : -ENODATA;
        }
        uint64_t length = prefix_value(op->prefix, data);
        if (op->max > 0 && length > op->max) {
            return -EMSGSIZE;
        }
        if (length > m->limit - prefix) {
            return -ENOBUFS;
        }
        *from = prefix;
        *size = (size_t)length;
        return there < prefix + length ? -ENODATA : (ssize_t)(prefix + length);
    }
    }
}

/* ---- The real one ---------------------------------------------------------------------- */

static void on_model(struct eddy_waiter *waiter)
{
    EDDY_CONTAINER(waiter, struct model, waiter)->is_woken = true;
}

static ssize_t begin(struct model *m, const struct model_op *op)
{
    switch (op->kind) {
    case MODEL_READ:
        return eddy_reader_read(&m->reader, m->buffer, op->size, &m->waiter);
    case MODEL_EXACTLY:
        return eddy_reader_read_exactly(&m->reader, m->buffer, op->size, &m->waiter);
    case MODEL_UNTIL:
        return eddy_reader_until(&m->reader, op->delimiter, strlen(op->delimiter), op->max, &m->slice, &m->waiter);
    case MODEL_LINE:
        return eddy_reader_line(&m->reader, &m->slice, &m->waiter);
    case MODEL_FRAME:
        return eddy_reader_frame(&m->reader, op->prefix, op->max, &m->slice, &m->waiter);
    default:
        return eddy_reader_peek(&m->reader, op->size, &m->slice, &m->waiter);
    }
}

static void set_memory(struct model *m, bool none)
{
    coro_no_memory(m->c, none);
    m->no_memory = none;
}

static void check_idle(const struct model *m)
{
    assert_true(eddy_reader_buffered(&m->reader) <= m->limit);
    assert_int_equal(eddy_reader_buffered(&m->reader), m->source.at - m->position);
    if (m->reader.waiter != NULL && eddy_reader_buffered(&m->reader) == 0) {
        assert_null(m->reader.block);
    }
    assert_int_equal(m->c->loop.scheduler.arms, m->reader.waiter != NULL);
}

/* One attempt at the operation: its result, which may be one of ours. */
static ssize_t attempt(struct model *m, const struct model_op *op)
{
    ssize_t result = begin(m, op);
    while (result == EDDY_PENDING) {
        check_idle(m);
        switch (pick(m, 10)) {
        case 0:
            assert_true(eddy_wait_cancel(&m->waiter));
            break;
        case 1:
            result = eddy_wait_withdraw(&m->waiter);
            assert_int_equal(result, EDDY_PENDING);
            result = -ECANCELED;
            continue;
        case 2:
            eddy_wait_until(&m->waiter, eddy_loop_now(&m->c->loop));
            source_feed(&m->source, pick(m, 2));
            break;
        case 3:
            assert_int_equal(eddy_reader_line(&m->reader, &m->slice, &m->waiter), -EBUSY);
            break;
        case 4:
            source_feed(&m->source, 0); /* woken for nothing, or by the end */
            break;
        default:
            source_feed(&m->source, 1 + pick(m, pick(m, 16) == 0 ? 400 : 6));
            if (pick(m, 30) == 0) {
                assert_true(eddy_wait_cancel(&m->waiter)); /* the bytes are on their way */
            }
            break;
        }
        m->is_woken = false;
        coro_settle(m->c);
        if (m->is_woken) {
            result = m->waiter.result;
        } else { /* or it would have to be over */
            assert_int_equal(m->source.at, m->source.arrived);
            assert_true(op->kind != MODEL_READ || m->source.at == m->position);
        }
    }
    return result;
}

static void check_bytes(const struct model *m, const char *data, size_t from, size_t size)
{
    assert_memory_equal(data, m->data + m->position + from, size);
}

/* Compare, and count what is consumed. */
static void check_result(struct model *m, const struct model_op *op, ssize_t result)
{
    size_t from = 0, size = 0;
    ssize_t expected = naive(m, op, &from, &size);
    m->results[op->kind][result > 0 ? 0 : result == 0 ? 1 : 2]++;
    if (op->kind == MODEL_READ) {
        assert_true(expected > 0 ? result > 0 && result <= expected : result == 0);
        check_bytes(m, m->buffer, 0, (size_t)result);
        m->position += (size_t)result;
        return;
    }
    if (op->kind == MODEL_PEEK && expected >= 0) {
        assert_true(result >= expected && (size_t)result == m->slice.size);
        check_bytes(m, m->slice.data, 0, m->slice.size);
        size_t count = pick(m, (unsigned)result + 2);
        eddy_reader_consume(&m->reader, count);
        m->position += count < (size_t)result ? count : (size_t)result;
        return;
    }
    assert_int_equal(result, expected);
    if (op->kind == MODEL_EXACTLY && result > 0) {
        check_bytes(m, m->buffer, 0, size);
    } else if (op->kind != MODEL_EXACTLY && (result > 0 || (result == -EMSGSIZE && op->kind == MODEL_UNTIL))) {
        assert_int_equal(m->slice.size, size);
        check_bytes(m, m->slice.data, from, size);
        if (op->kind == MODEL_LINE) {
            assert_int_equal(m->slice.data[size], '\0');
        }
    }
    m->position += result > 0 ? (size_t)result : 0;
}

static struct model_op pick_op(struct model *m)
{
    static const char *const delimiters[] = {"\n", "\r\n", "aab", "\r\n\r\n", "a", "aaaa"};
    struct model_op op = {.kind = (enum model_kind)pick(m, MODEL_KINDS)};
    op.size = 1 + pick(m, (unsigned)m->limit + 2);
    op.max = pick(m, 2) * (1 + pick(m, 12));
    op.delimiter = delimiters[pick(m, 6)];
    op.prefix = (enum eddy_prefix)pick(m, 7);
    return op;
}

static void run_op(struct model *m)
{
    struct model_op op = pick_op(m);
    ssize_t result;
    for (;;) {
        set_memory(m, pick(m, 6) == 0);
        result = attempt(m, &op);
        m->cancels += result == -ECANCELED || result == -ETIMEDOUT;
        m->shortages += result == -ENOMEM;
        assert_true(result != -ENOMEM || m->no_memory);
        if (result != -ECANCELED && result != -ETIMEDOUT && result != -ENOMEM) {
            break;
        }
        check_idle(m);
        if (pick(m, 3) == 0) { /* have another kind go on where this was interrupted */
            op = pick_op(m);
        }
    }
    check_result(m, &op, result);
    check_idle(m);
}

static void start_model(struct model *m, size_t limit, bool waits)
{
    static const char alphabet[] = {'a', 'b', '\r', '\n', 0, 0, 1, 2, 3, 0};
    unsigned letters = 4 + 6 * pick(m, 2);
    unsigned rare = 1 + pick(m, 40);
    char usual = letters > 4 && pick(m, 2) == 0 ? '\0' : 'a';
    m->source = (struct source){.data = m->data, .waits = waits, .has_end = true, .most = pick(m, 3) * pick(m, 9)};
    m->source.size = pick(m, MODEL_BYTES);
    for (size_t i = 0; i < m->source.size; i++) {
        m->data[i] = pick(m, rare) == 0 ? alphabet[pick(m, letters)] : usual;
    }
    m->limit = limit;
    m->position = 0;
    eddy_reader_init(&m->reader, &m->c->loop, source_transport(&m->source), limit);
    eddy_waiter_init(&m->waiter, &m->c->loop, on_model);
}

static void run_model(struct coro *c, bool waits)
{
    struct model *m = calloc(1, sizeof *m);
    assert_non_null(m);
    m->c = c;
    m->random = 88172645463325252ull;
    unsigned operations = 0;
    while (operations < MODEL_OPERATIONS) {
        static const size_t limits[] = {1, 2, 7, 16, 17, 60, 300, 1100, 3000};
        start_model(m, limits[pick(m, 9)], waits);
        for (unsigned same = 0; same < 6 && operations < MODEL_OPERATIONS; operations++) {
            size_t before = m->position;
            run_op(m);
            same = m->position == before ? same + 1 : 0;
            if (same == 3) { /* what stands there is over every limit: pass over some of it */
                eddy_reader_consume(&m->reader, 1);
                m->position += m->source.at > m->position;
            }
        }
        set_memory(m, false);
        eddy_reader_fini(&m->reader);
        eddy_reader_fini(&m->reader);
        assert_true(coro_is_clean(c));
    }
    for (int kind = 0; kind < MODEL_KINDS; kind++) {
        assert_true(m->results[kind][0] > 500);
        assert_true(m->results[kind][1] > 50);
        assert_true(m->results[kind][2] > 500 || kind == MODEL_READ);
    }
    assert_true(m->cancels > 5000 && m->shortages > 200);
    free(m);
}

static void a_reader_that_waits_does_as_a_naive_one(void **state)
{
    run_model(*state, true);
}

static void a_reader_of_a_transport_that_cannot_wait_does_as_a_naive_one(void **state)
{
    run_model(*state, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(a_reader_that_waits_does_as_a_naive_one),
        coro_test(a_reader_of_a_transport_that_cannot_wait_does_as_a_naive_one),
    };
    return cmocka_run_group_tests_name("reader_model", tests, NULL, NULL);
}
