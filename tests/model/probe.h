/* A plain callback waiter for unit tests: its wake says its name and its result, as "a:0", in the trace. */
#ifndef MODEL_PROBE_H
#define MODEL_PROBE_H

#include "support/coro.h"

struct probe {
    struct eddy_waiter waiter;
    const char *name;
    void (*then)(struct probe *probe); /* or NULL: what it does in its wake */
};

static inline void probe_woken(struct eddy_waiter *waiter)
{
    struct probe *probe = EDDY_CONTAINER(waiter, struct probe, waiter);
    coro_say("%s:%d", probe->name, (int)waiter->result);
    if (probe->then != NULL) {
        probe->then(probe);
    }
}

static inline void probe_init(struct probe *probe, struct coro *c, const char *name)
{
    eddy_waiter_init(&probe->waiter, &c->loop, probe_woken);
    probe->name = name;
    probe->then = NULL;
}

/* Run `then` in a wake of the probe. */
static inline void probe_run(struct probe *probe, struct coro *c, void (*then)(struct probe *probe))
{
    probe->then = then;
    assert_int_equal(eddy_yield(&probe->waiter), EDDY_PENDING);
    coro_settle(c);
    probe->then = NULL;
    c->trace[0] = '\0';
}

#define PARKS(op) assert_int_equal(op, EDDY_PENDING)

#endif
