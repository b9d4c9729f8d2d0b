#include "support/piece.h"

struct eddy_workers pool;
struct piece pieces[8];

struct coro *piece_start(void **state)
{
    struct coro *c = *state;
    c->loop.flags |= EDDY_WORK_INLINE;
    return c;
}

void piece_another_loop(struct coro *c)
{
    struct eddy_loop_options options = {.os = &c->os.os, .allocator = c->os.allocator, .flags = EDDY_WORK_INLINE};
    assert_int_equal(eddy_loop_init(&c->loop, &options), 0);
    assert_non_null(eddy_loop_detached(&c->loop));
    c->bytes = c->loop.scheduler.pool.bytes_used;
}

static ssize_t do_piece(struct eddy_job *job)
{
    struct piece *piece = EDDY_CONTAINER(job, struct piece, job);
    piece->runs++;
    coro_say("%c", piece->name);
    return piece->result;
}

static void on_abandoned(struct eddy_job *job)
{
    struct piece *piece = EDDY_CONTAINER(job, struct piece, job);
    piece->abandons++;
    coro_say("%c-abandoned", piece->name);
}

struct piece piece_of(char name, enum eddy_job_mode mode)
{
    return (struct piece){
        .job = {.work = do_piece, .mode = mode, .abandoned = mode == EDDY_JOB_ABANDON ? on_abandoned : NULL},
        .name = name,
        .result = 7};
}

void piece_pool(struct coro *c, unsigned threads, size_t jobs)
{
    struct eddy_workers_options options = {.threads = threads, .jobs = jobs};
    assert_int_equal(eddy_workers_init(&pool, &c->loop, &options), 0);
}

static void on_probe(struct eddy_waiter *waiter)
{
    EDDY_CONTAINER(waiter, struct piece_probe, waiter)->result = waiter->result;
}

void piece_probe_init(struct piece_probe *probe, struct coro *c)
{
    probe->result = 1;
    eddy_waiter_init(&probe->waiter, &c->loop, on_probe);
}

EDDY_CORO_EXTERN(worker)
{
    EDDY_BEGIN(worker) {
        EDDY_AWAIT(my->ret, eddy_work(&pool, &my->piece->job, me));
        my->finished = true;
        coro_say("%c=%d", my->piece->name, (int)my->ret);
        EDDY_AWAIT(eddy_yield(me));
        coro_say("%c-went-on", my->piece->name);
    }
    EDDY_FINALLY
    {
        if (!my->finished) {
            coro_say("%c-unwound", my->piece->name);
        }
    }
}
