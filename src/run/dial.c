/* Each attempt is a task of a group: who wins cancels the group, and the tasks' own unwinding closes what they
 * opened. */
#include <eddy/dial.h>

#include "io/stream.h"
#include "loop/loop.h"

#include <eddy/notify.h>
#include <eddy/task.h>

#include <errno.h>
#include <string.h>

#define DIAL_TIMEOUT EDDY_SEC(30)
#define DIAL_DELAY EDDY_MS(250)

/* What outlives a step, on the heap: it is too much for a frame that everybody sees. */
struct eddyi_dial {
    struct eddy_loop *loop;
    eddy_ns start;
    struct eddy_scope limit;
    struct eddy_group attempts;
    struct eddy_notify failure; /* of an attempt: the next may begin */
    struct eddy_names names;
    size_t count; /* of what is in `order` */
    const struct eddy_address *order[EDDY_DIAL_ATTEMPTS];
    struct eddy_stream streams[EDDY_DIAL_ATTEMPTS];
    int winner; /* -1: none yet */
    struct eddy_dial_report *report;
    struct eddy_dial_report own; /* if the caller wants none */
};

static struct eddyi_dial *new_dial(struct eddy_dial *dial, struct eddy_waiter *me)
{
    struct eddy_loop *loop = (struct eddy_loop *)(void *)me->scheduler; /* a loop begins with its scheduler */
    eddyi_stream_set_up(dial->stream, loop, -1, EDDYI_DOWN);
    struct eddyi_dial *new = eddy_pool_take(&loop->scheduler.pool, sizeof *new);
    if (new == NULL) {
        return NULL;
    }
    memset(new, 0, sizeof *new);
    new->loop = loop;
    new->start = eddy_loop_now(loop);
    new->winner = -1;
    new->report = dial->report != NULL ? dial->report : &new->own;
    eddy_notify_init(&new->failure);
    struct eddy_dial_report *report = new->report;
    memset(report, 0, sizeof *report);
    memcpy(report->host, dial->host, strnlen(dial->host, sizeof report->host - 1));
    report->port = dial->port;
    report->error = -ECANCELED; /* until there is another result */
    return new;
}

static void free_dial(struct eddyi_dial *dial)
{
    for (size_t i = 0; i < dial->report->count; i++) {
        eddy_stream_close(&dial->streams[i]);
    }
    eddy_names_free(&dial->names);
    eddy_pool_give(&dial->loop->scheduler.pool, dial, sizeof *dial);
}

static eddy_ns since_start(const struct eddyi_dial *dial)
{
    return eddy_loop_now(dial->loop) - dial->start;
}

/* ---- The order of attempts ------------------------------------------------------------- */

/* The next address from `*at` on that is, or is not, of this family; NULL: none is left. */
static const struct eddy_address *next_of(const struct eddy_names *names, size_t *at, int family, bool is_of)
{
    while (*at < names->count) {
        const struct eddy_address *address = &names->addresses[(*at)++];
        if ((address->any.sa_family == family) == is_of) {
            return address;
        }
    }
    return NULL;
}

/* By turns, as long as there are some of both families. */
static void interleave(struct eddyi_dial *dial)
{
    const struct eddy_names *names = &dial->names;
    int family = names->addresses[0].any.sa_family;
    size_t at[2] = {0, 0};
    bool is_of = true;
    while (dial->count < EDDY_DIAL_ATTEMPTS) {
        const struct eddy_address *address = next_of(names, &at[is_of], family, is_of);
        is_of = !is_of;
        if (address == NULL) {
            address = next_of(names, &at[is_of], family, is_of);
            if (address == NULL) {
                break;
            }
        }
        dial->order[dial->count++] = address;
    }
}

static void note_lookup(struct eddyi_dial *dial, int error)
{
    dial->report->looked_up = since_start(dial);
    dial->report->lookup_error = dial->names.lookup_error;
    if (error == 0) {
        interleave(dial);
    }
}

/* ---- An attempt ------------------------------------------------------------------------ */

struct dial_attempt {
    EDDY_FRAME;
    struct eddyi_dial *dial;
    size_t index;
    int error;
};

static void begin_dial(struct eddyi_dial *dial, size_t index)
{
    dial->report->attempts[index] =
        (struct eddy_dial_attempt){.address = *dial->order[index], .error = -ECANCELED, .began = since_start(dial)};
    dial->report->count = index + 1;
}

static void end_attempt(struct eddyi_dial *dial, size_t index, int error)
{
    struct eddy_dial_attempt *attempt = &dial->report->attempts[index];
    assert((error != 0 || dial->winner < 0) && "who wins has ended all other waits");
    attempt->error = error;
    attempt->took = since_start(dial) - attempt->began;
    if (error == 0) {
        dial->winner = (int)index;
        eddy_group_cancel(&dial->attempts, -ECANCELED);
    } else if (error != -ECANCELED) {
        eddy_notify_one(&dial->failure);
    }
}

EDDY_CORO(dial_attempt)
{
    EDDY_BEGIN(dial_attempt) {
        my->error = -ECANCELED;
        EDDY_AWAIT(my->error,
                   eddy_stream_connect(&my->dial->streams[my->index], my->dial->loop, my->dial->order[my->index], me));
    }
    EDDY_FINALLY
    {
        end_attempt(my->dial, my->index, my->error);
    }
}

/* ---- All of them ----------------------------------------------------------------------- */

/* Wait until one has failed, 0, or the next is due, -ETIMEDOUT. */
static int wait_turn(struct eddyi_dial *dial, eddy_ns delay, struct eddy_waiter *me)
{
    int result = eddy_notify_wait(&dial->failure, me);
    if (result == EDDY_PENDING) {
        eddy_wait_until(me, eddy_ns_add(eddy_loop_now(dial->loop), delay > 0 ? delay : DIAL_DELAY));
    }
    return result;
}

/* Whether it says more than that there is no way there. */
static bool is_telling(int error)
{
    return error != -ENETUNREACH && error != -EHOSTUNREACH && error != -EADDRNOTAVAIL && error != -EAFNOSUPPORT;
}

static int choose_error(const struct eddy_dial_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        if (is_telling(report->attempts[i].error)) {
            return report->attempts[i].error;
        }
    }
    return report->attempts[0].error;
}

/* `error`: of the lookup, or of memory. */
static int conclude(struct eddyi_dial *dial, struct eddy_stream *stream, int error)
{
    if (dial->winner >= 0) {
        error = eddy_stream_move(stream, &dial->streams[dial->winner]);
    } else if (dial->limit.expired) {
        error = -ETIMEDOUT;
    } else if (error == 0) {
        error = choose_error(dial->report);
    }
    if (dial->names.count == 0) {
        dial->report->looked_up = since_start(dial);
    }
    dial->report->error = error;
    return error;
}

EDDY_CORO_EXTERN(eddy_dial)
{
    EDDY_BEGIN(eddy_dial) {
        my->dial = new_dial(my, me);
        if (my->dial == NULL) {
            EDDY_RETURN(-ENOMEM);
        }
        EDDY_TIMEOUT(&my->dial->limit, my->timeout != 0 ? my->timeout : DIAL_TIMEOUT) {
            EDDY_AWAIT(my->ret, eddy_resolve(&my->dial->names, my->host, my->port, my->family, me));
            note_lookup(my->dial, my->ret);
            EDDY_GROUP(&my->dial->attempts, EDDY_COLLECT) {
                for (my->next = 0; my->next < my->dial->count && my->ret == 0; my->next++) {
                    begin_dial(my->dial, my->next);
                    my->ret = EDDY_SPAWN(&my->dial->attempts, dial_attempt, .dial = my->dial, .index = my->next);
                    if (my->ret == 0 && my->next + 1 < my->dial->count) {
                        EDDY_AWAIT(my->turn, wait_turn(my->dial, my->delay, me));
                    }
                }
                if (my->ret < 0) {
                    eddy_group_cancel(&my->dial->attempts, -ECANCELED);
                }
            }
        }
        my->ret = conclude(my->dial, my->stream, my->ret);
    }
    EDDY_FINALLY
    {
        if (my->dial != NULL) {
            free_dial(my->dial);
        }
    }
}
