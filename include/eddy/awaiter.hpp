/* eddy/awaiter.hpp - co_await, of C++20 coroutines, for everything that takes a waiter.
 *
 *     ssize_t n = co_await eddy::await(eddy_stream_read, &peer, buffer, sizeof buffer);
 *     n = co_await eddy::await(eddy_stream_read, &peer, buffer, sizeof buffer).within(EDDY_SEC(5));
 *     n = co_await eddy::await([&](eddy_waiter *me) { return eddy_stream_write(&peer, buffer, size, me); });
 *
 * eddy::await(f, arguments...) is the operation that f(arguments..., waiter) begins once it is awaited; co_await gives its
 * result: -errno is a value, as in C. Any type of coroutine may await it, on the thread that has the loop: one of
 * eddy/task.hpp, or another library's, which is resumed in a turn of the loop. Needs neither exceptions nor RTTI.
 *
 * A coroutine that is destroyed while it waits withdraws the operation (eddy_wait_withdraw). Was it done already, on
 * its way to the coroutine, then the result is lost, unless `.undo(f)` says what becomes of it:
 *
 *     int error = co_await eddy::await(eddy_semaphore_acquire, &permits, 1u).undo([&](ssize_t) {
 *         eddy_semaphore_release(&permits, 1);
 *     });
 */
#ifndef EDDY_AWAITER_HPP
#define EDDY_AWAITER_HPP

#include <eddy/loop.h>
#include <eddy/wait.h>

#ifndef __cpp_impl_coroutine
#error "eddy/awaiter.hpp needs C++20 with coroutines: -std=c++20, and gcc 11 or clang 14"
#endif

#include <concepts>
#include <coroutine>
#include <tuple>
#include <type_traits>
#include <utility>

namespace eddy
{

namespace detail
{

struct no_undo {
    void operator()(ssize_t) const noexcept
    {
    }
};

} // namespace detail

/* An operation that begins when it is awaited. */
template <class Begin, class Undo = detail::no_undo> struct [[nodiscard]] operation {
    using result_type = std::invoke_result_t<Begin &, eddy_waiter *>;
    static_assert(std::signed_integral<result_type>, "an operation returns int or ssize_t");

    Begin begin;
    Undo take_back;
    eddy_ns deadline = EDDY_FOREVER;
    eddy_ns span = EDDY_FOREVER;

    /* Wait no longer than until `instant`, or for `length` from the time of the turn in which it parks: the result is then
     * -ETIMEDOUT (of a sleep, 0). */
    operation until(eddy_ns instant) &&
    {
        deadline = instant;
        return std::move(*this);
    }
    operation within(eddy_ns length) &&
    {
        span = length;
        return std::move(*this);
    }

    /* Call f(result) if the operation was done, and the coroutine was destroyed before it heard of it. */
    template <class F> operation<Begin, F> undo(F f) &&
    {
        return {std::move(begin), std::move(f), deadline, span};
    }

    void limit(eddy_waiter *waiter) const
    {
        eddy_ns first = deadline;
        if (span != EDDY_FOREVER) {
            eddy_ns end = eddy_ns_add(eddy_loop_now(eddy_loop_current()), span);
            first = end < first ? end : first;
        }
        bool is_sooner =
            !eddy_timer_is_armed(&waiter->timer) || first < waiter->timer.deadline; /* than a sleep's own */
        if (first != EDDY_FOREVER && is_sooner) {
            eddy_wait_until(waiter, first);
        }
    }
};

namespace detail
{

template <class F, class... Arguments> struct bound {
    F f;
    std::tuple<Arguments...> arguments;

    auto operator()(eddy_waiter *waiter)
    {
        return std::apply([&](Arguments &...each) { return f(each..., waiter); }, arguments);
    }
};

} // namespace detail

/* The operation that f(arguments..., waiter) begins. The arguments are copied, as for std::thread. */
template <class F, class... Arguments> operation<detail::bound<F, Arguments...>> await(F f, Arguments... arguments)
{
    return {{std::move(f), {std::move(arguments)...}}, {}};
}

namespace detail
{

/* co_await of an operation. Destroyed while it waits, it withdraws the waiter. */
template <class Begin, class Undo> struct wait_for {
    using result_type = typename operation<Begin, Undo>::result_type;

    operation<Begin, Undo> op;
    eddy_waiter *waiter = nullptr; /* that waits */
    result_type result = 0;

    wait_for(operation<Begin, Undo> &&given) : op(std::move(given))
    {
    }
    wait_for(const wait_for &) = delete;
    ~wait_for()
    {
        if (waiter != nullptr && eddy_waiter_is_waiting(waiter)) {
            ssize_t lost = eddy_wait_withdraw(waiter);
            if (lost != EDDY_PENDING) {
                op.take_back(lost);
            }
        }
    }

    /* Whether it waits. */
    bool begin(eddy_waiter *with)
    {
        result = op.begin(with);
        if (result != EDDY_PENDING) {
            return false;
        }
        waiter = with;
        op.limit(with);
        return true;
    }
    bool await_ready() const noexcept
    {
        return false;
    }
    [[nodiscard]] result_type await_resume() noexcept
    {
        if (waiter != nullptr) {
            result = static_cast<result_type>(waiter->result);
            waiter = nullptr;
        }
        return result;
    }
};

/* In a coroutine of another library: with a waiter of its own. */
template <class Begin, class Undo> struct wait_elsewhere : wait_for<Begin, Undo> {
    struct own_waiter : eddy_waiter {
        std::coroutine_handle<> coroutine;
    };
    own_waiter own;

    using wait_for<Begin, Undo>::wait_for;

    bool await_suspend(std::coroutine_handle<> self)
    {
        own.coroutine = self;
        eddy_waiter_init(&own, eddy_loop_current(),
                         [](eddy_waiter *waiter) { static_cast<own_waiter *>(waiter)->coroutine.resume(); });
        return this->begin(&own);
    }
};

} // namespace detail

template <class Begin, class Undo> detail::wait_elsewhere<Begin, Undo> operator co_await(operation<Begin, Undo> &&op)
{
    return {std::move(op)};
}

} // namespace eddy

#endif
