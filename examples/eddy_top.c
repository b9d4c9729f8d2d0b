/* eddy-top PATH: what the tasks of a running program do, as `top` shows processes. The program has opted in by
 * eddy_monitor_open() at PATH; eddy-top connects there again and again, and shows each snapshot.
 *
 * Keys: s sorts by the next column, q quits. With --once, or if its output is no terminal, it prints one snapshot as plain
 * text.
 */
#define _GNU_SOURCE
#include <eddy/group.h>
#include <eddy/run.h>
#include <eddy/scope.h>
#include <eddy/sleep.h>
#include <eddy/stream.h>
#include <eddy/watch.h>

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "top/screen.h"

#define SNAPSHOT_MAX (16u << 20) /* more than any has */
#define EVERY EDDY_SEC(1)
#define PATIENCE EDDY_SEC(5)

/* ---- Take a snapshot ------------------------------------------------------------------- */

struct take {
    EDDY_FRAME_RET(int);
    const struct eddy_address *address;
    struct snapshot *shot;
    struct eddy_scope limit;
    struct eddy_stream stream;
    char *text;
    size_t used;
    size_t size;
    ssize_t count;
};

/* Have room for more, and a NUL. 0; -EMSGSIZE; -ENOMEM. */
static int take_grow(struct take *my)
{
    if (my->used + 1 < my->size) {
        return 0;
    }
    size_t size = my->size == 0 ? 65536 : my->size * 2;
    char *text = size <= SNAPSHOT_MAX ? realloc(my->text, size) : NULL;
    if (text == NULL) {
        return size <= SNAPSHOT_MAX ? -ENOMEM : -EMSGSIZE;
    }
    my->text = text;
    my->size = size;
    return 0;
}

EDDY_CORO(take)
{
    EDDY_BEGIN(take) {
        my->count = -ETIMEDOUT;
        EDDY_TIMEOUT(&my->limit, PATIENCE) {
            EDDY_AWAIT(my->count, eddy_stream_connect(&my->stream, eddy_loop_current(), my->address, me));
            while (my->count >= 0) {
                my->count = take_grow(my);
                if (my->count < 0) {
                    break;
                }
                EDDY_AWAIT(my->count, eddy_stream_read(&my->stream, my->text + my->used, my->size - my->used - 1, me));
                if (my->count <= 0) {
                    break;
                }
                my->used += (size_t)my->count;
            }
        }
        if (my->limit.expired) {
            EDDY_RETURN(-ETIMEDOUT);
        }
        if (my->count < 0) {
            EDDY_RETURN((int)my->count);
        }
        my->text[my->used] = '\0';
        {
            char *text = my->text;
            my->text = NULL;
            EDDY_RETURN(snapshot_parse(my->shot, text, eddy_loop_now(eddy_loop_current())));
        }
    }
    EDDY_FINALLY
    {
        eddy_stream_close(&my->stream);
        free(my->text);
    }
}

/* ---- Show it --------------------------------------------------------------------------- */

struct top {
    struct screen screen;
    struct eddy_address address;
    struct snapshot shot;
    double wakes_per_second; /* < 0: not known yet */
};

static void draw_top(struct top *top)
{
    struct winsize size;
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL) {
        return;
    }
    bool is_known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0;
    top->screen.columns = is_known ? size.ws_col : 80;
    top->screen.lines = is_known ? size.ws_row : 24;
    fputs("\033[H", out);
    screen_draw(&top->screen, &top->shot, top->wakes_per_second, out);
    fclose(out);
    fwrite(text, 1, length, stdout);
    fflush(stdout);
    free(text);
}

struct refresh {
    EDDY_FRAME;
    struct top *top;
    struct snapshot next;
    int error;
};

static void replace_shot(struct top *top, struct snapshot *next)
{
    double span = (double)(next->taken - top->shot.taken) * 1e-9;
    long long wakes = snapshot_number(next, "wakes") - snapshot_number(&top->shot, "wakes");
    top->wakes_per_second = span > 0 && wakes >= 0 ? (double)wakes / span : -1;
    snapshot_compare(next, &top->shot);
    snapshot_drop(&top->shot);
    top->shot = *next;
}

EDDY_CORO(refresh)
{
    EDDY_BEGIN(refresh) {
        for (;;) {
            draw_top(my->top);
            EDDY_AWAIT(eddy_sleep(EVERY, me));
            EDDY_CALL(my->error, take, .address = &my->top->address, .shot = &my->next);
            my->top->screen.trouble = my->error < 0 ? strerror(-my->error) : NULL;
            my->top->screen.age = eddy_loop_now(eddy_loop_current()) - my->top->shot.taken;
            if (my->error == 0) {
                replace_shot(my->top, &my->next);
            }
        }
    }
}

struct resize {
    EDDY_FRAME;
    struct top *top;
    struct eddy_signal signal;
    int error;
};

EDDY_CORO(resize)
{
    EDDY_BEGIN(resize) {
        EDDY_TRY(my->error, eddy_signal_open(&my->signal, eddy_loop_current(), SIGWINCH));
        for (;;) {
            EDDY_AWAIT(eddy_signal_wait(&my->signal, me));
            draw_top(my->top);
        }
    }
    EDDY_FINALLY
    {
        eddy_signal_close(&my->signal);
    }
}

/* Ends when somebody kills us: the terminal has to be put in order first. */
struct terminate {
    EDDY_FRAME;
    struct eddy_signal signal;
    int error;
};

EDDY_CORO(terminate)
{
    EDDY_BEGIN(terminate) {
        EDDY_TRY(my->error, eddy_signal_open(&my->signal, eddy_loop_current(), SIGTERM));
        EDDY_AWAIT(eddy_signal_wait(&my->signal, me));
    }
    EDDY_FINALLY
    {
        eddy_signal_close(&my->signal);
    }
}

/* Ends when somebody wants to quit. */
struct keys {
    EDDY_FRAME;
    struct top *top;
    struct eddy_watch watch;
    struct termios before;
    bool is_raw;
    char key;
};

static void keys_raw(struct keys *my)
{
    if (tcgetattr(STDIN_FILENO, &my->before) == 0) {
        struct termios raw = my->before;
        raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        my->is_raw = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
    }
}

EDDY_CORO(keys)
{
    EDDY_BEGIN(keys) {
        keys_raw(my);
        eddy_watch_init(&my->watch, eddy_loop_current(), STDIN_FILENO);
        do {
            EDDY_AWAIT(eddy_watch_wait(&my->watch, EDDY_READABLE, me));
            if (read(STDIN_FILENO, &my->key, 1) != 1) {
                break;
            }
            if (my->key == 's') {
                my->top->screen.order = (my->top->screen.order + 1) % SCREEN_ORDERS;
                draw_top(my->top);
            }
        } while (my->key != 'q');
    }
    EDDY_FINALLY
    {
        eddy_watch_close(&my->watch);
        if (my->is_raw) {
            tcsetattr(STDIN_FILENO, TCSANOW, &my->before);
        }
    }
}

struct live {
    EDDY_FRAME_RET(int);
    struct top *top;
    struct eddy_group group;
    int error;
};

EDDY_CORO(live)
{
    EDDY_BEGIN(live) {
        fputs("\033[?1049h\033[?25l", stdout); /* a screen of its own, no cursor */
        EDDY_GROUP(&my->group, EDDY_ANY) {
            EDDY_TRY(my->error, EDDY_SPAWN(&my->group, refresh, .top = my->top));
            EDDY_TRY(my->error, EDDY_SPAWN(&my->group, resize, .top = my->top));
            EDDY_TRY(my->error, EDDY_SPAWN(&my->group, terminate));
            EDDY_TRY(my->error, EDDY_SPAWN(&my->group, keys, .top = my->top));
        }
    }
    EDDY_FINALLY
    {
        fputs("\033[?25h\033[?1049l", stdout);
        fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"once", no_argument, NULL, 'o'}, {NULL, 0, NULL, 0}};
    struct top top = {.wakes_per_second = -1};
    bool once = !isatty(STDOUT_FILENO);
    bool good = true;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        once = once || option == 'o';
        good = good && option != '?';
    }
    top.screen.path = argv[optind];
    if (!good || optind + 1 != argc || eddy_address_unix(&top.address, top.screen.path) < 0) {
        fprintf(stderr, "usage: %s [--once] PATH\n", argv[0]);
        return 2;
    }
    int error = EDDY_RUN(take, .address = &top.address, .shot = &top.shot);
    if (error == 0 && once) {
        screen_draw(&top.screen, &top.shot, -1, stdout);
    } else if (error == 0) {
        error = EDDY_RUN(live, .top = &top);
        error = error == -EINTR ? 0 : error;
    }
    if (error < 0) {
        fprintf(stderr, "%s: %s: %s\n", argv[0], top.screen.path, strerror(-error));
    }
    snapshot_drop(&top.shot);
    return error < 0;
}
