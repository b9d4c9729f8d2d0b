/* eddy/signal.h - wait for a signal as for anything else.
 *
 *     struct eddy_signal interrupt;
 *     int error = eddy_signal_open(&interrupt, loop, SIGINT);
 *     ssize_t number = eddy_signal_wait(&interrupt, &waiter);
 *
 * From open to close the signal is blocked on this thread and kept here: several that come
 * before you wait count as one. Threads that were started earlier must block it
 * themselves. A number can be open several times in one loop: each hears every signal. Two
 * loops of one process must not share a number.
 */
#ifndef EDDY_SIGNAL_H
#define EDDY_SIGNAL_H

#include <eddy/list.h>
#include <eddy/wait.h>

EDDY_BEGIN_DECLS

/* The caller owns the memory; it must not move until it is closed. */
struct eddy_signal {
    /* read-only */
    int number;
    bool pending; /* came, and was not waited for here yet */
    /* private */
    bool taken; /* but elsewhere in the loop */
    struct eddy_loop *loop;
    struct eddy_waiter *waiter;
    struct eddy_list link;
};

/* Start to keep signal `number`. 0; -EINVAL: no such signal, or SIGKILL or SIGSTOP; -ENOMEM,
 * -EMFILE, -ENFILE, -ENOSPC; -ECHILD. After an error nothing has changed. */
EDDY_API int eddy_signal_open(struct eddy_signal *signal, struct eddy_loop *loop, int number) EDDY_CHECK_RESULT;

/* Park until the signal comes, or take one that came. > 0: its number. -EBUSY: somebody waits
 * here already; -ESHUTDOWN: closed; -ECHILD. */
EDDY_API ssize_t eddy_signal_wait(struct eddy_signal *signal, struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* Stop: who waits is woken with -ESHUTDOWN, and the memory is yours again. With the number's
 * last signal the mask is as before, and one that came and that nobody took is raised
 * again, for its old disposition to act. Allowed twice, and after a failed open. */
EDDY_API void eddy_signal_close(struct eddy_signal *signal);

/* For a child, between fork and exec: an empty signal mask, and SIGPIPE no longer ignored, so that the
 * program starts as if from a shell. (Open signals are only blocked: their dispositions never
 * changed.) Async-signal-safe. 0, or -errno of the first call that failed. */
EDDY_API int eddy_signal_defaults(struct eddy_loop *loop);

EDDY_END_DECLS

#endif
