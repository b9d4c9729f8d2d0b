/* Tasks that end early: destroyed while parked, or cancelled; what is withdrawn, what is undone, and in which order. */
#include "check.hpp"

#include <eddy/condition.h>
#include <eddy/event.h>
#include <eddy/lock.h>
#include <eddy/queue.h>
#include <eddy/semaphore.h>

#include <cstring>
#include <memory>

namespace
{

using eddy::await;
using eddy::spawned;
using eddy::task;

/* Gives a lock back, which its owner alone can. */
struct unlock {
    eddy_lock *lock;
    ~unlock()
    {
        CHECK(eddy_lock_release(lock) == 0);
    }
};

task<> inner(char *&text, eddy_event *event)
{
    letter b(text, 'b');
    (void)co_await await(eddy_event_wait, event);
    *text++ = '!';
    (void)co_await await(eddy_yield);
    *text++ = '?';
}

task<> outer(char *&text, eddy_event *event)
{
    letter a(text, 'a');
    co_await inner(text, event);
    *text++ = '.';
}

struct scene {
    char text[16] = "";
    char *end = text;
    eddy_event event;

    scene()
    {
        eddy_event_init(&event);
    }
};

void a_destroyed_task_withdraws_what_it_waits_for()
{
    test_loop t;
    scene s;
    {
        spawned<> one;
        CHECK(one.start(&t.loop, outer(s.end, &s.event)) == 0);
        t.settle();
        CHECK(eddy_event_waiting(&s.event) == 1);
    }
    CHECK(strcmp(s.text, "ba") == 0 && eddy_event_fini(&s.event) == 0);
    t.run();
}

void a_task_that_is_destroyed_before_its_first_turn_never_runs()
{
    test_loop t;
    scene s;
    {
        spawned<> one;
        CHECK(one.start(&t.loop, outer(s.end, &s.event)) == 0);
    }
    t.run();
    CHECK(s.text[0] == '\0');
}

void a_task_that_was_never_started_is_freed()
{
    scene s;
    task<> never = outer(s.end, &s.event);
    CHECK(never);
}

/* The lambda of undo() gets the result that nobody received. */
void a_result_on_its_way_to_a_destroyed_task_is_undone()
{
    test_loop t;
    eddy_semaphore permits;
    eddy_semaphore_init(&permits, 0, 1);
    auto body = [](eddy_semaphore *s, int *undone) -> task<> {
        (void)co_await await(eddy_semaphore_acquire, s, 1u).undo([&](ssize_t result) {
            *undone += result == 0 ? 1 : 100;
            CHECK(eddy_semaphore_release(s, 1) == 0);
        });
        (void)co_await await(eddy_sleep, EDDY_FOREVER);
    };
    int undone = 0;
    {
        spawned<> parked;
        CHECK(parked.start(&t.loop, body(&permits, &undone)) == 0);
        t.settle();
    }
    CHECK(undone == 0);
    {
        spawned<> granted;
        CHECK(granted.start(&t.loop, body(&permits, &undone)) == 0);
        t.settle();
        CHECK(eddy_semaphore_release(&permits, 1) == 0 && permits.available == 0);
    }
    CHECK(undone == 1 && permits.available == 1);
    {
        spawned<> received;
        CHECK(received.start(&t.loop, body(&permits, &undone)) == 0);
        t.settle();
    }
    CHECK(undone == 1 && permits.available == 0);
}

void a_foreign_coroutine_withdraws_too()
{
    struct owned {
        struct promise_type {
            owned get_return_object()
            {
                return {std::coroutine_handle<promise_type>::from_promise(*this)};
            }
            std::suspend_never initial_suspend()
            {
                return {};
            }
            std::suspend_always final_suspend() noexcept
            {
                return {};
            }
            void return_void()
            {
            }
            void unhandled_exception()
            {
            }
        };
        std::coroutine_handle<> frame;
    };
    test_loop t;
    scene s;
    auto body = [](eddy_event *event) -> owned { (void)co_await await(eddy_event_wait, event); };
    owned one = body(&s.event);
    CHECK(eddy_event_waiting(&s.event) == 1);
    one.frame.destroy();
    CHECK(eddy_event_waiting(&s.event) == 0);
    t.run();
}

void a_cancelled_await_does_not_return()
{
    test_loop t;
    scene s;
    spawned<> one;
    CHECK(one.start(&t.loop, outer(s.end, &s.event)) == 0);
    t.settle();
    one.cancel();
    CHECK(s.text[0] == '\0' && one.status() == EDDY_PENDING); /* not in this call */
    one.cancel();
    t.run();
    CHECK(strcmp(s.text, "ba") == 0 && one.status() == -ECANCELED && eddy_event_fini(&s.event) == 0);
    one.cancel();
}

void an_operation_that_was_done_keeps_its_result()
{
    test_loop t;
    scene s;
    spawned<> one;
    CHECK(one.start(&t.loop, outer(s.end, &s.event)) == 0);
    t.settle();
    eddy_event_set(&s.event);
    one.cancel();
    t.run();
    CHECK(strcmp(s.text, "!ba") == 0 && one.status() == -ECANCELED);
}

/* A cancel does not end this wait early: it is over with 7. */
const eddy_wait_kind stubborn_kind = {.name = "stubborn",
                                      .unpark = nullptr,
                                      .abort = [](eddy_waiter *waiter, ssize_t) { eddy_wait_wake(waiter, 7); },
                                      .complete = nullptr,
                                      .external = true,
                                      .uncancellable = false,
                                      .expiry = -ETIMEDOUT};

void an_operation_that_is_done_in_spite_of_a_cancel_keeps_its_result()
{
    test_loop t;
    int seen = 0;
    auto body = [](int *result) -> task<> {
        *result = co_await await([](eddy_waiter *me) { return eddy_wait_park(me, &stubborn_kind); });
        (void)co_await await(eddy_checkpoint);
        *result = 0;
    };
    spawned<> one;
    CHECK(one.start(&t.loop, body(&seen)) == 0);
    t.settle();
    one.cancel();
    t.run();
    CHECK(seen == 7 && one.status() == -ECANCELED);
}

void a_wait_that_cannot_be_cancelled_is_over_first()
{
    test_loop t;
    scene s;
    spawned<> one;
    eddy_event_set(&s.event);
    CHECK(one.start(&t.loop, outer(s.end, &s.event)) == 0);
    t.pass();
    CHECK(strcmp(s.text, "!") == 0); /* it is in eddy_yield() */
    one.cancel();
    t.run();
    CHECK(strcmp(s.text, "!?b.a") == 0 && one.status() == 0); /* and there was no other await */
}

void a_task_that_is_cancelled_before_its_first_turn_unwinds_at_its_first_await()
{
    test_loop t;
    scene s;
    spawned<> one;
    CHECK(one.start(&t.loop, outer(s.end, &s.event)) == 0);
    one.cancel();
    t.run();
    CHECK(s.text[0] == 'a' && s.text[1] == '\0' && one.status() == -ECANCELED); /* the call of inner() was an await */
}

void a_task_that_cancels_itself_goes_on_to_its_next_await()
{
    test_loop t;
    char text[8] = "", *end = text;
    spawned<> one;
    auto body = [](spawned<> *self, char *&at) -> task<> {
        letter a(at, 'a');
        self->cancel();
        *at++ = '1';
        (void)co_await await(eddy_checkpoint);
        *at++ = '2';
    };
    CHECK(one.start(&t.loop, body(&one, end)) == 0);
    t.run();
    CHECK(strcmp(text, "1a") == 0 && one.status() == -ECANCELED);
}

void a_cancelled_task_gives_its_locks_back()
{
    test_loop t;
    eddy_lock lock;
    eddy_lock_init(&lock);
    auto holds = [](eddy_lock *l) -> task<> {
        CHECK(co_await await(eddy_lock_acquire, l) == 0);
        unlock guard{l};
        (void)co_await await(eddy_sleep, EDDY_SEC(3600));
    };
    spawned<> first, second;
    CHECK(first.start(&t.loop, holds(&lock)) == 0 && second.start(&t.loop, holds(&lock)) == 0);
    t.settle();
    CHECK(eddy_lock_waiting(&lock) == 1);
    auto cancels = [](spawned<> *one, spawned<> *other) -> task<> { /* from another task's turn */
                                                                    one->cancel();
                                                                    CHECK(co_await await(*one) == -ECANCELED);
                                                                    other->cancel();
    };
    spawned<> third;
    CHECK(third.start(&t.loop, cancels(&first, &second)) == 0);
    t.run();
    CHECK(third.status() == 0 && second.status() == -ECANCELED && eddy_lock_fini(&lock) == 0);
    CHECK(t.elapsed() == 0);
}

void a_cancelled_wait_for_a_condition_owns_the_lock_again_and_gives_it_back()
{
    test_loop t;
    eddy_lock lock;
    eddy_condition changed;
    eddy_lock_init(&lock);
    eddy_condition_init(&changed, &lock);
    auto waits = [](eddy_lock *l, eddy_condition *c) -> task<> {
        CHECK(co_await await(eddy_lock_acquire, l) == 0);
        unlock guard{l};
        (void)co_await await(eddy_condition_wait, c);
        CHECK(false);
    };
    auto holds = [](eddy_lock *l, spawned<> *other) -> task<> {
        CHECK(co_await await(eddy_lock_acquire, l) == 0);
        unlock guard{l};
        other->cancel();
        (void)co_await await(eddy_sleep, EDDY_MS(1));
        CHECK(other->status() == EDDY_PENDING); /* it waits for the lock */
    };
    spawned<> one, two;
    CHECK(one.start(&t.loop, waits(&lock, &changed)) == 0 && two.start(&t.loop, holds(&lock, &one)) == 0);
    t.run();
    CHECK(one.status() == -ECANCELED && two.status() == 0 && eddy_lock_fini(&lock) == 0);
    CHECK(eddy_condition_fini(&changed) == 0);
}

void joiners_hear_of_a_task_that_is_destroyed()
{
    test_loop t;
    scene s;
    auto one = std::make_unique<spawned<>>();
    CHECK(one->start(&t.loop, outer(s.end, &s.event)) == 0);
    auto joins = [](spawned<> *of) -> task<int> { co_return co_await await(*of); };
    spawned<int> joiner;
    CHECK(joiner.start(&t.loop, joins(one.get())) == 0);
    t.settle();
    one.reset();
    t.run();
    CHECK(joiner.take() == -ECANCELED);
}

/* Every number of turns after which a pipeline of two tasks may be cancelled or destroyed leaves nothing behind; test_loop
 * checks that, and ASan. */
void wherever_a_task_ends_nothing_is_left()
{
    for (int turns = 0; turns < 30; turns++) {
        for (int way = 0; way < 2; way++) {
            test_loop t;
            eddy_queue queue;
            eddy_queue_slot slots[1];
            eddy_queue_init(&queue, slots, 1, EDDY_FIFO, [](void *item) { delete static_cast<int *>(item); });
            auto puts = [](eddy_queue *to) -> task<> {
                for (int i = 0; i < 5; i++) {
                    auto item = std::make_unique<int>(i);
                    int error = co_await await(eddy_queue_put, to, static_cast<void *>(item.get())).undo([&](ssize_t) {
                        (void)item.release(); /* it is the queue's */
                    });
                    if (error == 0) {
                        (void)item.release();
                    }
                }
            };
            auto gets = [](eddy_queue *from) -> task<> {
                for (int i = 0; i < 5; i++) {
                    void *item = nullptr;
                    int error = co_await await(eddy_queue_get, from, &item).undo([&](ssize_t) {
                        delete static_cast<int *>(item);
                    });
                    if (error == 0) {
                        delete static_cast<int *>(item);
                    }
                    (void)co_await await(eddy_yield);
                }
            };
            auto from = std::make_unique<spawned<>>(), to = std::make_unique<spawned<>>();
            CHECK(from->start(&t.loop, puts(&queue)) == 0 && to->start(&t.loop, gets(&queue)) == 0);
            for (int i = 0; i < turns; i++) {
                t.pass();
            }
            if (way == 0) {
                from->cancel();
                to->cancel();
                t.run();
            }
            from.reset();
            to.reset();
            CHECK(eddy_queue_fini(&queue) == 0);
        }
    }
}

} // namespace

void test_ends()
{
    const test tests[] = {
        TEST(a_destroyed_task_withdraws_what_it_waits_for),
        TEST(a_task_that_is_destroyed_before_its_first_turn_never_runs),
        TEST(a_task_that_was_never_started_is_freed),
        TEST(a_result_on_its_way_to_a_destroyed_task_is_undone),
        TEST(a_foreign_coroutine_withdraws_too),
        TEST(a_cancelled_await_does_not_return),
        TEST(an_operation_that_was_done_keeps_its_result),
        TEST(an_operation_that_is_done_in_spite_of_a_cancel_keeps_its_result),
        TEST(a_wait_that_cannot_be_cancelled_is_over_first),
        TEST(a_task_that_is_cancelled_before_its_first_turn_unwinds_at_its_first_await),
        TEST(a_task_that_cancels_itself_goes_on_to_its_next_await),
        TEST(a_cancelled_task_gives_its_locks_back),
        TEST(a_cancelled_wait_for_a_condition_owns_the_lock_again_and_gives_it_back),
        TEST(joiners_hear_of_a_task_that_is_destroyed),
        TEST(wherever_a_task_ends_nothing_is_left),
    };
    run_tests(tests, sizeof tests / sizeof *tests);
}
