/* eddy/sleep.h - wait for time to pass, or for everybody else's turn.
 *
 *     int error = eddy_sleep(EDDY_MS(100), &waiter);      wakes with 0, never early
 *     eddy_wait_until(&waiter, later);                    moves it, later or sooner
 *     eddy_wait_withdraw(&waiter);                        stops it
 *
 * That is the whole of timers: a waiter that sleeps.
 */
#ifndef EDDY_SLEEP_H
#define EDDY_SLEEP_H

#include <eddy/wait.h>

EDDY_BEGIN_DECLS

/* Park for `span` from this moment; woken with 0. A span <= 0 passes when deadlines are looked at next,
 * EDDY_FOREVER never. -ECHILD: this is a child of fork. */
EDDY_API int eddy_sleep(eddy_ns span, struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* Park until `deadline`; woken with 0. One that is past passes when deadlines
 * are looked at next. -ECHILD. */
EDDY_API int eddy_sleep_until(eddy_ns deadline, struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* Park behind everybody who is ready now; woken with 0. Cannot be cancelled. -ECHILD. */
EDDY_API int eddy_yield(struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* Done at once, with 0: for an await that only looks whether it is cancelled. Like every operation that is ready it
 * spends the wake's budget, so a loop around it lets others run. -ECHILD. */
EDDY_API int eddy_checkpoint(struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

EDDY_END_DECLS

#endif
