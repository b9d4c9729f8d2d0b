#include "io/writer.h"

#include "io/framing.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Copy to where there is room, and so on in the next block. */
static void copy_into_writer(struct eddy_writer *writer, const char *data, size_t size)
{
    while (size > 0) {
        size_t room = eddyi_writer_room(writer);
        if (room == 0) {
            writer->last = writer->last->next;
            continue;
        }
        size_t count = size < room ? size : room;
        memcpy(writer->last->data + writer->last->end, data, count);
        writer->last->end += (uint32_t)count;
        data += count;
        size -= count;
    }
}

int eddy_writer_put(struct eddy_writer *writer, const void *data, size_t size)
{
    const struct iovec part = {(void *)(uintptr_t)data, size}; /* only ever read */
    return eddy_writer_putv(writer, &part, 1);
}

int eddy_writer_putv(struct eddy_writer *writer, const struct iovec *parts, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        size = parts[i].iov_len <= SIZE_MAX - size ? size + parts[i].iov_len : SIZE_MAX;
    }
    int error = eddyi_writer_admit(writer, size);
    if (error == 0) {
        error = eddyi_writer_make_room(writer, size, true);
    }
    if (error < 0) {
        return error;
    }
    for (size_t i = 0; i < count; i++) {
        copy_into_writer(writer, parts[i].iov_base, parts[i].iov_len);
    }
    eddyi_writer_note_put(writer, size);
    return 0;
}

int eddy_writer_frame(struct eddy_writer *writer, enum eddy_prefix prefix, const void *data, size_t size)
{
    unsigned char bytes[EDDYI_PREFIX_MAX];
    int prefix_size = eddyi_prefix_write(prefix, size, bytes);
    if (prefix_size < 0) {
        return prefix_size;
    }
    const struct iovec parts[] = {{bytes, (size_t)prefix_size}, {(void *)(uintptr_t)data, size}};
    return eddy_writer_putv(writer, parts, 2);
}

/* ---- In place -------------------------------------------------------------------------- */

char *eddy_writer_reserve(struct eddy_writer *writer, size_t size, int *error)
{
    *error = size > EDDY_WRITER_RESERVE ? -EINVAL : eddyi_writer_admit(writer, size);
    if (*error == 0) {
        *error = eddyi_writer_make_room(writer, size > 0 ? size : 1, false);
    }
    return *error == 0 ? writer->last->data + writer->last->end : NULL;
}

void eddy_writer_commit(struct eddy_writer *writer, size_t size)
{
    if (writer->last != NULL) {
        assert(size <= eddyi_writer_room(writer) && "no more is committed than was reserved");
        writer->last->end += (uint32_t)size;
        eddyi_writer_note_put(writer, size);
    }
}

/* ---- Text ------------------------------------------------------------------------------ */

int eddy_writer_printf(struct eddy_writer *writer, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    int error = eddy_writer_vprintf(writer, format, values);
    va_end(values);
    return error;
}

int eddy_writer_vprintf(struct eddy_writer *writer, const char *format, va_list values)
{
    int error = eddyi_writer_admit(writer, 0);
    if (error < 0) {
        return error;
    }
    size_t room = eddyi_writer_room(writer);
    uint64_t sends = writer->sends;
    va_list again;
    va_copy(again, values);
    errno = 0;
    int size = vsnprintf(room > 0 ? writer->last->data + writer->last->end : NULL, room, format, values);
    error = size >= 0 ? eddyi_writer_admit(writer, (size_t)size) : errno != 0 ? -errno : -EINVAL;
    if (error == 0 && ((size_t)size >= room || writer->sends != sends)) { /* its NUL needs room, too */
        error = eddyi_writer_make_room(writer, (size_t)size + 1, false);
        if (error == 0) {
            vsnprintf(writer->last->data + writer->last->end, (size_t)size + 1, format, again);
        }
    }
    va_end(again);
    if (error == 0) {
        eddy_writer_commit(writer, (size_t)size);
    }
    return error;
}
