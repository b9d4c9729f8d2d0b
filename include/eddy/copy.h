/* eddy/copy.h - bytes from one transport to another, one way or both.
 *
 *     EDDY_CALL(my->n, eddy_copy, .from = eddy_stream_transport(&my->a), .to = eddy_stream_transport(&my->b));
 *
 * Between two sockets bytes that come in bulk do not pass through the program: they are spliced, through a pipe, unless there
 * is no descriptor left for one or the loop has EDDY_KEEP_SIGPIPE. No more is read until what was read is written, so who
 * receives slowly slows down who sends.
 */
#ifndef EDDY_COPY_H
#define EDDY_COPY_H

#include <eddy/frame.h>
#include <eddy/group.h>
#include <eddy/transport.h>

EDDY_BEGIN_DECLS

#ifndef __cplusplus

/* Copy until `from` ends, or `limit` bytes are through: nothing beyond it is read. Returns how many went, or the first error
 * of either side; -ENOMEM: no buffer. `copied` points, if it is not NULL, to what counts them meanwhile, from 0: a copy
 * that fails or is cancelled tells so how far it came. What was read and not yet written is then lost.
 * While it waits for `from` it holds no buffer. */
struct eddy_copy {
    EDDY_FRAME_RET(ssize_t);
    /* arguments */
    struct eddy_transport from;
    struct eddy_transport to;
    uint64_t limit;   /* 0: none */
    uint64_t *copied; /* or NULL */
    bool shutdown;    /* when `from` has ended, shut `to` down */
    /* private */
    uint64_t count;
    char *buffer;
    size_t held;  /* bytes in the buffer */
    size_t piped; /* and in the pipe */
    ssize_t n;
    ssize_t failure; /* that came after what is held */
    int pipe[2];
    bool has_pipe;
    bool is_bulk; /* worth a pipe */
    bool cannot_splice;
    bool is_writing;
    bool reads_first;
    char first; /* byte of what comes after a wait, if that was a read */
};
EDDY_API EDDY_CORO_DECLARE(eddy_copy);

/* Copy both ways at once, until both have ended: an end is passed on as a shutdown, and the other direction goes
 * on. Returns 0, or the first error of either direction, which cancels the other. Neither transport is closed. */
struct eddy_copy_both {
    EDDY_FRAME_RET(int);
    /* arguments */
    struct eddy_transport a;
    struct eddy_transport b;
    uint64_t *from_a; /* or NULL: counts the bytes of this direction, from 0 */
    uint64_t *from_b;
    /* private */
    struct eddy_catch failure;
    struct eddy_group ways;
    ssize_t n;
};
EDDY_API EDDY_CORO_DECLARE(eddy_copy_both);

#endif

EDDY_END_DECLS

#endif
