/* make PATH: a program that does a little of everything, traced into PATH. */
#include <eddy.h>

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static void work(eddy_ns span)
{
    struct eddy_loop *loop = eddy_loop_current();
    eddy_ns end = loop->os->clock(loop->os->context) + span;
    while (loop->os->clock(loop->os->context) < end) {
    }
}

struct producer {
    EDDY_FRAME;
    struct eddy_queue *queue;
    int i;
    int result;
};

EDDY_CORO(producer)
{
    EDDY_BEGIN(producer) {
        for (my->i = 0; my->i < 40; my->i++) {
            work(EDDY_US(100));
            EDDY_TRY(my->result, eddy_queue_put(my->queue, my->queue, me));
        }
        eddy_queue_shut_down(my->queue, false);
    }
}

struct consumer {
    EDDY_FRAME;
    struct eddy_queue *queue;
    struct eddy_lock *lock;
    struct eddy_guard guard;
    void *item;
    int result;
};

EDDY_CORO(consumer)
{
    EDDY_BEGIN(consumer) {
        for (;;) {
            EDDY_AWAIT(my->result, eddy_queue_get(my->queue, &my->item, me));
            if (my->result < 0) {
                break;
            }
            EDDY_LOCK(&my->guard, my->lock) {
                work(EDDY_US(150));
                EDDY_AWAIT(eddy_sleep(EDDY_US(200), me));
            }
        }
    }
}

struct echo {
    EDDY_FRAME;
    int fd;
    struct eddy_stream stream;
    ssize_t count;
    char buffer[64];
};

EDDY_CORO(echo)
{
    EDDY_BEGIN(echo) {
        EDDY_TRY(my->count, eddy_stream_open(&my->stream, eddy_loop_current(), my->fd));
        for (;;) {
            EDDY_AWAIT(my->count, eddy_stream_read(&my->stream, my->buffer, sizeof my->buffer, me));
            if (my->count <= 0) {
                break;
            }
            work(EDDY_US(50));
            EDDY_TRY(my->count, eddy_stream_write(&my->stream, my->buffer, (size_t)my->count, me));
        }
    }
    EDDY_FINALLY
    {
        eddy_stream_close(&my->stream);
    }
}

struct client {
    EDDY_FRAME;
    int fd;
    struct eddy_stream stream;
    int i;
    ssize_t count;
    char buffer[64];
};

EDDY_CORO(client)
{
    EDDY_BEGIN(client) {
        EDDY_TRY(my->count, eddy_stream_open(&my->stream, eddy_loop_current(), my->fd));
        for (my->i = 0; my->i < 20; my->i++) {
            EDDY_TRY(my->count, eddy_stream_write(&my->stream, "hello", 5, me));
            EDDY_TRY(my->count, eddy_stream_read(&my->stream, my->buffer, sizeof my->buffer, me));
            work(EDDY_US(80));
        }
    }
    EDDY_FINALLY
    {
        eddy_stream_close(&my->stream);
    }
}

struct fails {
    EDDY_FRAME;
};

EDDY_CORO(fails)
{
    EDDY_BEGIN(fails) {
        EDDY_AWAIT(eddy_sleep(EDDY_MS(3), me));
        EDDY_FAIL(-1);
    }
}

struct hog {
    EDDY_FRAME;
};

EDDY_CORO(hog)
{
    EDDY_BEGIN(hog) {
        EDDY_AWAIT(eddy_sleep(EDDY_MS(5), me));
        work(EDDY_MS(4));
        EDDY_AWAIT(eddy_sleep(EDDY_SEC(60), me));
    }
}

static void on_post(struct eddy_post *node)
{
    (void)node;
    work(EDDY_US(300));
}

struct everything {
    EDDY_FRAME_RET(int);
    const char *path;
    struct eddy_queue queue;
    struct eddy_queue_slot slots[4];
    struct eddy_lock lock;
    struct eddy_group all;
    struct eddy_group some;
    struct eddy_scope limit;
    struct eddy_task *task;
    struct eddy_post post;
    int fds[2];
    int result;
};

EDDY_CORO(everything)
{
    EDDY_BEGIN(everything) {
        EDDY_TRY(my->result, eddy_trace_start(eddy_loop_current(), my->path));
        eddy_queue_init(&my->queue, my->slots, 4, EDDY_FIFO, NULL);
        eddy_lock_init(&my->lock);
        my->post.run = on_post;
        eddy_post(eddy_loop_current(), &my->post);
        EDDY_TRY(my->result, socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, my->fds));
        EDDY_GROUP(&my->all) {
            EDDY_TRY(my->result, EDDY_SPAWN(&my->all, producer, .queue = &my->queue));
            EDDY_TRY(my->result, EDDY_SPAWN(&my->all, consumer, .queue = &my->queue, .lock = &my->lock));
            EDDY_TRY(my->result,
                     EDDY_SPAWN_TASK(&my->task, &my->all, consumer, .queue = &my->queue, .lock = &my->lock));
            EDDY_TRY(my->result, eddy_task_set_name(my->task, "%s", "\"second\" \\ caf\xc3\xa9 \xff\n"));
            eddy_task_release(my->task);
            EDDY_TRY(my->result, EDDY_SPAWN(&my->all, echo, .fd = my->fds[0]));
            EDDY_TRY(my->result, EDDY_SPAWN(&my->all, client, .fd = my->fds[1]));
            EDDY_GROUP(&my->some, EDDY_COLLECT) {
                EDDY_TRY(my->result, EDDY_SPAWN(&my->some, fails));
            }
            EDDY_TIMEOUT(&my->limit, EDDY_MS(20)) {
                EDDY_DO(hog);
            }
        }
        EDDY_RETURN(eddy_trace_stop(eddy_loop_current()));
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s PATH\n", argv[0]);
        return 2;
    }
    int error = EDDY_RUN(everything, .path = argv[1]);
    if (error < 0) {
        fprintf(stderr, "%s: %s\n", argv[1], strerror(-error));
    }
    return error < 0;
}
