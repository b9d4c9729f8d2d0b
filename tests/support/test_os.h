/* A kernel under the test's control: Linux below, with a clock that moves only when the loop sleeps,
 * a count of every call, and failures, short transfers and odd events on demand.
 *
 *     struct test_os os;
 *     test_os_init(&os);
 *     struct eddy_loop_options options = { .os = &os.os, .allocator = os.allocator };
 *
 * Only what the kernel can do is done to the library: a connect that is interrupted has started,
 * a close that fails has closed, and who is told EAGAIN hears of it when that changes.
 */
#ifndef TEST_OS_H
#define TEST_OS_H

#include <eddy/alloc.h>
#include <eddy/loop.h>
#include <eddy/os.h>
#include <stdbool.h>
#include <stdint.h>

/* What can fail, as finely as the lists of errors differ. */
enum test_call {
    TEST_FORK_MARK,
    TEST_EPOLL_CREATE,
    TEST_EPOLL_ADD,
    TEST_EPOLL_MOD,
    TEST_EPOLL_DEL,
    TEST_EPOLL_WAIT,
    TEST_EPOLL_PWAIT2,
    TEST_EVENTFD,
    TEST_SIGNALFD,
    TEST_SIGNALFD_CHANGE,
    TEST_SIGPROCMASK,
    TEST_SIGACTION,
    TEST_RAISE,
    TEST_READ,
    TEST_WRITE,
    TEST_CLOSE,
    TEST_SOCKET,
    TEST_BIND_UNIX,
    TEST_BIND_INET,
    TEST_LISTEN,
    TEST_ACCEPT,
    TEST_CONNECT_UNIX,
    TEST_CONNECT_INET,
    TEST_SHUTDOWN,
    TEST_GETSOCKOPT_ERROR, /* SO_ERROR: the error is the option's value */
    TEST_GETSOCKOPT,
    TEST_SETSOCKOPT,
    TEST_GETSOCKNAME,
    TEST_GETPEERNAME,
    TEST_RECV_UNIX,
    TEST_RECV_INET,
    TEST_SEND_UNIX,
    TEST_SEND_INET,
    TEST_SENDMSG_UNIX,
    TEST_SENDMSG_INET,
    TEST_SENDFILE,
    TEST_SPLICE_IN,  /* from a socket into a pipe */
    TEST_SPLICE_OUT, /* from a pipe to a socket */
    TEST_PIPE,
    TEST_OPEN,
    TEST_FSTAT,
    TEST_FCNTL,
    TEST_GETPID,
    TEST_DESCRIPTOR_LIMIT,
    TEST_UMASK,
    TEST_LSTAT,
    TEST_UNLINK,
    TEST_ALLOCATE,
    TEST_CALLS
};

enum { TEST_ERRORS = 10, TEST_FDS = 256, TEST_HELD = 128, TEST_LOG = 4096 };

struct test_call_info {
    const char *name;
    int errors[TEST_ERRORS]; /* what Linux can answer, up to a 0 */
};

extern const struct test_call_info test_calls[TEST_CALLS];

enum test_short { TEST_WHOLE, TEST_ONE_BYTE, TEST_HALF, TEST_ALL_BUT_ONE };
enum test_order { TEST_IN_ORDER, TEST_REVERSED, TEST_SHUFFLED };

/* Zero means: as Linux does it. */
struct test_chaos {
    enum test_short short_recv;
    enum test_short short_send; /* also of sendmsg, sendfile and splice */
    enum test_order order;
    int hold;       /* events come 0 to so many waits late */
    bool duplicate; /* each event comes twice */
    bool spurious;  /* and now and then one of an idle descriptor */
    bool cut;       /* one event at a time */
};

/* Make call number `at` (from 1, over all calls that can fail) answer -error. */
struct test_fault {
    unsigned at; /* 0: none */
    int error;
    bool forever; /* and all later calls of the same kind; see test_os_limit() */
};

/* What one descriptor is registered for. */
struct test_registration {
    int epfd; /* -1: nothing */
    struct epoll_event event;
};

struct test_os {
    struct eddy_os os;
    struct eddy_allocator allocator;

    /* set by the test */
    struct test_fault fault;
    struct test_chaos chaos;
    int settle_ms; /* real time to wait for the kernel before virtual time jumps: 0 */
    uint64_t seed;

    /* read by the test */
    eddy_ns now;
    bool hung;             /* nothing came for 2 s, or far too many waits */
    unsigned waits;        /* in this run */
    unsigned count;        /* calls that can fail, so far */
    unsigned failed;       /* of them made to fail */
    enum test_call struck; /* the call that the fault hit; TEST_CALLS: none yet */
    unsigned calls[TEST_CALLS];
    uint8_t log[TEST_LOG]; /* enum test_call of the n-th call */
    int epfd;              /* the one waited on last */
    long blocks;           /* of the allocator, and bytes */
    long bytes;

    /* private */
    struct test_registration registered[TEST_FDS];
    struct {
        struct epoll_event event;
        int rounds;
    } held[TEST_HELD];
    int held_count;
};

void test_os_init(struct test_os *os);

/* Start to count anew, with this fault (NULL: none) and no chaos. The clock goes on. */
void test_os_restart(struct test_os *os, const struct test_fault *fault);

void test_os_advance(struct test_os *os, eddy_ns span);

/* How often a fault that goes on forever strikes at most: what passes in real life passes here. */
unsigned test_os_limit(enum test_call call, int error);

/* Whether call number count+1, which is of kind `call`, has to fail: 0 or -errno. Counts it. */
int test_os_strike(struct test_os *os, enum test_call call);

/* Have the kernel report once more what `fd` is ready for. */
void test_os_edge(struct test_os *os, int fd);

/* A pseudo-random number below `limit` (> 0). */
unsigned test_os_random(struct test_os *os, unsigned limit);

/* The entries that wait, in test_wait.c. */
int test_os_epoll_wait(void *context, int epfd, struct epoll_event *events, int count, int timeout_ms);
int test_os_epoll_pwait2(void *context, int epfd, struct epoll_event *events, int count, eddy_ns span);

/* The allocator's function, in test_memory.c. */
void *test_os_resize(void *context, void *block, size_t old_size, size_t new_size);

/* ---- Leaks ------------------------------------------------------------------------------ */

struct test_snapshot {
    int fds;           /* open in this process */
    int registrations; /* in the epoll set of `loop` */
    long blocks;
    long bytes;
};

/* `loop` may be NULL. */
struct test_snapshot test_snapshot_take(const struct test_os *os, const struct eddy_loop *loop);

/* NULL: nothing leaked; else what did. Memory may have grown while a loop lives: its tables do. */
const char *test_snapshot_compare(const struct test_snapshot *before, const struct test_snapshot *after);

#endif
