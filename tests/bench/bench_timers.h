/* What bench_timers_main.c asks of a library, once per program: whole batches, so that the call between the
 * two costs nothing. Each keeps the timeouts in the form that its calls take. */
#ifndef BENCH_TIMERS_H
#define BENCH_TIMERS_H

#include <stddef.h>
#include <stdint.h>

/* Sets of timeouts: for arming, for re-arming, and near ones for firing. */
enum timers_set { TIMERS_FIRST, TIMERS_SECOND, TIMERS_NEAR, TIMERS_SETS };

/* Users refresh the loop's idea of now once per turn: here, every so many operations of `idle`. */
#define TIMERS_PER_TURN 256
#define TIMERS_IDLE_SECONDS 30

void timers_open(size_t count);
/* Store timeouts (us from now) as set `set`. */
void timers_prepare(enum timers_set set, const uint32_t *timeouts_us);
/* Run `batch` where the library likes its calls best (inside a callback, if that saves clock reads). */
void timers_inside(void (*batch)(void *argument), void *argument);
/* Refresh the loop's idea of now. */
void timers_update(void);
/* Arm all, one after the other, with the timeouts of a set. */
void timers_arm(enum timers_set set);
/* Arm all anew, in this order. */
void timers_rearm(enum timers_set set, const uint32_t *order);
/* Arm all anew for TIMERS_IDLE_SECONDS from now, in this order. */
void timers_idle(const uint32_t *order);
void timers_cancel(const uint32_t *order);
/* All are due: run the loop until every callback was called. Returns how many were. */
size_t timers_fire(void);

#endif
