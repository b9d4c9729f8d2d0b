#include "base/timer.h"

#define RADIX_BITS 7
#define RADIX (1u << RADIX_BITS)
#define RADIX_FROM 64

static struct eddy_timer *merge(struct eddy_timer *a, struct eddy_timer *b)
{
    struct eddy_timer *first = NULL;
    struct eddy_timer **end = &first;
    while (a != NULL && b != NULL) {
        struct eddy_timer **from = eddyi_timer_is_before(b, a) ? &b : &a;
        *end = *from;
        end = &(*end)->next;
        *from = *end;
    }
    *end = a != NULL ? a : b;
    return first;
}

/* Merge sort with a run of 2^i timers, or none, in run[i]. */
static struct eddy_timer *merge_sort(struct eddy_timer *timer)
{
    struct eddy_timer *run[64] = {NULL};
    unsigned top = 0;
    while (timer != NULL) {
        struct eddy_timer *next = timer->next;
        timer->next = NULL;
        unsigned i = 0;
        for (; run[i] != NULL; i++) {
            timer = merge(run[i], timer);
            run[i] = NULL;
        }
        run[i] = timer;
        top = i > top ? i : top;
        timer = next;
    }
    struct eddy_timer *all = NULL;
    for (unsigned i = 0; i <= top; i++) {
        all = merge(run[i], all);
    }
    return all;
}

bool eddyi_timers_are_sorted(const struct eddy_timer *timer)
{
    for (; timer != NULL && timer->next != NULL; timer = timer->next) {
        if (eddyi_timer_is_before(timer->next, timer)) {
            return false;
        }
    }
    return true;
}

/* One pass of a radix sort: stable, by the digit of the deadline at `shift`. */
static struct eddy_timer *sort_by_digit(struct eddy_timer *timer, unsigned shift)
{
    struct eddy_timer *first[RADIX];
    struct eddy_timer **end[RADIX];
    for (unsigned digit = 0; digit < RADIX; digit++) {
        end[digit] = &first[digit];
    }
    for (; timer != NULL; timer = timer->next) {
        unsigned digit = (unsigned)(timer->deadline >> shift) & (RADIX - 1);
        *end[digit] = timer;
        end[digit] = &timer->next;
    }
    struct eddy_timer *all = NULL;
    for (unsigned digit = RADIX; digit-- > 0;) {
        if (end[digit] != &first[digit]) {
            *end[digit] = all;
            all = first[digit];
        }
    }
    return all;
}

/* Sort the `count` timers of one tick. Many are sorted by the digits within the tick, which has no
 * branch to mispredict; that leaves those with one deadline in the order they came in. */
struct eddy_timer *eddyi_timers_sort(struct eddy_timer *timers, size_t count)
{
    if (count >= RADIX_FROM && !eddyi_timers_are_sorted(timers)) {
        for (unsigned shift = 0; shift < EDDYI_TICK_BITS; shift += RADIX_BITS) {
            timers = sort_by_digit(timers, shift);
        }
    }
    return eddyi_timers_are_sorted(timers) ? timers : merge_sort(timers);
}
