/* The queue of deadlines: order, ties, the exact next deadline, and a long random walk against a model so
 * simple that it cannot be wrong. EDDY_SEED=n repeats a walk; a failure prints the seed. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <eddy/timers.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define START EDDY_SEC(1000)
#define YEAR (EDDY_SEC(86400) * 365)

static struct eddy_timers queue;

static int start(void **state)
{
    (void)state;
    memset(&queue, 0xA5, sizeof queue); /* whatever was in the memory before */
    eddy_timers_init(&queue, START);
    return 0;
}

static void expect_pop(eddy_ns now, struct eddy_timer *expected)
{
    assert_ptr_equal(eddy_timers_pop(&queue, now), expected);
    if (expected != NULL) {
        assert_false(eddy_timer_is_armed(expected));
    }
}

static void init_all(struct eddy_timer *timers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        memset(&timers[i], 0xA5, sizeof timers[i]);
        eddy_timer_init(&timers[i]);
    }
}

static void an_empty_queue_has_no_deadline(void **state)
{
    (void)state;
    assert_true(eddy_timers_next(&queue) == EDDY_FOREVER);
    expect_pop(EDDY_FOREVER, NULL);
    assert_int_equal(queue.armed, 0);
}

static void a_fresh_timer_is_not_armed(void **state)
{
    (void)state;
    struct eddy_timer timer;
    init_all(&timer, 1);
    assert_false(eddy_timer_is_armed(&timer));
    eddy_timers_disarm(&queue, &timer);
    assert_int_equal(queue.armed, 0);
    eddy_timers_arm(&queue, &timer, START + 1);
    assert_true(eddy_timer_is_armed(&timer));
    assert_int_equal(queue.armed, 1);
    assert_true(timer.deadline == START + 1);
}

static void a_timer_is_due_at_its_deadline_and_not_one_nanosecond_before(void **state)
{
    (void)state;
    static const eddy_ns spans[] = {1,
                                    999,
                                    EDDY_US(1),
                                    EDDY_MS(1),
                                    EDDY_MS(1) + 1,
                                    EDDY_MS(268),
                                    EDDY_MS(269),
                                    EDDY_SEC(68),
                                    EDDY_SEC(70),
                                    EDDY_SEC(18000),
                                    YEAR,
                                    290 * YEAR};
    for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++) {
        struct eddy_timer timer;
        init_all(&timer, 1);
        eddy_timers_init(&queue, START);
        eddy_timers_arm(&queue, &timer, eddy_ns_add(START, spans[i]) - 1);
        eddy_ns deadline = timer.deadline;
        expect_pop(deadline - 1, NULL);
        assert_true(eddy_timers_next(&queue) == deadline);
        expect_pop(deadline, &timer);
        assert_int_equal(queue.armed, 0);
    }
}

static void deadlines_one_nanosecond_apart_pop_in_order(void **state)
{
    (void)state;
    struct eddy_timer timers[1000];
    init_all(timers, 1000);
    for (size_t i = 0; i < 1000; i++) {
        size_t shuffled = i * 617 % 1000;
        eddy_timers_arm(&queue, &timers[shuffled], START + EDDY_MS(3) + (eddy_ns)shuffled);
    }
    for (size_t i = 0; i < 1000; i++) {
        eddy_ns deadline = START + EDDY_MS(3) + (eddy_ns)i;
        assert_true(eddy_timers_next(&queue) == deadline);
        expect_pop(deadline - 1, NULL);
        expect_pop(deadline, &timers[i]);
    }
}

static void equal_deadlines_pop_in_the_order_of_arming(void **state)
{
    (void)state;
    struct eddy_timer timers[100];
    eddy_ns spans[] = {0, 7, EDDY_MS(50), EDDY_SEC(100), YEAR};
    for (size_t s = 0; s < sizeof spans / sizeof spans[0]; s++) {
        eddy_timers_init(&queue, START);
        init_all(timers, 100);
        for (size_t i = 0; i < 100; i++) {
            eddy_timers_arm(&queue, &timers[i * 37 % 100], START + spans[s]);
        }
        for (size_t i = 0; i < 100; i++) {
            expect_pop(START + spans[s], &timers[i * 37 % 100]);
        }
    }
}

static void ties_count_from_the_last_arming(void **state)
{
    (void)state;
    struct eddy_timer a, b, c;
    init_all(&a, 1);
    init_all(&b, 1);
    init_all(&c, 1);
    eddy_ns spans[] = {5, EDDY_MS(20), EDDY_SEC(100), YEAR};
    for (size_t s = 0; s < sizeof spans / sizeof spans[0]; s++) {
        eddy_ns deadline = START + spans[s];
        eddy_timers_init(&queue, START);
        eddy_timers_arm(&queue, &a, deadline);
        eddy_timers_arm(&queue, &b, deadline);
        eddy_timers_arm(&queue, &c, deadline);
        eddy_timers_arm(&queue, &a, deadline); /* the same deadline again: behind b and c now */
        expect_pop(deadline, &b);
        expect_pop(deadline, &c);
        expect_pop(deadline, &a);
    }
}

static void ties_hold_after_an_extension_and_after_moving_earlier(void **state)
{
    (void)state;
    struct eddy_timer extended, shortened, plain;
    eddy_ns deadline = START + EDDY_SEC(60);
    init_all(&extended, 1);
    init_all(&shortened, 1);
    init_all(&plain, 1);
    eddy_timers_arm(&queue, &extended, START + EDDY_SEC(10)); /* lies in an earlier slot when it is extended */
    eddy_timers_arm(&queue, &shortened, START + EDDY_SEC(600));
    eddy_timers_arm(&queue, &plain, deadline);
    eddy_timers_arm(&queue, &shortened, deadline);
    eddy_timers_arm(&queue, &extended, deadline);
    assert_true(eddy_timers_next(&queue) == deadline);
    expect_pop(deadline - 1, NULL);
    expect_pop(deadline, &plain);
    expect_pop(deadline, &shortened);
    expect_pop(deadline, &extended);
}

static void an_extended_timer_does_not_hide_the_next_deadline(void **state)
{
    (void)state;
    struct eddy_timer extended, other;
    init_all(&extended, 1);
    init_all(&other, 1);
    eddy_timers_arm(&queue, &extended, START + EDDY_SEC(1));
    eddy_timers_arm(&queue, &other, START + EDDY_SEC(30));
    for (int i = 2; i <= 100; i++) {
        eddy_timers_arm(&queue, &extended, START + EDDY_SEC(i));
    }
    assert_true(eddy_timers_next(&queue) == START + EDDY_SEC(30));
    expect_pop(START + EDDY_SEC(99), &other);
    assert_true(eddy_timers_next(&queue) == START + EDDY_SEC(100));
    assert_int_equal(queue.armed, 1);
    expect_pop(START + EDDY_SEC(100), &extended);
}

static void an_earlier_deadline_counts_at_once(void **state)
{
    (void)state;
    struct eddy_timer timer;
    init_all(&timer, 1);
    eddy_ns spans[] = {YEAR, EDDY_SEC(1000), EDDY_SEC(3), EDDY_MS(4), EDDY_US(7), 3, 0, -5};
    for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++) {
        eddy_timers_arm(&queue, &timer, START + spans[i]);
        assert_true(eddy_timers_next(&queue) == START + spans[i]);
        assert_int_equal(queue.armed, 1);
    }
    expect_pop(START, &timer);
}

static void disarm_takes_effect_at_once(void **state)
{
    (void)state;
    struct eddy_timer near, far, other;
    init_all(&near, 1);
    init_all(&far, 1);
    init_all(&other, 1);
    eddy_timers_arm(&queue, &near, START + 1);
    eddy_timers_arm(&queue, &far, START + EDDY_SEC(100));
    eddy_timers_arm(&queue, &other, START + EDDY_SEC(100));
    eddy_timers_disarm(&queue, &near);
    eddy_timers_disarm(&queue, &far);
    assert_false(eddy_timer_is_armed(&near));
    assert_false(eddy_timer_is_armed(&far));
    assert_int_equal(queue.armed, 1);
    memset(&near, 0xFF, sizeof near); /* the memory is free: nothing may follow a link into it */
    memset(&far, 0xFF, sizeof far);
    assert_true(eddy_timers_next(&queue) == START + EDDY_SEC(100));
    expect_pop(EDDY_FOREVER - 1, &other);
    expect_pop(EDDY_FOREVER - 1, NULL);
    eddy_timers_disarm(&queue, &other);
    assert_int_equal(queue.armed, 0);
}

static void forever_disarms(void **state)
{
    (void)state;
    struct eddy_timer timer;
    init_all(&timer, 1);
    eddy_timers_arm(&queue, &timer, EDDY_FOREVER);
    assert_false(eddy_timer_is_armed(&timer));
    eddy_ns spans[] = {1, EDDY_SEC(5)};
    for (size_t i = 0; i < 2; i++) {
        eddy_timers_arm(&queue, &timer, START + spans[i]);
        eddy_timers_arm(&queue, &timer, EDDY_FOREVER);
        assert_false(eddy_timer_is_armed(&timer));
        assert_true(eddy_timers_next(&queue) == EDDY_FOREVER);
        assert_int_equal(queue.armed, 0);
    }
}

static void the_last_instant_before_forever_is_a_deadline(void **state)
{
    (void)state;
    struct eddy_timer last, before;
    init_all(&last, 1);
    init_all(&before, 1);
    eddy_timers_arm(&queue, &last, INT64_MAX - 1);
    eddy_timers_arm(&queue, &before, INT64_MAX - 2);
    assert_true(eddy_timers_next(&queue) == INT64_MAX - 2);
    expect_pop(INT64_MAX - 3, NULL);
    expect_pop(INT64_MAX - 1, &before);
    expect_pop(INT64_MAX - 2, NULL);
    expect_pop(INT64_MAX - 1, &last);
}

static void deadlines_in_the_past_are_due_in_their_order(void **state)
{
    (void)state;
    struct eddy_timer oldest, old, zero, now;
    init_all(&oldest, 1);
    init_all(&old, 1);
    init_all(&zero, 1);
    init_all(&now, 1);
    for (int from_zero = 0; from_zero <= 1; from_zero++) {
        eddy_timers_init(&queue, from_zero ? 0 : START);
        eddy_timers_arm(&queue, &now, from_zero ? 1 : START);
        eddy_timers_arm(&queue, &zero, 0);
        eddy_timers_arm(&queue, &oldest, INT64_MIN);
        eddy_timers_arm(&queue, &old, -1);
        assert_true(eddy_timers_next(&queue) == INT64_MIN);
        expect_pop(START, &oldest);
        expect_pop(-2, NULL);
        expect_pop(START, &old);
        expect_pop(START, &zero);
        expect_pop(START, &now);
    }
}

static void asking_for_the_next_deadline_does_not_disturb_what_is_armed_nearer_later(void **state)
{
    (void)state;
    struct eddy_timer far, timers[3];
    init_all(&far, 1);
    init_all(timers, 3);
    eddy_timers_arm(&queue, &far, START + YEAR);
    assert_true(eddy_timers_next(&queue) == START + YEAR); /* the queue has looked a year ahead */
    eddy_timers_arm(&queue, &timers[2], START + EDDY_SEC(9));
    eddy_timers_arm(&queue, &timers[0], START + 1);
    eddy_timers_arm(&queue, &timers[1], START + EDDY_MS(9));
    assert_true(eddy_timers_next(&queue) == START + 1);
    for (size_t i = 0; i < 3; i++) {
        expect_pop(START + EDDY_SEC(9), &timers[i]);
    }
    expect_pop(START + YEAR, &far);
}

/* ---- The random walk ------------------------------------------------------------------- */

#define WALKERS 96

struct walker {
    struct eddy_timer timer;
    eddy_ns deadline;
    uint64_t order;
    bool armed;
};

struct walk {
    struct walker walkers[WALKERS];
    uint64_t seed;
    uint64_t random;
    uint64_t order;
    eddy_ns now;
    eddy_ns span;
};

static uint64_t draw(struct walk *walk)
{
    walk->random ^= walk->random << 13;
    walk->random ^= walk->random >> 7;
    walk->random ^= walk->random << 17;
    return walk->random * 0x2545F4914F6CDD1Du >> 8;
}

static uint64_t first_seed(void)
{
    const char *given = getenv("EDDY_SEED");
    return given != NULL ? strtoull(given, NULL, 0) : (uint64_t)time(NULL) * 2 + 1;
}

static struct walker *model_first(struct walk *walk)
{
    struct walker *first = NULL;
    for (size_t i = 0; i < WALKERS; i++) {
        struct walker *at = &walk->walkers[i];
        if (at->armed && (first == NULL || at->deadline < first->deadline ||
                          (at->deadline == first->deadline && at->order < first->order))) {
            first = at;
        }
    }
    return first;
}

static void check_walk(const struct walk *walk, long step, bool holds, const char *what)
{
    if (!holds) {
        fail_msg("%s; EDDY_SEED=%llu, span %lld, step %ld", what, (unsigned long long)walk->seed, (long long)walk->span,
                 step);
    }
}

/* Deadlines of all sizes up to the span, some equal to one that is there. */
static eddy_ns draw_deadline(struct walk *walk)
{
    uint64_t kind = draw(walk) % 16;
    if (kind == 0) {
        return walk->now - (eddy_ns)(draw(walk) % 1000);
    }
    if (kind <= 2) {
        const struct walker *twin = &walk->walkers[draw(walk) % WALKERS];
        return twin->armed ? twin->deadline : walk->now;
    }
    uint64_t span = (uint64_t)walk->span >> draw(walk) % 8;
    return eddy_ns_add(walk->now, (eddy_ns)(draw(walk) % (span + 1)));
}

static void walk_arm(struct walk *walk)
{
    struct walker *walker = &walk->walkers[draw(walk) % WALKERS];
    eddy_ns deadline = draw_deadline(walk);
    if (walker->armed && draw(walk) % 4 == 0) { /* an idle timeout that is pushed on */
        deadline = eddy_ns_add(walker->deadline, (eddy_ns)(draw(walk) % ((uint64_t)walk->span / 16 + 2)));
    }
    eddy_timers_arm(&queue, &walker->timer, deadline);
    walker->armed = deadline != EDDY_FOREVER;
    walker->deadline = deadline;
    walker->order = walk->order++;
}

static void walk_disarm(struct walk *walk)
{
    struct walker *walker = &walk->walkers[draw(walk) % WALKERS];
    eddy_timers_disarm(&queue, &walker->timer);
    walker->armed = false;
}

static void walk_pop(struct walk *walk, long step)
{
    uint64_t jump = draw(walk) % 64;
    eddy_ns step_span = (eddy_ns)(draw(walk) % ((uint64_t)walk->span / 64 + 2));
    walk->now = eddy_ns_add(walk->now, jump == 0 ? walk->span : step_span);
    for (uint64_t pops = draw(walk) % 4 == 0 ? 1 : WALKERS; pops > 0; pops--) {
        struct walker *expected = model_first(walk);
        struct eddy_timer *timer = eddy_timers_pop(&queue, walk->now);
        if (expected != NULL && expected->deadline > walk->now) {
            expected = NULL;
        }
        check_walk(walk, step, timer == (expected == NULL ? NULL : &expected->timer), "popped another timer");
        if (expected == NULL) {
            return;
        }
        expected->armed = false;
    }
}

static void walk_next(struct walk *walk, long step)
{
    const struct walker *first = model_first(walk);
    check_walk(walk, step, eddy_timers_next(&queue) == (first == NULL ? EDDY_FOREVER : first->deadline),
               "another next deadline");
}

static void walk_check_states(struct walk *walk, long step)
{
    size_t armed = 0;
    for (size_t i = 0; i < WALKERS; i++) {
        const struct walker *at = &walk->walkers[i];
        armed += at->armed;
        check_walk(walk, step, eddy_timer_is_armed(&at->timer) == at->armed, "another is armed");
        check_walk(walk, step, !at->armed || at->timer.deadline == at->deadline, "another deadline");
    }
    check_walk(walk, step, armed == queue.armed, "another number is armed");
}

static void set_out(struct walk *walk)
{
    memset(walk->walkers, 0, sizeof walk->walkers);
    walk->now = (eddy_ns)(draw(walk) % (uint64_t)EDDY_SEC(1000000));
    eddy_timers_init(&queue, walk->now);
}

static void take_a_walk(uint64_t seed, eddy_ns span, long steps)
{
    static struct walk walk;
    walk.seed = seed;
    walk.random = seed * 0x9E3779B97F4A7C15u | 1;
    walk.span = span;
    set_out(&walk);
    for (long step = 0; step < steps; step++) {
        if (walk.now > INT64_MAX / 4 * 3) { /* at the end of time: begin again */
            set_out(&walk);
        }
        uint64_t kind = draw(&walk) % 16;
        if (kind < 9) {
            walk_arm(&walk);
        } else if (kind < 11) {
            walk_disarm(&walk);
        } else if (kind < 13) {
            walk_next(&walk, step);
        } else {
            walk_pop(&walk, step);
        }
        if (step % 1024 == 0) {
            walk_check_states(&walk, step);
        }
    }
}

static void a_million_random_operations_agree_with_a_sorted_model(void **state)
{
    (void)state;
    static const eddy_ns spans[] = {500, EDDY_US(900), EDDY_MS(30), EDDY_SEC(2), EDDY_SEC(4000), 3 * YEAR};
    uint64_t seed = first_seed();
    for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++) {
        take_a_walk(seed, spans[i], 100000);
        take_a_walk(seed + 1, spans[i], 70000);
    }
}

/* ---- Many ------------------------------------------------------------------------------ */

static int compare_timers(const void *a, const void *b)
{
    const struct eddy_timer *left = *(struct eddy_timer *const *)a;
    const struct eddy_timer *right = *(struct eddy_timer *const *)b;
    if (left->deadline != right->deadline) {
        return left->deadline < right->deadline ? -1 : 1;
    }
    return left < right ? -1 : 1; /* they are armed in the order of their places */
}

static void a_hundred_thousand_timers_pop_sorted(void **state)
{
    (void)state;
    enum { COUNT = 100000 };
    struct eddy_timer *timers = malloc(COUNT * sizeof *timers);
    struct eddy_timer **sorted = malloc(COUNT * sizeof *sorted);
    assert_non_null(timers);
    assert_non_null(sorted);
    struct walk walk = {.random = first_seed() | 1};
    init_all(timers, COUNT);
    for (size_t i = 0; i < COUNT; i++) { /* lower first, then most are extended, in the order of their places */
        eddy_timers_arm(&queue, &timers[i], START + (eddy_ns)(draw(&walk) % (uint64_t)EDDY_SEC(1)));
    }
    for (size_t i = 0; i < COUNT; i++) {
        sorted[i] = &timers[i];
        eddy_timers_arm(&queue, &timers[i], START + EDDY_US(draw(&walk) % 3600000) * 1000);
    }
    qsort(sorted, COUNT, sizeof *sorted, compare_timers);
    for (size_t i = 0; i < COUNT; i++) {
        expect_pop(sorted[i]->deadline, sorted[i]);
    }
    expect_pop(EDDY_FOREVER - 1, NULL);
    free(sorted);
    free(timers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_empty_queue_has_no_deadline, start),
        cmocka_unit_test_setup(a_fresh_timer_is_not_armed, start),
        cmocka_unit_test_setup(a_timer_is_due_at_its_deadline_and_not_one_nanosecond_before, start),
        cmocka_unit_test_setup(deadlines_one_nanosecond_apart_pop_in_order, start),
        cmocka_unit_test_setup(equal_deadlines_pop_in_the_order_of_arming, start),
        cmocka_unit_test_setup(ties_count_from_the_last_arming, start),
        cmocka_unit_test_setup(ties_hold_after_an_extension_and_after_moving_earlier, start),
        cmocka_unit_test_setup(an_extended_timer_does_not_hide_the_next_deadline, start),
        cmocka_unit_test_setup(an_earlier_deadline_counts_at_once, start),
        cmocka_unit_test_setup(disarm_takes_effect_at_once, start),
        cmocka_unit_test_setup(forever_disarms, start),
        cmocka_unit_test_setup(the_last_instant_before_forever_is_a_deadline, start),
        cmocka_unit_test_setup(deadlines_in_the_past_are_due_in_their_order, start),
        cmocka_unit_test_setup(asking_for_the_next_deadline_does_not_disturb_what_is_armed_nearer_later, start),
        cmocka_unit_test_setup(a_million_random_operations_agree_with_a_sorted_model, start),
        cmocka_unit_test_setup(a_hundred_thousand_timers_pop_sorted, start),
    };
    return cmocka_run_group_tests_name("timers", tests, NULL, NULL);
}
