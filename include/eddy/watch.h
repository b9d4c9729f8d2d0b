/* eddy/watch.h - wait for a descriptor that belongs to somebody else.
 *
 *     struct eddy_watch watch;
 *     eddy_watch_init(&watch, loop, PQsocket(connection));
 *     ssize_t ready = eddy_watch_wait(&watch, EDDY_READABLE, &waiter);
 *     ...
 *     eddy_watch_close(&watch);
 *
 * Level-triggered: a wait ends while the descriptor is ready, so leaving bytes behind is
 * fine. To keep watching, wait again in the wake; that costs no system call. A watch with
 * nobody waiting is taken out of epoll before the loop polls, so it cannot spin.
 *
 * The descriptor's owner may close it first and tell later. One that may have opened another under
 * the same number, as libpq does while it connects, is followed by eddy_watch_set_fd().
 * Descriptors that epoll refuses (regular files, /dev/null) are always ready.
 */
#ifndef EDDY_WATCH_H
#define EDDY_WATCH_H

#include <eddy/poller.h>
#include <eddy/wait.h>
#include <stdint.h>

EDDY_BEGIN_DECLS

#define EDDY_READABLE 1
#define EDDY_WRITABLE 2
#define EDDY_URGENT 4 /* urgent data, and what /proc and GPIO files signal */
#define EDDY_HANGUP 8 /* only in results: the other end is gone, or an error is pending */

/* The caller owns the memory; it must not move until it is closed. */
struct eddy_watch {
    /* private */
    struct eddy_loop *loop;
    struct eddy_waiter *waiters[2]; /* for reading, for writing */
    struct eddy_interest interest;
    bool always_ready;
    bool closed;
};

/* Prepare a watch on `fd`, which stays its owner's. No system call; it cannot fail. */
EDDY_API void eddy_watch_init(struct eddy_watch *watch, struct eddy_loop *loop, int fd);

/* Park until one of `events` (EDDY_READABLE | EDDY_WRITABLE | EDDY_URGENT) is there. > 0: the
 * events that are; EDDY_HANGUP comes with all that was asked for, since a read or write will
 * tell. One waiter may wait for reading (and priority) and one for writing, or one for both.
 * -EBUSY: somebody waits for that already; -EINVAL: no event, or EDDY_URGENT alone of a file
 * that is always ready; -EBADF: not a descriptor;
 * -EEXIST: another watch or stream of this loop has it; -ENOMEM, -ENOSPC (the system's limit of
 * watches); -ECHILD; -ESHUTDOWN: the watch was closed. */
EDDY_API ssize_t eddy_watch_wait(struct eddy_watch *watch, int events, struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* The owner uses `fd` from now on, which may be the same number for another file: forget what was
 * known of the old one. Who waits goes on waiting, on the new one; if that cannot be registered
 * they are woken with the error eddy_watch_wait() would have given. */
EDDY_API void eddy_watch_set_fd(struct eddy_watch *watch, int fd);

/* End the watch: who waits is woken with -ESHUTDOWN, and the memory is yours again. Allowed
 * after the descriptor was closed, from its own wakes, and twice. */
EDDY_API void eddy_watch_close(struct eddy_watch *watch);

EDDY_END_DECLS

#endif
