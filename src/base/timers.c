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
#include "base/timers.h"

#include "base/timer.h"

#include <assert.h>
#include <string.h>

#define LEVEL_BITS 8
#define SLOT_MASK ((uint64_t)EDDY_TIMERS_SLOTS - 1)

/* Negative deadlines count as tick 0, which is always before the horizon. */
static uint64_t tick_of(eddy_ns deadline)
{
    return deadline < 0 ? 0 : (uint64_t)deadline >> EDDYI_TICK_BITS;
}

static inline bool is_near(const struct eddy_timers *timers, eddy_ns deadline)
{
    return deadline < timers->horizon_ns;
}

/* The last tick ends with time itself. */
static void set_horizon(struct eddy_timers *timers, uint64_t tick)
{
    timers->horizon = tick;
    timers->horizon_ns = tick > (uint64_t)INT64_MAX >> EDDYI_TICK_BITS ? INT64_MAX : (eddy_ns)(tick << EDDYI_TICK_BITS);
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
    if (eddyi_timer_is_before(b, a)) {
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

static __attribute__((noinline)) void heap_insert(struct eddy_timers *timers, struct eddy_timer *timer)
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
static __attribute__((noinline)) void adopt_children(struct eddy_timers *timers, struct eddy_timer *timer)
{
    struct eddy_timer *orphans = meld_siblings(timer->child);
    timer->child = NULL;
    set_root(timers, timers->near == NULL ? orphans : meld(timers->near, orphans));
}

/* ---- The wheel ------------------------------------------------------------------------- */

static inline __attribute__((always_inline)) void wheel_insert(struct eddy_timers *timers, struct eddy_timer *timer)
{
    uint64_t tick = (uint64_t)timer->deadline >> EDDYI_TICK_BITS; /* not negative: it is after the horizon */
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

static inline __attribute__((always_inline)) void file(struct eddy_timers *timers, struct eddy_timer *timer)
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
            __builtin_prefetch((const char *)timer + 64); /* the rest of what it stands in, wanted soon */
            timer->next = unsorted;                       /* a slot is last in, first out: this turns it back */
            unsorted = timer;
            count++;
        } else {
            wheel_insert(timers, timer);
        }
        timer = next;
    }
    struct eddy_timer **place = &timers->list;
    for (timer = eddyi_timers_sort(unsorted, count); timer != NULL; timer = timer->next) {
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

/* ---- Invariants ------------------------------------------------------------------------ */

#ifdef EDDY_DEBUG
/* The number of timers from `timer` on, each checked to be linked well and on its side of the horizon. */
static size_t count_linked(const struct eddy_timers *timers, struct eddy_timer *const *place, bool near)
{
    size_t count = 0;
    for (const struct eddy_timer *timer = *place; timer != NULL; timer = timer->next) {
        assert(timer->place == place && "a timer is where its place says");
        assert(is_near(timers, timer->deadline) == near && "its deadline tells on which side of the horizon it is");
        place = &timer->next;
        count++;
    }
    return count;
}

static size_t count_heap(const struct eddy_timers *timers, struct eddy_timer *const *place)
{
    size_t count = count_linked(timers, place, true);
    for (const struct eddy_timer *timer = *place; timer != NULL; timer = timer->next) {
        for (const struct eddy_timer *child = timer->child; child != NULL; child = child->next) {
            assert(!eddyi_timer_is_before(child, timer) && "no child is due before its parent");
        }
        count += timer->child != NULL ? count_heap(timers, &timer->child) : 0;
    }
    return count;
}

static size_t count_wheel(const struct eddy_timers *timers)
{
    size_t count = 0;
    for (unsigned level = 0; level < EDDY_TIMERS_LEVELS; level++) {
        for (unsigned slot = 0; slot < EDDY_TIMERS_SLOTS; slot++) {
            if (timers->slots[level][slot] != NULL) {
                assert((timers->filled[level][slot / 64] >> slot % 64 & 1) != 0 && "a filled slot is marked");
                count += count_linked(timers, &timers->slots[level][slot], false);
            }
        }
    }
    return count;
}
#endif

/* In debug builds, after every operation; of very many timers only now and then. */
static void verify_timers(const struct eddy_timers *timers)
{
    (void)timers;
#ifdef EDDY_DEBUG
    if ((timers->order / 2 + timers->armed) % (timers->armed / 64 + 1) == 0) {
        assert(eddyi_timers_are_sorted(timers->list) && "the list is sorted");
        size_t count = count_linked(timers, &timers->list, true) + count_heap(timers, &timers->near);
        assert(count + count_wheel(timers) == timers->armed && "every armed timer is somewhere, once");
        (void)count;
    }
#endif
}

/* ---- The queue ------------------------------------------------------------------------- */

void eddy_timers_init(struct eddy_timers *timers, eddy_ns now)
{
    memset(timers, 0, sizeof *timers);
    set_horizon(timers, tick_of(now) > 0 ? tick_of(now) : 1);
}

void eddy_timers_arm(struct eddy_timers *timers, struct eddy_timer *timer, eddy_ns deadline)
{
    if (timer->place != NULL) {
        if (eddyi_timers_put_off(timers, timer, deadline)) {
            return;
        }
        eddy_timers_disarm(timers, timer);
    }
    if (deadline == EDDY_FOREVER) {
        return;
    }
    timer->deadline = deadline;
    timer->order = (timers->order += 2) | (timer->order & 1);
    timers->armed++;
    file(timers, timer);
    verify_timers(timers);
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
    verify_timers(timers);
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
    return eddyi_timer_is_before(timers->near, timers->list) ? timers->near : timers->list;
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
