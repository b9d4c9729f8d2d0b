/* eddy/sim.h - a system whose clock is the test's: time passes when everybody waits, and not otherwise.
 *
 *     struct eddy_sim sim;
 *     eddy_sim_init(&sim);
 *     struct eddy_loop_options options = { .os = &sim.os, .allocator = sim.allocator };
 *
 * All else is Linux: sockets are real. A loop that would sleep until a deadline finds that it has come; so a test of an hour's
 * timeout takes no time, and always runs alike. Memory and descriptors are counted.
 */
#ifndef EDDY_SIM_H
#define EDDY_SIM_H

#include <eddy/alloc.h>
#include <eddy/os.h>
#include <stdbool.h>
#include <stdint.h>

EDDY_BEGIN_DECLS

/* The caller owns the memory; it must outlive every loop on it, and not move. */
struct eddy_sim {
    struct eddy_os os;
    struct eddy_allocator allocator;
    /* read-only */
    eddy_ns now;
    long blocks; /* of memory in use */
    long bytes;
    long descriptors; /* that the loop has opened, and not closed; not those that it was given */
    bool stuck;       /* the loop waited for the kernel, and for two real seconds nothing came */
    /* to be set, or NULL */
    eddy_ns alarm; /* when time gets there it stops once, and ... */
    void (*on_alarm)(void *context);
    void (*on_time)(void *context, eddy_ns now); /* time has moved */
    void *context;
    /* private */
    uint64_t opened[64];
};

/* The clock stands at 1,000 s. */
EDDY_API void eddy_sim_init(struct eddy_sim *sim);

/* Let time pass. */
EDDY_API void eddy_sim_advance(struct eddy_sim *sim, eddy_ns span);

EDDY_END_DECLS

#endif
