/* eddy/reader.h - buffered reading: lines, frames, and as many bytes as you ask for.
 *
 *     eddy_reader_init(&my->reader, loop, eddy_stream_transport(&my->stream), 0);
 *     for (;;) {
 *         EDDY_AWAIT(my->n, eddy_reader_line(&my->reader, &my->line, me));
 *         if (my->n <= 0) break;
 *         ... my->line.data, my->line.size ...
 *     }
 *     eddy_reader_fini(&my->reader);
 *
 * A slice points into the reader's buffer: it is valid, and may be changed in place, until the next call on the reader.
 * What is asked for is consumed when the result is there, all at once: a read that is cancelled, times out or fails has
 * consumed nothing, and can be asked for again.
 *
 * A reader that waits with nothing buffered holds no buffer: it is borrowed from the loop's pool when bytes are there,
 * and before they are read. So none is lost when there is no memory: the read fails with -ENOMEM, and can be asked
 * again. The buffer grows with what comes, but never over the reader's limit. One may read at a time.
 */
#ifndef EDDY_READER_H
#define EDDY_READER_H

#include <eddy/transport.h>
#include <stddef.h>
#include <stdint.h>

EDDY_BEGIN_DECLS

/* The limit that 0 stands for. */
#define EDDY_READER_LIMIT 8192

struct eddy_slice {
    char *data;
    size_t size;
};

/* How a frame's length is written before it. */
enum eddy_prefix {
    EDDY_PREFIX_U8,
    EDDY_PREFIX_U16, /* big-endian, as the network has it */
    EDDY_PREFIX_U32,
    EDDY_PREFIX_U64,
    EDDY_PREFIX_U16_LE,
    EDDY_PREFIX_U32_LE,
    EDDY_PREFIX_U64_LE,
};

/* The caller owns the memory, some 256 bytes; it must not move until it is ended. */
struct eddy_reader {
    /* private */
    struct eddy_transport transport;
    struct eddy_loop *loop;                /* NULL: ended */
    ssize_t (*step)(struct eddy_reader *); /* of the operation in progress */
    char *block;                           /* NULL: nothing is buffered */
    size_t capacity;
    size_t start; /* of what is buffered */
    size_t end;
    size_t scanned; /* of what is buffered, how much holds no delimiter */
    size_t wanted;  /* bytes that must be buffered before it is worth looking again; 0: none are to be */
    size_t limit;
    size_t usual; /* capacity of a fresh block */
    size_t size;
    size_t max;
    struct eddy_slice *slice; /* where the result goes */
    union {
        void *buffer;
        const char *delimiter;
    };
    uint8_t delimiter_size;
    uint8_t prefix;
    bool at_end;                /* seen by the operation in progress */
    bool own_reads;             /* its result is a number of bytes */
    uint8_t arrived;            /* bytes in `early` */
    char early[16];             /* what a read in place of a wait brings */
    struct eddy_waiter *waiter; /* who reads */
    struct eddy_waiter own;     /* waits for the transport */
};

/* Start to read from `transport`, which stays yours, and buffer `limit` bytes at the most; 0: EDDY_READER_LIMIT; over
 * EDDY_IO_MAX counts as that. Cannot fail, and allocates nothing. */
EDDY_API void eddy_reader_init(struct eddy_reader *reader, struct eddy_loop *loop, struct eddy_transport transport,
                               size_t limit);

/* Stop: who reads is woken with -ESHUTDOWN, what is buffered is dropped, the buffer given back, and so before the loop
 * ends. The transport stays open. Allowed twice, and on zeroed memory. */
EDDY_API void eddy_reader_fini(struct eddy_reader *reader);

/* Every function with a waiter may also return, consuming nothing: what the transport's read returns when it fails,
 * such as -ECONNRESET, or -ESHUTDOWN once it is closed; -EBUSY: somebody reads already; -ENOMEM: no buffer; -ESHUTDOWN:
 * ended; -ECHILD; parked: -ECANCELED, -ETIMEDOUT. */

/* 1 to `size` bytes into `buffer`: what is buffered, or else what comes, straight into it. 0: the end (or size is 0).
 * -EINVAL: over EDDY_IO_MAX. */
EDDY_API ssize_t eddy_reader_read(struct eddy_reader *reader, void *buffer, size_t size,
                                  struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* `size` bytes into `buffer`; fewer, and they are consumed, if the end comes first: 0 when there were none. -EMSGSIZE:
 * over the reader's limit (read larger things piece by piece, with eddy_reader_read()). */
EDDY_API ssize_t eddy_reader_read_exactly(struct eddy_reader *reader, void *buffer, size_t size,
                                          struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* Bytes up to and with the first `delimiter` (1 to 64 bytes, which must stay until the result is there). > 0: how many;
 * the slice is without the delimiter. 0: the end, with nothing left. -EMSGSIZE: the delimiter is there, but with more
 * than `max` bytes before it (0: no limit but the reader's); `slice` is what precedes it, and eddy_reader_consume() can
 * pass over it; -ENOBUFS: the buffer is full and has no delimiter; -ENODATA: the end came before one. In all three
 * cases the bytes stay, for eddy_reader_read() or eddy_reader_peek(). -EINVAL: the delimiter's size. */
EDDY_API ssize_t eddy_reader_until(struct eddy_reader *reader, const char *delimiter, size_t size, size_t max,
                                   struct eddy_slice *slice, struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* A line. > 0: its bytes with its ending; the slice is without "\n" or "\r\n", and a NUL follows it. The last line may
 * lack its ending: the result is then the slice's size. 0: the end. -ENOBUFS: the buffer is full, and the line has not
 * ended: it is, with its ending, longer than the reader's limit; it stays. -ENODATA: reading was ended on this side
 * (eddy_stream_end_reading(), the stop of a server) in the middle of a line, which stays. */
EDDY_API ssize_t eddy_reader_line(struct eddy_reader *reader, struct eddy_slice *line,
                                  struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* A frame: a length as `prefix` says, and so many bytes, which are the slice. > 0: the bytes of both; a frame may be
 * empty. 0: the end, where a frame may begin. -EMSGSIZE: the length is over `max` (0: no limit but the reader's), and
 * nothing more was read; -ENOBUFS: over what the reader's limit has room for; -ENODATA: the end came within a frame;
 * -EINVAL: no such prefix. The bytes stay. */
EDDY_API ssize_t eddy_reader_frame(struct eddy_reader *reader, enum eddy_prefix prefix, size_t max,
                                   struct eddy_slice *frame, struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* See at least `size` bytes without consuming them: the slice is all that is buffered; its size is the result, which is
 * below `size` only at the end. With size 0: what is buffered now; nothing is read. -EMSGSIZE: over the reader's limit.
 * For parsers: peek 1, parse, consume; and when it wants more, peek one more than there was. */
EDDY_API ssize_t eddy_reader_peek(struct eddy_reader *reader, size_t size, struct eddy_slice *slice,
                                  struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* Consume `size` of the buffered bytes, or all if there are fewer. Slices given before stay valid until the next
 * read. */
EDDY_API void eddy_reader_consume(struct eddy_reader *reader, size_t size);

/* How many bytes are buffered. */
EDDY_API size_t eddy_reader_buffered(const struct eddy_reader *reader);

/* The reader as a transport: it reads what is buffered and then the transport beneath, and writes to that. What follows
 * a header can so be handed on. Its close ends the reader and closes the transport beneath. */
EDDY_API struct eddy_transport eddy_reader_transport(struct eddy_reader *reader);

EDDY_END_DECLS

#endif
