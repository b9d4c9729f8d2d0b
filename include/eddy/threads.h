/* eddy/threads.h - what blocking work asks of the system, as a table.
 *
 *     struct eddy_threads threads = eddy_threads_linux;
 *     threads.getaddrinfo = my_getaddrinfo;              names of your own
 *     struct eddy_loop_options options = { .threads = &threads };
 *
 * What eddy/os.h is to the loop this is to eddy/worker.h and eddy/resolve.h. A loop with EDDY_WORK_INLINE never calls
 * `start`.
 */
#ifndef EDDY_THREADS_H
#define EDDY_THREADS_H

#include <eddy/api.h>
#include <stdint.h>
#include <sys/socket.h>

EDDY_BEGIN_DECLS

struct addrinfo;

/* Something on its way to a thread and back. */
struct eddyi_chore {
    struct eddyi_chore *next;
    void (*run)(struct eddyi_chore *chore);
};

/* The table must outlive every loop that was started with it. All but `join` may be called from any thread. */
struct eddy_threads {
    void *context;

    /* Start a thread, with all signals blocked, that calls run(argument); *thread is for `join`. 0; -EAGAIN,
     * -ENOMEM. */
    int (*start)(void *context, uintptr_t *thread, void *(*run)(void *argument), void *argument);
    /* Wait until its `run` has returned. */
    void (*join)(void *context, uintptr_t thread);

    /* As in <netdb.h>: 0, or an EAI_ code; with EAI_SYSTEM errno says more. What one has given is freed by
     * freeaddrinfo of the same table. */
    int (*getaddrinfo)(void *context, const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **list);
    void (*freeaddrinfo)(void *context, struct addrinfo *list);
    int (*getnameinfo)(void *context, const struct sockaddr *address, socklen_t size, char *host, socklen_t host_size,
                       int flags);
};

/* The system's: what NULL stands for. */
EDDY_API extern const struct eddy_threads eddy_threads_linux;

EDDY_END_DECLS

#endif
