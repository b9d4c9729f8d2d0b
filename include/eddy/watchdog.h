/* eddy/watchdog.h - tell who keeps all the others waiting.
 *
 *     eddy_loop_set_watchdog(loop, EDDY_MS(5));
 *
 *     eddy: fetch: kept the loop for 31.4 ms, from parse at fetch.c:88 to parse at fetch.c:93
 *
 * Between two awaits nobody else runs. A step of a task, another waiter's wake or a post that takes longer than the
 * span is told to the log as a warning, with the task's name, where it went on and where it then waited. What is measured
 * is time on the loop's clock, so a blocking call counts, and on a busy machine so does the time for which the thread was
 * not scheduled.
 *
 * Debug builds (EDDY_DEBUG) begin with a span of 10 ms, but not on a loop whose order a test chooses (eddy/test.h); other
 * builds begin without a watchdog, and then it costs nothing. With one, a wake costs two more looks at the clock.
 */
#ifndef EDDY_WATCHDOG_H
#define EDDY_WATCHDOG_H

#include <eddy/api.h>
#include <eddy/time.h>

EDDY_BEGIN_DECLS

struct eddy_loop;

/* Tell of what takes longer than `span`, from the loop's next turn on; EDDY_FOREVER: of nothing. Allocates nothing. */
EDDY_API void eddy_loop_set_watchdog(struct eddy_loop *loop, eddy_ns span);

EDDY_END_DECLS

#endif
