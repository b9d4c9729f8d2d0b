#include "scene.h"

#include <stdlib.h>
#include <string.h>

extern const char *host;
extern eddy_ns deadline;
extern int fd, key;
extern size_t size;
extern struct eddy_queue_slot slots[16];
void on_log(const struct eddy_log_record *record, void *context);

struct peer {
    struct eddy_waiter waiter;
};

struct program {
    EDDY_FRAME_RET(int);
};
EDDY_CORO_DECLARE(program);

struct fetch {
    EDDY_FRAME_RET(int);
    const char *url;
};
EDDY_CORO_DECLARE(fetch);

struct count {
    EDDY_FRAME_RET(int);
    int to;
};
EDDY_CORO_DECLARE(count);

struct serve_one {
    EDDY_FRAME;
    struct eddy_connection *connection;
};
EDDY_CORO_DECLARE(serve_one);

struct g {
    EDDY_FRAME;
};

/* What a row may find in its frame. */
#define THINGS                          \
    EDDY_FRAME_RET(int);                \
    struct eddy_loop loop;              \
    struct eddy_stream stream;          \
    struct eddy_listener listener;      \
    struct eddy_server server;          \
    struct eddy_address address;        \
    struct eddy_names names;            \
    struct eddy_pipe in;                \
    struct eddy_reader reader;          \
    struct eddy_slice line;             \
    struct eddy_writer writer;          \
    struct eddy_watch watch;            \
    struct eddy_signal signal;          \
    struct eddy_interval every;         \
    struct eddy_post post;              \
    struct eddy_job job;                \
    struct eddy_waiter waiter;          \
    struct eddy_task *task;             \
    struct eddy_group group;            \
    struct eddy_scope limit;            \
    struct eddy_catch caught;           \
    struct eddy_defer defer;            \
    struct eddy_guard guard;            \
    struct eddy_local local;            \
    struct eddy_lock lock;              \
    struct eddy_semaphore permits;      \
    struct eddy_event event;            \
    struct eddy_condition condition;    \
    struct eddy_barrier barrier;        \
    struct eddy_queue queue;            \
    struct eddy_future future;          \
    struct eddy_promise promise;        \
    struct eddy_generator generator;    \
    void *item;                         \
    eddy_ns time;                       \
    ssize_t n;                          \
    int error;                          \
    int value;                          \
    char buffer[512];


//@ row
@TOP@
struct row_@ROW@ {
    THINGS
};
EDDY_CORO(row_@ROW@)
{
    EDDY_BEGIN(row_@ROW@) {
@CODE@
    }
}

//@ end
