/* eddy/task.hpp - C++20 coroutines as tasks of an eddy loop.
 *
 *     eddy::task<ssize_t> echo(eddy_stream *peer)
 *     {
 *         char buffer[512];
 *         ssize_t n = co_await eddy::await(eddy_stream_read, peer, buffer, sizeof buffer).within(EDDY_SEC(5));
 *         if (n > 0) {
 *             n = co_await eddy::await(eddy_stream_write, peer, buffer, static_cast<size_t>(n));
 *         }
 *         co_return n;
 *     }
 *
 *     eddy::spawned<ssize_t> one;                             // in place: your memory, which must not move
 *     int error = one.start(loop, echo(&peer));               // it runs from the loop's next pass on
 *     ...
 *     int status = co_await eddy::await(one);                 // wait for it; 0: it has finished
 *     ssize_t n = one.take();
 *
 * Inside a task another one is called by co_await: `ssize_t n = co_await echo(&peer);`. Locals live across it: they
 * stand in the coroutine's frame. What arguments point or refer to must live as long as the task; so must
 * a lambda that is a coroutine and captures.
 *
 * Two ways to end a task early, and in both its destructors are its cleanup, innermost first; they cannot await:
 *
 *     one.cancel()     in its own turn. The await it is in does not return, nor would any later one: its frames are destroyed.
 *                      An operation that was done when the cancel came returns its result, and the next await unwinds.
 *     ~spawned()       at once; eddy/awaiter.hpp says what becomes of its operation. A lock can be given back in its
 *                      owner's turn alone: end who may own one by cancel().
 *
 * An exception goes on in the task that awaits; one that leaves the task that was started ends the program, since the loop
 * is C. Frames come from operator new. Without memory a task is empty: start() answers with -ENOMEM, and to co_await it ends
 * the program.
 */
#ifndef EDDY_TASK_HPP
#define EDDY_TASK_HPP

#include <eddy/awaiter.hpp>
#include <eddy/sleep.h>
#include <eddy/waitq.h>

#include <cassert>
#include <cerrno>
#include <cstddef>
#include <exception>
#include <new>
#include <optional>

namespace eddy
{

template <class T = void> class task;
template <class T = void> class spawned;

namespace detail
{

/* What a task's coroutines have in common: the waiter they all wait with, so that a lock knows its owner; and who of
 * them runs next. To go from one to the other is to return to step(): no call nests, however deep they are. */
struct strand : eddy_waiter {
    std::coroutine_handle<> parked; /* who waits */
    std::coroutine_handle<> next;
    void (*ended)(strand *self, int status) = nullptr;
    bool runs = false;      /* started, and not ended */
    bool stepping = false;  /* inside step() */
    bool cancelled = false; /* the next await unwinds */
    bool unwinds = false;   /* its frames are to be destroyed */

    int begin(eddy_loop *loop, std::coroutine_handle<> top)
    {
        eddy_waiter_init(this, loop, [](eddy_waiter *me) { static_cast<strand *>(me)->step(); });
        cancelled = unwinds = false;
        parked = top;
        int error = eddy_yield(this);
        runs = error == EDDY_PENDING;
        return runs ? 0 : error;
    }

    void step()
    {
        stepping = true;
        next = std::exchange(parked, {});
        unwinds = unwinds && result == -ECANCELED; /* else it was done all the same */
        while (!unwinds && next) {
            std::exchange(next, {}).resume();
        }
        stepping = false;
        if (unwinds) {
            ended(this, -ECANCELED);
        } else if (!parked) {
            ended(this, 0);
        }
    }

    void cancel()
    {
        if (runs && !cancelled) {
            cancelled = true;
            unwinds = eddy_wait_cancel(this);
        }
    }

    /* An await begins. True: it is cancelled. */
    bool await_begins()
    {
        unwinds = cancelled;
        return unwinds;
    }
};

struct promise_base {
    detail::strand *strand = nullptr;
    std::coroutine_handle<> caller;
    std::exception_ptr exception; /* also where there are none, so that all files agree on the size */

    struct last_suspend {
        bool await_ready() const noexcept
        {
            return false;
        }
        template <class Promise> void await_suspend(std::coroutine_handle<Promise> self) const noexcept
        {
            self.promise().strand->next = self.promise().caller;
        }
        void await_resume() const noexcept
        {
        }
    };

    static void *operator new(std::size_t size) noexcept
    {
        return ::operator new(size, std::nothrow);
    }
    static void operator delete(void *frame) noexcept
    {
        ::operator delete(frame);
    }
    std::suspend_always initial_suspend() const noexcept
    {
        return {};
    }
    last_suspend final_suspend() const noexcept
    {
        return {};
    }
    void unhandled_exception() noexcept
    {
#ifdef __cpp_exceptions
        if (caller) {
            exception = std::current_exception();
            return;
        }
#endif
        std::terminate();
    }
    void rethrow() const
    {
#ifdef __cpp_exceptions
        if (exception) {
            std::rethrow_exception(exception);
        }
#endif
    }
};

template <class T> struct promise : promise_base {
    static_assert(std::is_object_v<T>, "a task returns a value or void");
    std::optional<T> value;

    template <class U = T> void return_value(U &&given) /* also for `co_return {...}` */
    {
        value.emplace(std::forward<U>(given));
    }
    T take()
    {
        rethrow();
        return std::move(*value);
    }
};

template <> struct promise<void> : promise_base {
    void return_void() const noexcept
    {
    }
    void take() const
    {
        rethrow();
    }
};

/* In a task. */
template <class Begin, class Undo> struct wait_in_task : wait_for<Begin, Undo> {
    using wait_for<Begin, Undo>::wait_for;

    template <std::derived_from<promise_base> Promise> bool await_suspend(std::coroutine_handle<Promise> self)
    {
        strand *of = self.promise().strand;
        if (of->await_begins()) {
            return true;
        }
        if (!this->begin(of)) {
            return false;
        }
        of->parked = self;
        return true;
    }
};

} // namespace detail

/* A coroutine that was called and has not begun: it begins when it is awaited, or started by a spawned. It owns its frame:
 * destroyed, the frame goes too, wherever it is suspended. */
template <class T> class [[nodiscard]] task
{
  public:
    struct promise_type : detail::promise<T> {
        task get_return_object() noexcept
        {
            return task(std::coroutine_handle<promise_type>::from_promise(*this));
        }
        static task get_return_object_on_allocation_failure() noexcept
        {
            return {};
        }
        template <class Begin, class Undo>
        detail::wait_in_task<Begin, Undo> await_transform(operation<Begin, Undo> &&op) const
        {
            return {std::move(op)};
        }
        template <class U> auto await_transform(task<U> &&child) const
        {
            return typename task<U>::call(std::move(child));
        }
    };

    task() = default;
    task(task &&other) noexcept : frame(std::exchange(other.frame, {}))
    {
    }
    task &operator=(task &&other) noexcept
    {
        std::swap(frame, other.frame);
        return *this;
    }
    ~task()
    {
        if (frame) {
            frame.destroy();
        }
    }

    /* Whether it has a frame: it was called, and there was memory. */
    explicit operator bool() const noexcept
    {
        return static_cast<bool>(frame);
    }

    /* co_await of a task in another one. */
    class call
    {
      public:
        explicit call(task &&callee) noexcept : child(std::move(callee))
        {
        }
        bool await_ready() const noexcept
        {
            return false;
        }
        template <std::derived_from<detail::promise_base> Promise>
        void await_suspend(std::coroutine_handle<Promise> self) noexcept
        {
            if (!child) {
                std::terminate(); /* no memory, and no way to say so */
            }
            detail::strand *of = self.promise().strand;
            if (!of->await_begins()) {
                child.frame.promise().strand = of;
                child.frame.promise().caller = self;
                of->next = child.frame;
            }
        }
        T await_resume()
        {
            return child.frame.promise().take();
        }

      private:
        task child;
    };

  private:
    friend class spawned<T>;

    explicit task(std::coroutine_handle<promise_type> of) noexcept : frame(of)
    {
    }

    std::coroutine_handle<promise_type> frame;
};

/* A task at work on a loop, in place. To be destroyed, restarted or asked for its value by others, not by itself. */
template <class T> class spawned : private detail::strand
{
  public:
    spawned() noexcept
    {
        eddy_waitq_init(&joiners);
    }
    spawned(const spawned &) = delete;
    spawned &operator=(const spawned &) = delete;
    ~spawned()
    {
        end(-ECANCELED);
    }

    /* Have `body` run from the next pass of `loop` on. 0; -ENOMEM: it is empty; -EBUSY: this one runs already; -ECHILD.
     * May be used again once it has ended. */
    [[nodiscard]] int start(eddy_loop *loop, task<T> body)
    {
        if (runs) {
            return -EBUSY;
        }
        if (!body) {
            return -ENOMEM;
        }
        coroutine = std::move(body);
        coroutine.frame.promise().strand = this;
        ended = [](strand *self, int status) { static_cast<spawned *>(self)->end(status); };
        int error = begin(loop, coroutine.frame);
        outcome = error == 0 ? EDDY_PENDING : error;
        return error;
    }

    /* Ask that it ends early: its await does not return, and its destructors run, in its own turn. Does nothing to one that
     * has ended. */
    void cancel()
    {
        strand::cancel();
    }

    /* EDDY_PENDING: it runs; 0: it finished; -ECANCELED: it was unwound, or never started. */
    int status() const noexcept
    {
        return outcome;
    }

    /* What it returned; only after it has finished, and once. */
    T take()
    {
        assert(outcome == 0 && "a task that has finished has a value");
        return coroutine.frame.promise().take();
    }

    /* Wait until it has ended: an operation for any waiter, also a C coroutine's. 0; -ECANCELED: it was unwound. */
    int join(eddy_waiter *waiter)
    {
        return outcome == EDDY_PENDING ? eddy_waitq_park(&joiners, waiter, &join_kind, this)
                                       : static_cast<int>(eddy_wait_settle(waiter, outcome));
    }

  private:
    static constexpr eddy_wait_kind join_kind = {.name = "join of a C++ task",
                                                 .unpark = eddy_waitq_unpark,
                                                 .abort = nullptr,
                                                 .complete = nullptr,
                                                 .external = false,
                                                 .uncancellable = false,
                                                 .expiry = -ETIMEDOUT};

    void end(int status)
    {
        assert(!stepping && "a task does not destroy itself");
        if (!runs) {
            return;
        }
        if (status != 0) {
            coroutine = {}; /* here its destructors run */
            (void)eddy_wait_withdraw(this);
        }
        runs = false;
        outcome = status;
        eddy_waitq_wake_all(&joiners, status);
    }

    task<T> coroutine;
    eddy_waitq joiners;
    int outcome = -ECANCELED;
};

/* The operation of waiting for a task that was started: see spawned::join(). */
template <class T> auto await(spawned<T> &running)
{
    return await([&running](eddy_waiter *waiter) { return running.join(waiter); });
}

/* Run `body` on a loop of its own until nothing waits any more. Its value; or -errno: of eddy_loop_init(),
 * eddy_loop_run() or start(); -ECANCELED: the loop was stopped before it had one; -EBUSY: something of the loop was left open
 * (then it is leaked). */
inline int run(task<int> body, const eddy_loop_options *options = nullptr)
{
    eddy_loop *loop = new (std::nothrow) eddy_loop;
    int result = loop != nullptr ? eddy_loop_init(loop, options) : -ENOMEM;
    if (result < 0) {
        delete loop;
        return result;
    }
    {
        spawned<int> first;
        result = first.start(loop, std::move(body));
        result = result == 0 ? eddy_loop_run(loop) : result;
        if (result == 0) {
            result = first.status() == 0 ? first.take() : -ECANCELED;
        }
    }
    int error = eddy_loop_fini(loop);
    if (error < 0) {
        return error; /* something points to the loop: its memory must stay */
    }
    delete loop;
    return result;
}

} // namespace eddy

#endif
