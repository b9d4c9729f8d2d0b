// What the files of the C++20 contender share: coroutines with the least that makes them tasks: a FIFO ready queue,
// frames from free lists, a count of children. No cancel, no deadline, no errors.
#ifndef BENCH_TASKS_CPP20_H
#define BENCH_TASKS_CPP20_H

extern "C" {
#include "bench.h"
#include "bench_tasks.h"
}

#include <coroutine>
#include <cstdlib>

namespace bench
{

// ---- Frames ------------------------------------------------------------------------------------

constexpr size_t classes = 64;
inline void *free_blocks[classes];
inline char *fresh;
inline size_t fresh_bytes;

inline void *take_block(size_t size)
{
    size_t place = (size + 15) / 16;
    if (place >= classes) {
        return std::malloc(size);
    }
    if (void *block = free_blocks[place]) {
        free_blocks[place] = *static_cast<void **>(block);
        return block;
    }
    if (fresh_bytes < place * 16) {
        fresh_bytes = 65536;
        fresh = static_cast<char *>(std::malloc(fresh_bytes));
    }
    void *block = fresh;
    fresh += place * 16;
    fresh_bytes -= place * 16;
    return block;
}

inline void give_block(void *block, size_t size)
{
    size_t place = (size + 15) / 16;
    if (place >= classes) {
        std::free(block);
        return;
    }
    *static_cast<void **>(block) = free_blocks[place];
    free_blocks[place] = block;
}

struct pooled {
    void *operator new(size_t size)
    {
        bytes += static_cast<int64_t>(size);
        return take_block(size);
    }
    void operator delete(void *block, size_t size)
    {
        bytes -= static_cast<int64_t>(size);
        give_block(block, size);
    }
    static inline int64_t bytes;
};

// ---- The ready queue: its links stand in the awaiters, which stand in the frames --------------------

struct node {
    node *next;
    std::coroutine_handle<> handle;
};

inline node *ready_first;
inline node *ready_last;

inline void push(node *at)
{
    at->next = nullptr;
    if (ready_first == nullptr) {
        ready_first = at;
    } else {
        ready_last->next = at;
    }
    ready_last = at;
}

inline void run()
{
    while (node *at = ready_first) {
        ready_first = at->next;
        at->handle.resume();
    }
}

struct yield {
    node at{};
    bool await_ready() const noexcept
    {
        return false;
    }
    void await_suspend(std::coroutine_handle<> handle) noexcept
    {
        at.handle = handle;
        push(&at);
    }
    void await_resume() const noexcept
    {
    }
};

// ---- Tasks --------------------------------------------------------------------------------------

struct group {
    size_t running = 0;
    node owner{};
    bool await_ready() const noexcept
    {
        return running == 0;
    }
    void await_suspend(std::coroutine_handle<> handle) noexcept
    {
        owner.handle = handle;
    }
    void await_resume() const noexcept
    {
    }
};

struct task {
    struct promise_type : pooled {
        node at{};
        group *all = nullptr;
        task get_return_object()
        {
            return {std::coroutine_handle<promise_type>::from_promise(*this)};
        }
        std::suspend_always initial_suspend() noexcept
        {
            return {};
        }
        auto final_suspend() noexcept
        {
            group *left = all;
            if (left != nullptr && --left->running == 0 && left->owner.handle) {
                push(&left->owner);
            }
            return std::suspend_never{};
        }
        void return_void()
        {
        }
        void unhandled_exception()
        {
            std::abort();
        }
    };
    std::coroutine_handle<promise_type> handle;
};

inline void spawn(group *all, task child)
{
    auto &promise = child.handle.promise();
    promise.all = all;
    if (all != nullptr) {
        all->running++;
    }
    promise.at.handle = child.handle;
    push(&promise.at);
}

// What is called, and goes back to who called it.
struct call {
    struct promise_type : pooled {
        std::coroutine_handle<> caller;
        call get_return_object()
        {
            return {std::coroutine_handle<promise_type>::from_promise(*this)};
        }
        std::suspend_always initial_suspend() noexcept
        {
            return {};
        }
        struct back {
            bool await_ready() const noexcept
            {
                return false;
            }
            std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> handle) noexcept
            {
                return handle.promise().caller;
            }
            void await_resume() const noexcept
            {
            }
        };
        back final_suspend() noexcept
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
    std::coroutine_handle<promise_type> handle;
    bool await_ready() const noexcept
    {
        return false;
    }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) noexcept
    {
        handle.promise().caller = caller;
        return handle;
    }
    void await_resume()
    {
        handle.destroy();
    }
};

struct generator {
    struct promise_type : pooled {
        int value = 0;
        generator get_return_object()
        {
            return {std::coroutine_handle<promise_type>::from_promise(*this)};
        }
        std::suspend_always initial_suspend() noexcept
        {
            return {};
        }
        std::suspend_always final_suspend() noexcept
        {
            return {};
        }
        std::suspend_always yield_value(int next) noexcept
        {
            value = next;
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
    std::coroutine_handle<promise_type> handle;
};

// ---- Runs ---------------------------------------------------------------------------------------

inline size_t width;
inline size_t count;
inline bool stopping;
inline int64_t spent;

inline int64_t begin(size_t tasks, size_t operations, task (*first)())
{
    width = tasks;
    count = operations;
    stopping = false;
    spawn(nullptr, first());
    run();
    return spent;
}

} // namespace bench

#endif
