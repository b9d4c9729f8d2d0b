#include "io/framing.h"

#include "io/reader.h"
#include "io/stream.h"

#include <errno.h>
#include <string.h>

#define DELIMITER_MAX 64

/* Where the first delimiter begins in what is buffered; its size: there is none. What was looked at before is not
 * again, but for where a delimiter may have begun. */
static size_t find_delimiter(struct eddy_reader *reader)
{
    const char *data = eddyi_reader_data(reader);
    size_t size = eddyi_reader_size(reader);
    size_t length = reader->delimiter_size;
    size_t at = reader->scanned;
    while (size - at >= length) {
        const char *first = memchr(data + at, reader->delimiter[0], size - at - length + 1);
        if (first == NULL) {
            at = size - length + 1;
            break;
        }
        at = (size_t)(first - data);
        if (memcmp(first, reader->delimiter, length) == 0) {
            return at;
        }
        at++;
    }
    reader->scanned = at;
    return size;
}

/* No delimiter yet: wait for more, or, if there can be no more, say why; `at_end` is what to say at the end. */
static ssize_t undelimited(struct eddy_reader *reader, ssize_t at_end)
{
    size_t size = eddyi_reader_size(reader);
    if (reader->at_end) {
        return size == 0 ? 0 : at_end;
    }
    if (size >= reader->limit) {
        return -ENOBUFS;
    }
    reader->wanted = size + 1;
    return EDDY_PENDING;
}

static ssize_t step_until(struct eddy_reader *reader)
{
    size_t found = find_delimiter(reader);
    if (found == eddyi_reader_size(reader)) {
        return undelimited(reader, -ENODATA);
    }
    *reader->slice = (struct eddy_slice){eddyi_reader_data(reader), found};
    if (reader->max > 0 && found > reader->max) {
        return -EMSGSIZE;
    }
    reader->start += found + reader->delimiter_size;
    return (ssize_t)(found + reader->delimiter_size);
}

ssize_t eddy_reader_until(struct eddy_reader *reader, const char *delimiter, size_t size, size_t max,
                          struct eddy_slice *slice, struct eddy_waiter *waiter)
{
    static const struct eddy_wait_kind kind = {
        .name = "read until", .unpark = eddyi_reader_unpark, .expiry = -ETIMEDOUT};
    int error = eddyi_reader_begin(reader);
    if (error < 0 || size - 1 >= DELIMITER_MAX) {
        return error < 0 ? error : -EINVAL;
    }
    reader->delimiter = delimiter;
    reader->delimiter_size = (uint8_t)size;
    reader->max = max;
    reader->slice = slice;
    return eddyi_reader_do(reader, step_until, &kind, waiter);
}

/* Whether the end is this side's doing: what has come of a line is not all of it then. */
static bool is_cut_off(const struct eddy_reader *reader)
{
    const struct eddy_stream *stream = eddy_transport_stream(reader->transport);
    return stream != NULL && (stream->state & EDDYI_READ_ENDED) != 0;
}

static ssize_t step_line(struct eddy_reader *reader)
{
    char *data = eddyi_reader_data(reader);
    size_t size = eddyi_reader_size(reader);
    size_t scanned = reader->scanned;
    const char *ending = size > scanned ? memchr(data + scanned, '\n', size - scanned) : NULL;
    reader->scanned = size;
    size_t length = size;
    if (ending != NULL) {
        length = (size_t)(ending - data);
        size = length + 1;
        length -= length > 0 && data[length - 1] == '\r';
    } else {
        ssize_t result = undelimited(reader, is_cut_off(reader) ? -ENODATA : (ssize_t)size);
        if (result <= 0) {
            return result;
        }
    }
    data[length] = '\0'; /* a block has room for it */
    *reader->slice = (struct eddy_slice){data, length};
    reader->start += size;
    return (ssize_t)size;
}

ssize_t eddy_reader_line(struct eddy_reader *reader, struct eddy_slice *line, struct eddy_waiter *waiter)
{
    static const struct eddy_wait_kind kind = {
        .name = "read line", .unpark = eddyi_reader_unpark, .expiry = -ETIMEDOUT};
    int error = eddyi_reader_begin(reader);
    if (error < 0) {
        return error;
    }
    reader->buffer = NULL;
    reader->slice = line;
    return eddyi_reader_do(reader, step_line, &kind, waiter);
}

/* ---- Frames ---------------------------------------------------------------------------- */

struct prefix_form {
    uint8_t size;
    bool is_little; /* the least byte comes first */
};

/* NULL: there is none of that name. */
static const struct prefix_form *form_of(enum eddy_prefix prefix)
{
    static const struct prefix_form forms[] = {
        [EDDY_PREFIX_U8] = {1, false},    [EDDY_PREFIX_U16] = {2, false},   [EDDY_PREFIX_U32] = {4, false},
        [EDDY_PREFIX_U64] = {8, false},   [EDDY_PREFIX_U16_LE] = {2, true}, [EDDY_PREFIX_U32_LE] = {4, true},
        [EDDY_PREFIX_U64_LE] = {8, true},
    };
    return (unsigned)prefix < sizeof forms / sizeof *forms ? &forms[prefix] : NULL;
}

size_t eddyi_prefix_size(enum eddy_prefix prefix)
{
    const struct prefix_form *form = form_of(prefix);
    return form != NULL ? form->size : 0;
}

int eddyi_prefix_write(enum eddy_prefix prefix, uint64_t length, unsigned char bytes[EDDYI_PREFIX_MAX])
{
    const struct prefix_form *form = form_of(prefix);
    if (form == NULL) {
        return -EINVAL;
    }
    for (unsigned i = 0; i < form->size; i++) {
        bytes[form->is_little ? i : form->size - 1u - i] = (unsigned char)(length & 0xff);
        length >>= 8;
    }
    return length == 0 ? form->size : -EMSGSIZE;
}

static uint64_t read_prefix(const struct prefix_form *form, const unsigned char *bytes)
{
    uint64_t length = 0;
    for (unsigned i = 0; i < form->size; i++) {
        length = length << 8 | bytes[form->is_little ? form->size - 1u - i : i];
    }
    return length;
}

/* Wait for `size` bytes in all. */
static ssize_t want_frame(struct eddy_reader *reader, size_t size)
{
    if (size > reader->limit) {
        return -ENOBUFS;
    }
    if (reader->at_end) {
        return eddyi_reader_size(reader) == 0 ? 0 : -ENODATA;
    }
    reader->wanted = size;
    return EDDY_PENDING;
}

static ssize_t step_frame(struct eddy_reader *reader)
{
    const struct prefix_form *form = form_of((enum eddy_prefix)reader->prefix);
    size_t size = eddyi_reader_size(reader);
    if (size < form->size) {
        return want_frame(reader, form->size);
    }
    char *data = eddyi_reader_data(reader);
    uint64_t length = read_prefix(form, (const unsigned char *)data);
    if (reader->max > 0 && length > reader->max) {
        return -EMSGSIZE;
    }
    if (length > reader->limit - form->size) {
        return -ENOBUFS;
    }
    size_t all = form->size + (size_t)length;
    if (size < all) {
        return want_frame(reader, all);
    }
    *reader->slice = (struct eddy_slice){data + form->size, (size_t)length};
    reader->start += all;
    return (ssize_t)all;
}

ssize_t eddy_reader_frame(struct eddy_reader *reader, enum eddy_prefix prefix, size_t max, struct eddy_slice *frame,
                          struct eddy_waiter *waiter)
{
    static const struct eddy_wait_kind kind = {
        .name = "read frame", .unpark = eddyi_reader_unpark, .expiry = -ETIMEDOUT};
    int error = eddyi_reader_begin(reader);
    if (error < 0 || form_of(prefix) == NULL) {
        return error < 0 ? error : -EINVAL;
    }
    reader->buffer = NULL;
    reader->prefix = (uint8_t)prefix;
    reader->max = max;
    reader->slice = frame;
    return eddyi_reader_do(reader, step_frame, &kind, waiter);
}
