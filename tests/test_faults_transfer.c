/* What moves many bytes, while the system fails, call by call: parts, files, waits of one's own, copies. Each scenario is a
 * group of coroutines that sends at one end and compares at the other. */
#define _GNU_SOURCE
#include "support/check.h"
#include "support/echo.h"
#include "support/stage.h"
#include "support/xor.h"

#include <eddy/copy.h>
#include <eddy/task.h>
#include <eddy/watch.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SIZE = 30000, PARTS = 700, STREAMS = 4 };

static struct scene {
    struct stage *stage;
    struct eddy_stream streams[STREAMS];
    struct eddy_stream place;
    struct xor_layer layers[2];
    struct iovec parts[PARTS];
    struct eddy_waiter end;
    struct eddy_task *play;
    int file;
    off_t offset;
} scene;

static char content[SIZE];

/* ---- Sending and comparing ------------------------------------------------------------- */

struct sender {
    EDDY_FRAME;
    struct eddy_stream *end;
    size_t size;
    size_t done;
    ssize_t n;
    int way;
};

enum { BY_WRITE, BY_WRITEV, BY_SENDFILE, BY_HAND };

static ssize_t send_by(struct sender *my, struct eddy_waiter *me)
{
    switch (my->way) {
    case BY_WRITEV:
        return eddy_stream_writev(my->end, scene.parts, PARTS, me);
    case BY_SENDFILE:
        return eddy_stream_sendfile(my->end, scene.file, &scene.offset, SIZE + 5, me);
    default:
        return eddy_stream_write(my->end, content, my->size, me);
    }
}

static ssize_t send_by_hand(struct sender *my)
{
    ssize_t n = send(eddy_stream_fd(my->end), content + my->done, my->size - my->done, MSG_NOSIGNAL | MSG_DONTWAIT);
    my->done += n > 0 ? (size_t)n : 0;
    return n < 0 ? -errno : n;
}

EDDY_CORO(sender)
{
    EDDY_BEGIN(sender) {
        if (my->way != BY_HAND) {
            EDDY_TRY(my->n, send_by(my, me));
            stage_expect(scene.stage, my->n == (ssize_t)my->size, "a write is whole");
        }
        while (my->way == BY_HAND && my->done < my->size) {
            my->n = send_by_hand(my);
            if (my->n == -EAGAIN) {
                EDDY_TRY(my->n, eddy_stream_wait(my->end, EDDY_WRITABLE, me));
                stage_expect(scene.stage, my->n == EDDY_WRITABLE, "who waited for room is told of room");
            } else if (my->n < 0) {
                EDDY_FAIL((int)my->n);
            }
        }
        my->n = eddy_stream_shutdown(my->end);
        if (my->n < 0) {
            EDDY_FAIL((int)my->n);
        }
    }
    EDDY_FINALLY
    {
        if (my->way == BY_SENDFILE) {
            stage_expect(scene.stage, scene.offset == (off_t)eddy_stream_sent(my->end),
                         "the offset is where the sending ended");
        }
    }
}

struct receiver {
    EDDY_FRAME;
    struct eddy_stream *end;
    size_t size;
    size_t done;
    ssize_t n;
    bool by_hand;
    char buffer[7000];
};

static ssize_t receive_by_hand(struct receiver *my)
{
    ssize_t n = recv(eddy_stream_fd(my->end), my->buffer, sizeof my->buffer, MSG_DONTWAIT);
    return n < 0 ? -errno : n;
}

EDDY_CORO(receiver)
{
    EDDY_BEGIN(receiver) {
        do {
            if (my->by_hand) {
                my->n = receive_by_hand(my);
                while (my->n == -EAGAIN) {
                    EDDY_TRY(my->n, eddy_stream_wait(my->end, EDDY_READABLE, me));
                    my->n = receive_by_hand(my);
                }
                if (my->n < 0) {
                    EDDY_FAIL((int)my->n);
                }
            } else {
                EDDY_TRY(my->n, eddy_stream_read(my->end, my->buffer, sizeof my->buffer, me));
            }
            stage_expect(scene.stage, my->done + (size_t)my->n <= my->size, "no more arrives than was sent");
            stage_expect(scene.stage, memcmp(my->buffer, content + my->done, (size_t)my->n) == 0,
                         "what arrives is what was sent");
            my->done += (size_t)my->n;
        } while (my->n > 0);
        stage_expect(scene.stage, my->done == my->size, "all that was sent arrives");
    }
}

/* ---- The scenarios --------------------------------------------------------------------- */

struct sendings {
    EDDY_FRAME;
    int way;
    bool by_hand;
    int error;
    struct eddy_group all;
};

EDDY_CORO(sendings)
{
    EDDY_BEGIN(sendings) {
        EDDY_GROUP(&my->all) {
            EDDY_TRY(my->error, EDDY_SPAWN(&my->all, sender, .end = &scene.streams[0], .size = SIZE, .way = my->way));
            EDDY_TRY(my->error,
                     EDDY_SPAWN(&my->all, receiver, .end = &scene.streams[1], .size = SIZE, .by_hand = my->by_hand));
        }
    }
}

struct copies {
    EDDY_FRAME;
    bool is_layered;
    size_t size;
    int error;
    uint64_t there, back;
    struct eddy_group all;
};

static struct eddy_transport side(const struct copies *my, int i)
{
    struct eddy_transport plain = eddy_stream_transport(&scene.streams[i]);
    return my->is_layered ? xor_transport(&scene.layers[i - 1], scene.stage->loop, plain, 'k') : plain;
}

EDDY_CORO(copies)
{
    EDDY_BEGIN(copies) {
        EDDY_GROUP(&my->all) {
            EDDY_TRY(my->error, EDDY_SPAWN(&my->all, sender, .end = &scene.streams[0], .size = my->size));
            EDDY_TRY(my->error, EDDY_SPAWN(&my->all, receiver, .end = &scene.streams[3], .size = my->size));
            EDDY_TRY(my->error, EDDY_SPAWN(&my->all, sender, .end = &scene.streams[3], .size = my->size / 20));
            EDDY_TRY(my->error, EDDY_SPAWN(&my->all, receiver, .end = &scene.streams[0], .size = my->size / 20));
            EDDY_CALL(my->error, eddy_copy_both, .a = side(my, 1), .b = side(my, 2), .from_a = &my->there,
                      .from_b = &my->back);
            if (my->error < 0) {
                EDDY_FAIL(my->error);
            }
        }
        stage_expect(scene.stage, my->there == my->size && my->back == my->size / 20,
                     "a copy counts what it has copied");
    }
}

/* A stream that moves while its other end sends, has limits, and is not read to the end. */
struct moves {
    EDDY_FRAME;
    ssize_t n;
    char buffer[10];
    struct eddy_group all;
};

EDDY_CORO(moves)
{
    EDDY_BEGIN(moves) {
        EDDY_GROUP(&my->all) {
            EDDY_TRY(my->n, EDDY_SPAWN(&my->all, sender, .end = &scene.streams[0], .size = 30));
            eddy_stream_set_timeouts(&scene.streams[1], EDDY_SEC(5), EDDY_SEC(5));
            EDDY_TRY(my->n, eddy_stream_read(&scene.streams[1], my->buffer, 10, me));
            my->n = eddy_stream_move(&scene.place, &scene.streams[1]);
            stage_expect(scene.stage, my->n == 0, "who is not waited for can be moved");
            EDDY_TRY(my->n, eddy_stream_read(&scene.place, my->buffer, 10, me));
            eddy_stream_end_reading(&scene.place);
            EDDY_TRY(my->n, eddy_stream_read(&scene.place, my->buffer, 10, me));
            stage_expect(scene.stage, my->n == 0, "reading that was ended is at its end");
        }
        eddy_stream_set_timeouts(&scene.streams[0], EDDY_SEC(1), EDDY_FOREVER);
        EDDY_AWAIT(my->n, eddy_stream_read(&scene.streams[0], my->buffer, 10, me));
        stage_expect(scene.stage, my->n < 0, "nothing comes from who only reads");
        if (my->n != -ETIMEDOUT) {
            EDDY_FAIL((int)my->n);
        }
    }
}

/* ---- The stage ------------------------------------------------------------------------- */

static void on_end(struct eddy_waiter *waiter)
{
    if (!stage_failed(scene.stage, waiter->result)) {
        stage_done(scene.stage);
    }
}

static void open_pair(int one, int other)
{
    int fds[2], size = 16384;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) < 0) {
        stage_failed(scene.stage, -errno);
        return;
    }
    setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    for (int i = 0; i < 2; i++) {
        if (stage_failed(scene.stage,
                         eddy_stream_open(&scene.streams[i == 0 ? one : other], scene.stage->loop, fds[i]))) {
            close(fds[i]);
        }
    }
}

static void make_content(void)
{
    for (size_t i = 0; i < SIZE; i++) {
        content[i] = (char)(i * 7 % 251);
    }
    size_t done = 0;
    for (size_t i = 0; i < PARTS; i++) {
        size_t size = i + 1 == PARTS ? SIZE - done : i % 5 * 20;
        scene.parts[i] = (struct iovec){content + done, size};
        done += size;
    }
    scene.file = memfd_create("content", MFD_CLOEXEC);
    if (scene.file < 0 || write(scene.file, content, SIZE) != SIZE) {
        stage_failed(scene.stage, -errno);
    }
}

static void raise_scene(struct stage *stage)
{
    memset(&scene, 0, sizeof scene);
    scene.stage = stage;
    for (int i = 0; i < STREAMS; i++) {
        echo_stream_none(&scene.streams[i], stage->loop);
    }
    echo_stream_none(&scene.place, stage->loop);
    eddy_waiter_init(&scene.end, stage->loop, on_end);
    make_content();
    open_pair(0, 1);
    open_pair(2, 3);
}

static void play_scene(void)
{
    if (scene.play != NULL) {
        scene.stage->left = 1;
        int answer = eddy_task_join(scene.play, &scene.end);
        if (answer != EDDY_PENDING && !stage_failed(scene.stage, answer)) {
            stage_done(scene.stage);
        }
        stage_run(scene.stage, 0);
        eddy_wait_withdraw(&scene.end);
        eddy_task_cancel(scene.play, -ECANCELED);
        for (int i = 0; i < 1000 && !eddy_task_is_done(scene.play); i++) {
            if (eddy_loop_step(scene.stage->loop) < 0) {
                continue; /* the system fails still */
            }
        }
        stage_expect(scene.stage, eddy_task_is_done(scene.play), "who is cancelled comes to its end");
        int status = eddy_task_join(scene.play, &scene.end); /* or the log would be told */
        stage_expect(scene.stage, status != EDDY_PENDING, "who has ended can be joined");
        eddy_task_release(scene.play);
    }
    for (int i = 0; i < STREAMS; i++) {
        eddy_stream_close(&scene.streams[i]);
    }
    eddy_stream_close(&scene.place);
    close(scene.file);
}

#define SCENARIO(title, ...)                                                                             \
    static void title(struct stage *stage)                                                               \
    {                                                                                                    \
        raise_scene(stage);                                                                              \
        struct eddy_group *group = stage->error == 0 ? eddy_loop_detached(stage->loop) : NULL;           \
        stage_failed(stage, group == NULL ? -ENOMEM : EDDY_SPAWN_TASK(&scene.play, group, __VA_ARGS__)); \
        play_scene();                                                                                    \
    }                                                                                                    \
    static void title##_survive_every_failure(void **state)                                              \
    {                                                                                                    \
        (void)state;                                                                                     \
        assert_int_equal(sweep(#title, title), 0);                                                       \
    }

SCENARIO(gathers, sendings, .way = BY_WRITEV)
SCENARIO(files, sendings, .way = BY_SENDFILE)
SCENARIO(hands, sendings, .way = BY_HAND, .by_hand = true)
SCENARIO(spliced, copies, .size = SIZE)
SCENARIO(layered, copies, .size = 200, .is_layered = true)
SCENARIO(moved, moves, .n = 0)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gathers_survive_every_failure), cmocka_unit_test(files_survive_every_failure),
        cmocka_unit_test(hands_survive_every_failure),   cmocka_unit_test(spliced_survive_every_failure),
        cmocka_unit_test(layered_survive_every_failure), cmocka_unit_test(moved_survive_every_failure),
    };
    return cmocka_run_group_tests_name("faults_transfer", tests, NULL, NULL);
}
