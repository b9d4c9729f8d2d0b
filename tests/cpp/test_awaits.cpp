/* What co_await gives: results at once and later, errors, deadlines; values, exceptions and calls of tasks. */
#include "check.hpp"

#include <eddy/event.h>
#include <eddy/lock.h>
#include <eddy/memory.h>
#include <eddy/queue.h>
#include <eddy/semaphore.h>
#include <eddy/stream.h>

#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <sys/socket.h>

namespace
{

using eddy::await;
using eddy::spawned;
using eddy::task;

void an_operation_that_is_ready_does_not_park()
{
    test_loop t;
    eddy_semaphore permits;
    eddy_semaphore_init(&permits, 3, 3);
    spawned<int> one;
    auto body = [](eddy_semaphore *s) -> task<int> {
        int error = 0;
        for (int i = 0; i < 3; i++) {
            error += co_await await(eddy_semaphore_acquire, s, 1u);
        }
        co_return error;
    };
    CHECK(one.start(&t.loop, body(&permits)) == 0);
    uint64_t steps = t.loop.scheduler.steps;
    t.run();
    CHECK(t.loop.scheduler.steps == steps + 1); /* the start alone */
    CHECK(one.status() == 0 && one.take() == 0 && permits.available == 0);
}

task<ssize_t> echo(eddy_stream *peer)
{
    char buffer[64];
    ssize_t n = co_await await(eddy_stream_read, peer, buffer, sizeof buffer);
    if (n > 0) {
        n = co_await await(
            [&](eddy_waiter *me) { return eddy_stream_write(peer, buffer, static_cast<size_t>(n), me); });
    }
    co_return n;
}

task<std::string> ask(eddy_stream *peer, std::string question)
{
    ssize_t n = co_await await(eddy_stream_write, peer, question.data(), question.size());
    CHECK(n == static_cast<ssize_t>(question.size()));
    char answer[64];
    n = co_await await(eddy_stream_read, peer, answer, sizeof answer);
    CHECK(n > 0);
    co_return std::string(answer, static_cast<size_t>(n));
}

void a_read_that_waits_gives_its_bytes()
{
    test_loop t;
    int fds[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
    eddy_stream ends[2];
    CHECK(eddy_stream_open(&ends[0], &t.loop, fds[0]) == 0 && eddy_stream_open(&ends[1], &t.loop, fds[1]) == 0);
    spawned<ssize_t> server;
    spawned<std::string> client;
    CHECK(server.start(&t.loop, echo(&ends[0])) == 0);
    CHECK(client.start(&t.loop, ask(&ends[1], "hello")) == 0);
    t.run();
    CHECK(server.take() == 5 && client.take() == "hello");
    eddy_stream_close(&ends[0]);
    eddy_stream_close(&ends[1]);
}

void an_error_is_a_value()
{
    test_loop t;
    eddy_memory ends[2];
    char buffers[2][8];
    eddy_memory_open(&ends[0], buffers[0], 8, &ends[1], buffers[1], 8);
    eddy_semaphore permits;
    eddy_semaphore_init(&permits, 0, 1);
    auto body = [](eddy_memory *memory, eddy_semaphore *s) -> task<int> {
        eddy_memory_close(memory);
        char byte;
        ssize_t at_once = co_await await(eddy_memory_read, memory, &byte, 1u);
        int later = co_await await(eddy_semaphore_acquire, s, 1u);
        CHECK(at_once == -ESHUTDOWN && later == -ESHUTDOWN);
        co_return 1;
    };
    spawned<int> one;
    CHECK(one.start(&t.loop, body(&ends[0], &permits)) == 0);
    t.settle();
    eddy_semaphore_close(&permits);
    t.run();
    CHECK(one.take() == 1);
    eddy_memory_close(&ends[1]);
}

void a_deadline_ends_a_wait_and_not_early()
{
    test_loop t;
    eddy_event event;
    eddy_event_init(&event);
    auto body = [](eddy_loop *loop, eddy_event *never) -> task<> {
        eddy_ns began = eddy_loop_now(loop);
        CHECK(co_await await(eddy_event_wait, never).within(EDDY_MS(50)) == -ETIMEDOUT);
        CHECK(eddy_loop_now(loop) - began == EDDY_MS(50) && eddy_event_waiting(never) == 0);
        CHECK(co_await await(eddy_event_wait, never).until(eddy_loop_now(loop) + EDDY_MS(5)).within(EDDY_SEC(9)) ==
              -ETIMEDOUT);
        CHECK(eddy_loop_now(loop) - began == EDDY_MS(55));
        CHECK(co_await await(eddy_sleep, EDDY_SEC(1)).within(EDDY_SEC(3600)) == 0);
        CHECK(eddy_loop_now(loop) - began == EDDY_MS(1055));
    };
    spawned<> one;
    CHECK(one.start(&t.loop, body(&t.loop, &event)) == 0);
    t.run();
    CHECK(one.status() == 0 && eddy_event_fini(&event) == 0);
}

void a_deadline_does_not_touch_what_is_ready()
{
    test_loop t;
    auto body = []() -> task<int> {
        int sum = 0;
        for (int i = 0; i < 1000; i++) { /* past the budget: it parks with its result */
            sum += co_await await(eddy_checkpoint).within(0);
        }
        co_return sum;
    };
    spawned<int> one;
    CHECK(one.start(&t.loop, body()) == 0);
    t.run();
    CHECK(one.take() == 0);
    CHECK(t.elapsed() == 0);
}

task<int> waits(int ms)
{
    (void)co_await await(eddy_sleep, EDDY_MS(ms));
    co_return ms;
}

void two_awaits_may_stand_in_one_expression()
{
    test_loop t;
    auto body = []() -> task<int> { co_return co_await waits(3) * 10 + co_await waits(4); };
    spawned<int> one;
    CHECK(one.start(&t.loop, body()) == 0);
    t.run();
    CHECK(one.take() == 34 && t.elapsed() == EDDY_MS(7));
}

void many_tasks_sleep_side_by_side()
{
    test_loop t;
    std::deque<spawned<int>> all(10000);
    int i = 0;
    for (spawned<int> &one : all) {
        CHECK(one.start(&t.loop, waits(i++ % 100)) == 0);
    }
    auto sum_up = [](std::deque<spawned<int>> *tasks) -> task<long> {
        long sum = 0;
        for (spawned<int> &one : *tasks) {
            CHECK(co_await await(one) == 0);
            sum += one.take();
        }
        co_return sum;
    };
    spawned<long> sum;
    CHECK(sum.start(&t.loop, sum_up(&all)) == 0);
    t.run();
    CHECK(sum.take() == 100L * 99 / 2 * 100 && t.elapsed() == EDDY_MS(99));
}

task<int> nests(int depth)
{
    if (depth == 0) {
        (void)co_await await(eddy_yield);
        co_return 0;
    }
    co_return 1 + co_await nests(depth - 1);
}

void calls_do_not_nest_on_the_stack()
{
    test_loop t;
    spawned<int> deep;
    CHECK(deep.start(&t.loop, nests(200000)) == 0);
    t.run();
    CHECK(deep.take() == 200000);
}

void a_value_may_be_one_that_can_only_move()
{
    test_loop t;
    auto make = [](int i) -> task<std::unique_ptr<int>> {
        (void)co_await await(eddy_yield);
        co_return std::make_unique<int>(i);
    };
    auto body = [&]() -> task<std::unique_ptr<int>> {
        std::unique_ptr<int> value = co_await make(7);
        co_return value;
    };
    spawned<std::unique_ptr<int>> one;
    CHECK(one.start(&t.loop, body()) == 0);
    t.run();
    CHECK(*one.take() == 7);
}

/* Of another library: starts at once, and destroys itself at its end. */
struct other_coroutine {
    struct promise_type {
        other_coroutine get_return_object()
        {
            return {};
        }
        std::suspend_never initial_suspend()
        {
            return {};
        }
        std::suspend_never final_suspend() noexcept
        {
            return {};
        }
        void return_void()
        {
        }
        void unhandled_exception()
        {
            std::abort();
        }
    };
};

other_coroutine in_another_library(int *sum)
{
    *sum += co_await await(eddy_checkpoint);
    *sum += co_await await([](eddy_waiter *me) { return eddy_sleep(EDDY_MS(5), me); });
    *sum += 1;
}

void any_coroutine_may_await_an_operation()
{
    test_loop t;
    int sum = 0;
    in_another_library(&sum);
    CHECK(sum == 0);
    t.run();
    CHECK(sum == 1 && t.elapsed() == EDDY_MS(5));
}

void a_lock_knows_the_task_that_owns_it()
{
    test_loop t;
    eddy_lock lock;
    eddy_lock_init(&lock);
    auto inner = [](eddy_lock *l) -> task<int> { co_return co_await await(eddy_lock_acquire, l); };
    auto body = [&](eddy_lock *l) -> task<> {
        CHECK(co_await inner(l) == 0);
        CHECK(co_await await(eddy_lock_acquire, l) == -EDEADLK); /* the call before was of the same task */
        CHECK(eddy_lock_release(l) == 0);
    };
    spawned<> one;
    CHECK(one.start(&t.loop, body(&lock)) == 0);
    t.run();
    CHECK(one.status() == 0 && eddy_lock_fini(&lock) == 0);
}

void a_value_may_be_made_of_braces()
{
    test_loop t;
    struct two {
        int one, other;
    };
    auto body = []() -> task<two> { co_return {1, 2}; };
    spawned<two> run;
    CHECK(run.start(&t.loop, body()) == 0);
    t.run();
    CHECK(run.take().other == 2);
}

void a_callback_may_join_a_task()
{
    test_loop t;
    struct joiner : eddy_waiter {
        int woken = 0;
    } joiner;
    eddy_waiter_init(&joiner, &t.loop, [](eddy_waiter *me) { static_cast<struct joiner *>(me)->woken++; });
    spawned<int> one;
    CHECK(one.join(&joiner) == -ECANCELED); /* never started */
    CHECK(one.start(&t.loop, waits(2)) == 0);
    CHECK(one.start(&t.loop, waits(2)) == -EBUSY);
    CHECK(one.join(&joiner) == EDDY_PENDING);
    t.run();
    CHECK(joiner.woken == 1 && joiner.result == 0 && one.join(&joiner) == 0);
    CHECK(one.start(&t.loop, waits(3)) == 0); /* and once more */
    t.run();
    CHECK(one.take() == 3);
}

void without_memory_nothing_starts()
{
    test_loop t;
    spawned<int> one;
    CHECK(one.start(&t.loop, task<int>()) == -ENOMEM && one.status() == -ECANCELED);
}

void run_gives_what_main_returns()
{
    CHECK(eddy::run(waits(1)) == 1);
    auto stuck = []() -> task<int> {
        eddy_event never;
        eddy_event_init(&never);
        (void)co_await await(eddy_event_wait, &never);
        co_return 0;
    };
    CHECK(eddy::run(stuck()) == -EDEADLK);
    auto stopped = []() -> task<int> {
        eddy_loop_stop(eddy_loop_current());
        (void)co_await await(eddy_sleep, EDDY_SEC(1));
        co_return 0;
    };
    CHECK(eddy::run(stopped()) == -ECANCELED);
    CHECK(eddy::run(task<int>()) == -ENOMEM);
}

#ifdef __cpp_exceptions
void an_exception_goes_on_in_who_awaits()
{
    test_loop t;
    auto fails = []() -> task<int> {
        (void)co_await await(eddy_yield);
        throw 7;
    };
    auto body = [&]() -> task<int> {
        try {
            co_return co_await fails();
        } catch (int caught) {
            co_return caught;
        }
    };
    spawned<int> one;
    CHECK(one.start(&t.loop, body()) == 0);
    t.run();
    CHECK(one.take() == 7);
}
#endif

} // namespace

void test_awaits()
{
    const test tests[] = {
        TEST(an_operation_that_is_ready_does_not_park),
        TEST(a_read_that_waits_gives_its_bytes),
        TEST(an_error_is_a_value),
        TEST(a_deadline_ends_a_wait_and_not_early),
        TEST(a_deadline_does_not_touch_what_is_ready),
        TEST(two_awaits_may_stand_in_one_expression),
        TEST(many_tasks_sleep_side_by_side),
        TEST(calls_do_not_nest_on_the_stack),
        TEST(a_value_may_be_one_that_can_only_move),
        TEST(any_coroutine_may_await_an_operation),
        TEST(a_lock_knows_the_task_that_owns_it),
        TEST(a_value_may_be_made_of_braces),
        TEST(a_callback_may_join_a_task),
        TEST(without_memory_nothing_starts),
        TEST(run_gives_what_main_returns),
#ifdef __cpp_exceptions
        TEST(an_exception_goes_on_in_who_awaits),
#endif
    };
    run_tests(tests, sizeof tests / sizeof *tests);
}
