/* The horizon divides time. What is due after it lies in the wheel, unsorted, in the slot that the
 * highest digit in which its tick differs from the horizon's tells. What is due before is sorted by
 * (deadline, order of arming): in a list, if it came out of the wheel; in a pairing heap, if it
 * was armed when the horizon had passed its deadline. A slot's time is never before the horizon, so
 * the first of list and heap is the first of all.
 *
 * When both are empty the earliest slot is poured out: one of a higher level onto the levels
 * below, one of the lowest level, sorted, into the list, and the horizon moves behind it. Each
 * timer is poured at most once a level.
 *
 * All three link a node by `next` and by `place`, the pointer that points at the node, so that
 * unlinking is the same everywhere. A deadline tells on which side of the horizon its timer is.
 * Only in the heap is `child` a child; in the wheel's lowest level it points two nodes on, perhaps
 * to what is no timer any more, and is only good to prefetch from. */
#include "base/timer.h"

#include <string.h>

#define TICK_BITS 20 /* 1.05 ms */
#define LEVEL_BITS 8
#define RADIX_BITS 7
#define RADIX (1u << RADIX_BITS)
#define RADIX_FROM 64
#define SLOT_MASK ((uint64_t)EDDY_TIMERS_SLOTS - 1)

/* Negative deadlines count as tick 0, which is always before the horizon. */
static uint64_t tick_of(eddy_ns deadline)
{
    return deadline < 0 ? 0 : (uint64_t)deadline >> TICK_BITS;
}

static inline bool is_near(const struct eddy_timers *timers, eddy_ns deadline)
{
    return deadline < timers->horizon_ns;
}

/* The last tick ends with time itself. */
static void set_horizon(struct eddy_timers *timers, uint64_t tick)
{
    timers->horizon = tick;
    timers->horizon_ns = tick > (uint64_t)INT64_MAX >> TICK_BITS ? INT64_MAX : (eddy_ns)(tick << TICK_BITS);
}

static bool is_before(const struct eddy_timer *a, const struct eddy_timer *b)
{
    return a->deadline < b->deadline || (a->deadline == b->deadline && a->order < b->order);
}

static void link_at(struct eddy_timer **place, struct eddy_timer *timer)
{
    timer->next = *place;
    if (timer->next != NULL) {
        timer->next->place = &timer->next;
    }
    timer->place = place;
    *place = timer;
}

static void unlink_node(struct eddy_timer *timer)
{
    *timer->place = timer->next;
    if (timer->next != NULL) {
        timer->next->place = timer->place;
    }
    timer->place = NULL;
}

/* ---- The heap: roots and siblings in `next`, the first child in `child` ---------------- */

static struct eddy_timer *meld(struct eddy_timer *a, struct eddy_timer *b)
{
    if (is_before(b, a)) {
        struct eddy_timer *swap = a;
        a = b;
        b = swap;
    }
    link_at(&a->child, b);
    return a;
}

static void set_root(struct eddy_timers *timers, struct eddy_timer *root)
{
    timers->near = root;
    root->place = &timers->near;
    root->next = NULL;
}

static void heap_insert(struct eddy_timers *timers, struct eddy_timer *timer)
{
    timer->child = NULL;
    set_root(timers, timers->near == NULL ? timer : meld(timers->near, timer));
}

/* Meld the siblings that begin at `node` in pairs, then the pairs from last to first. */
static struct eddy_timer *meld_siblings(struct eddy_timer *node)
{
    struct eddy_timer *pairs = NULL;
    while (node != NULL) {
        struct eddy_timer *second = node->next;
        struct eddy_timer *rest = second != NULL ? second->next : NULL;
        struct eddy_timer *pair = second != NULL ? meld(node, second) : node;
        pair->next = pairs;
        pairs = pair;
        node = rest;
    }
    struct eddy_timer *root = pairs;
    if (root != NULL) {
        pairs = root->next;
        while (pairs != NULL) {
            struct eddy_timer *rest = pairs->next;
            root = meld(root, pairs);
            pairs = rest;
        }
    }
    return root;
}

/* The children of a node that left the heap go back into it. */
static void adopt_children(struct eddy_timers *timers, struct eddy_timer *timer)
{
    struct eddy_timer *orphans = meld_siblings(timer->child);
    timer->child = NULL;
    set_root(timers, timers->near == NULL ? orphans : meld(timers->near, orphans));
}

/* ---- The list: sorted when it is made ---------------------------------------------------- */

static struct eddy_timer *merge(struct eddy_timer *a, struct eddy_timer *b)
{
    struct eddy_timer *first = NULL;
    struct eddy_timer **end = &first;
    while (a != NULL && b != NULL) {
        struct eddy_timer **from = is_before(b, a) ? &b : &a;
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

static bool is_sorted(const struct eddy_timer *timer)
{
    for (; timer != NULL && timer->next != NULL; timer = timer->next) {
        if (is_before(timer->next, timer)) {
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
static struct eddy_timer *sort(struct eddy_timer *timers, size_t count)
{
    if (count >= RADIX_FROM && !is_sorted(timers)) {
        for (unsigned shift = 0; shift < TICK_BITS; shift += RADIX_BITS) {
            timers = sort_by_digit(timers, shift);
        }
    }
    return is_sorted(timers) ? timers : merge_sort(timers);
}

/* ---- The wheel ------------------------------------------------------------------------- */

static inline __attribute__((always_inline)) void wheel_insert(struct eddy_timers *timers, struct eddy_timer *timer)
{
    uint64_t tick = (uint64_t)timer->deadline >> TICK_BITS; /* not negative: it is after the horizon */
    uint64_t differing = tick ^ timers->horizon;
    unsigned level = differing == 0 ? 0 : (unsigned)(63 - __builtin_clzll(differing)) / LEVEL_BITS;
    unsigned slot = (unsigned)(tick >> (level * LEVEL_BITS) & SLOT_MASK);
    if (timers->slots[level][slot] == NULL) {
        timers->filled[level][slot / 64] |= (uint64_t)1 << slot % 64;
    }
    timer->child = NULL;
    if (level == 0 && timers->slots[0][slot] != NULL) { /* further up, most are gone before their time */
        timer->child = timers->slots[0][slot]->next;
    }
    link_at(&timers->slots[level][slot], timer);
}

static void file(struct eddy_timers *timers, struct eddy_timer *timer)
{
    if (is_near(timers, timer->deadline)) {
        heap_insert(timers, timer);
    } else {
        wheel_insert(timers, timer);
    }
}

/* File what lies in a slot again: under its present deadline, relative to the present horizon. */
static void pour(struct eddy_timers *timers, unsigned level, unsigned slot)
{
    struct eddy_timer *timer = timers->slots[level][slot];
    timers->slots[level][slot] = NULL;
    timers->filled[level][slot / 64] &= ~((uint64_t)1 << slot % 64);
    while (timer != NULL) {
        struct eddy_timer *next = timer->next;
        __builtin_prefetch(timer->child);
        file(timers, timer);
        timer = next;
    }
}

/* The first slot that is not known to be empty, or -1. A slot is marked when it is filled, and
 * unmarked only here, so disarm need not know its slot. */
static int first_slot(struct eddy_timers *timers, unsigned level)
{
    for (unsigned word = 0; word < EDDY_TIMERS_SLOTS / 64; word++) {
        while (timers->filled[level][word] != 0) {
            unsigned slot = word * 64 + (unsigned)__builtin_ctzll(timers->filled[level][word]);
            if (timers->slots[level][slot] != NULL) {
                return (int)slot;
            }
            timers->filled[level][word] &= timers->filled[level][word] - 1;
        }
    }
    return -1;
}

/* Sort what was in a slot of the lowest level, now before the horizon, into the list, which is empty. A
 * timer that was put off meanwhile goes back into the wheel. */
static void pour_into_list(struct eddy_timers *timers, struct eddy_timer *timer)
{
    struct eddy_timer *unsorted = NULL;
    size_t count = 0;
    while (timer != NULL) {
        struct eddy_timer *next = timer->next;
        __builtin_prefetch(timer->child);
        if (is_near(timers, timer->deadline)) {
            timer->child = NULL;
            __builtin_prefetch(timer + 1); /* what it stands in will be wanted soon */
            timer->next = unsorted;        /* a slot is last in, first out: this turns it back */
            unsorted = timer;
            count++;
        } else {
            wheel_insert(timers, timer);
        }
        timer = next;
    }
    struct eddy_timer **place = &timers->list;
    for (timer = sort(unsorted, count); timer != NULL; timer = timer->next) {
        *place = timer;
        timer->place = place;
        place = &timer->next;
    }
    *place = NULL;
}

/* Move the horizon to `tick`. Where a digit of it comes to name a slot, that slot's time has
 * begun, and its timers belong on the levels below; from the top down, for one pours into the next. */
static void move_horizon(struct eddy_timers *timers, uint64_t tick)
{
    uint64_t changed = timers->horizon ^ tick;
    set_horizon(timers, tick);
    for (unsigned level = EDDY_TIMERS_LEVELS - 1; level > 0; level--) {
        unsigned slot = (unsigned)(tick >> (level * LEVEL_BITS) & SLOT_MASK);
        if (changed >> (level * LEVEL_BITS) != 0 && timers->slots[level][slot] != NULL) {
            pour(timers, level, slot);
        }
    }
}

/* Pour the earliest slot, where there is one; the list may stay empty. */
static void advance(struct eddy_timers *timers)
{
    for (unsigned level = 0; level < EDDY_TIMERS_LEVELS; level++) {
        int slot = first_slot(timers, level);
        if (slot < 0) {
            continue;
        }
        unsigned shift = level * LEVEL_BITS;
        uint64_t above = timers->horizon >> shift & ~SLOT_MASK;
        uint64_t start = (above | (uint64_t)slot) << shift;
        if (level > 0) {
            move_horizon(timers, start);
            return;
        }
        struct eddy_timer *first = timers->slots[0][slot];
        timers->slots[0][slot] = NULL;
        move_horizon(timers, start + 1);
        pour_into_list(timers, first);
        return;
    }
}

/* ---- The queue ------------------------------------------------------------------------- */

void eddy_timers_init(struct eddy_timers *timers, eddy_ns now)
{
    memset(timers, 0, sizeof *timers);
    set_horizon(timers, tick_of(now) > 0 ? tick_of(now) : 1);
}

void eddy_timers_arm(struct eddy_timers *timers, struct eddy_timer *timer, eddy_ns deadline)
{
    if (eddyi_timers_put_off(timers, timer, deadline)) {
        return;
    }
    eddy_timers_disarm(timers, timer);
    if (deadline == EDDY_FOREVER) {
        return;
    }
    timer->deadline = deadline;
    timer->order = timers->order++;
    timers->armed++;
    file(timers, timer);
}

void eddy_timers_disarm(struct eddy_timers *timers, struct eddy_timer *timer)
{
    if (timer->place == NULL) {
        return;
    }
    unlink_node(timer);
    timers->armed--;
    if (timer->child != NULL && is_near(timers, timer->deadline)) {
        adopt_children(timers, timer);
    }
}

/* The first of all, or NULL. */
static struct eddy_timer *first_timer(struct eddy_timers *timers)
{
    if (timers->armed == 0) {
        return NULL;
    }
    while (timers->near == NULL && timers->list == NULL) {
        advance(timers);
    }
    if (timers->near == NULL || timers->list == NULL) {
        return timers->near == NULL ? timers->list : timers->near;
    }
    return is_before(timers->near, timers->list) ? timers->near : timers->list;
}

eddy_ns eddy_timers_next(struct eddy_timers *timers)
{
    const struct eddy_timer *first = first_timer(timers);
    return first == NULL ? EDDY_FOREVER : first->deadline;
}

struct eddy_timer *eddy_timers_pop(struct eddy_timers *timers, eddy_ns now)
{
    struct eddy_timer *timer = timers->list;
    if (timer == NULL || timers->near != NULL) {
        timer = first_timer(timers);
    }
    if (timer == NULL || timer->deadline > now) {
        return NULL;
    }
    eddy_timers_disarm(timers, timer);
    return timer;
}
