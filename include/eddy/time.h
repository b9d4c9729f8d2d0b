/* eddy/time.h - instants and spans: signed 64-bit nanoseconds of CLOCK_MONOTONIC.
 *
 *     eddy_ns deadline = eddy_ns_add(eddy_loop_now(loop), EDDY_SEC(5));
 *
 * A parameter named `span` counts from now; one named `deadline` is an instant.
 */
#ifndef EDDY_TIME_H
#define EDDY_TIME_H

#include <stdint.h>

typedef int64_t eddy_ns;

/* Spans. `n` is a whole number: EDDY_MS(1500), not EDDY_SEC(1.5). */
#define EDDY_NS(n) ((eddy_ns)(n))
#define EDDY_US(n) ((eddy_ns)(n)*1000)
#define EDDY_MS(n) ((eddy_ns)(n)*1000000)
#define EDDY_SEC(n) ((eddy_ns)(n)*1000000000)

/* No deadline, or a span without end. */
#define EDDY_FOREVER INT64_MAX

/* `instant` plus `span`, which stays at EDDY_FOREVER (or INT64_MIN) instead of overflowing. */
static inline eddy_ns eddy_ns_add(eddy_ns instant, eddy_ns span)
{
    eddy_ns sum;
    if (__builtin_add_overflow(instant, span, &sum)) {
        return span > 0 ? EDDY_FOREVER : INT64_MIN;
    }
    return sum;
}

#endif
