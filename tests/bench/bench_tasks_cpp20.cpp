// C++20 coroutines with the least that makes them tasks: a FIFO ready queue, frames from free lists, a count of
// children. No cancel, no deadline, no errors.
extern "C" {
#include "bench.h"
#include "bench_tasks.h"
}

#include <coroutine>
#include <cstdlib>

namespace
{

// ---- Frames ------------------------------------------------------------------------------------

constexpr size_t classes = 64;
void *free_blocks[classes];
char *fresh;
size_t fresh_bytes;

void *take_block(size_t size)
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

void give_block(void *block, size_t size)
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
    static int64_t bytes;
};
int64_t pooled::bytes;

// ---- The ready queue: its links stand in the awaiters, which stand in the frames --------------------

struct node {
    node *next;
    std::coroutine_handle<> handle;
};

node *ready_first;
node *ready_last;

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

void run()
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

// ---- Rows ---------------------------------------------------------------------------------------

size_t width;
size_t count;
bool stopping;
int64_t spent;

int64_t begin(size_t tasks, size_t operations, task (*first)())
{
    width = tasks;
    count = operations;
    stopping = false;
    spawn(nullptr, first());
    run();
    return spent;
}

task yielder()
{
    while (!stopping) {
        co_await yield{};
    }
}

task yields()
{
    for (size_t i = 1; i < width; i++) {
        spawn(nullptr, yielder());
    }
    co_await yield{};
    spent = -tasks_clock();
    for (size_t i = 0; i < count; i += width) {
        co_await yield{};
    }
    spent += tasks_clock();
    stopping = true;
}

int64_t run_yields(size_t tasks, size_t operations)
{
    return begin(tasks, operations, yields);
}

call nothing()
{
    co_return;
}

task calls()
{
    spent = -tasks_clock();
    for (size_t i = 0; i < count; i++) {
        co_await nothing();
    }
    spent += tasks_clock();
}

int64_t run_calls(size_t tasks, size_t operations)
{
    return begin(tasks, operations, calls);
}

call leaf(size_t depth, bool has_clock)
{
    if (depth > 0) {
        co_await leaf(depth - 1, has_clock);
        co_return;
    }
    co_await yield{};
    spent = has_clock ? -tasks_clock() : spent;
    for (size_t i = 0; has_clock ? i < count : !stopping; i += 2) {
        co_await yield{};
    }
    spent += has_clock ? tasks_clock() : 0;
    stopping = true;
}

task second_chain()
{
    co_await leaf(width, false);
}

task chain()
{
    spawn(nullptr, second_chain());
    co_await leaf(width, true);
}

int64_t run_chain(size_t depth, size_t operations)
{
    return begin(depth, operations, chain);
}

generator numbers()
{
    for (size_t i = 0; i < count; i++) {
        co_yield static_cast<int>(i);
    }
}

int64_t run_items(size_t, size_t operations)
{
    static volatile unsigned result __attribute__((unused));
    unsigned sum = 0;
    count = operations;
    spent = -tasks_clock();
    generator all = numbers();
    for (all.handle.resume(); !all.handle.done(); all.handle.resume()) {
        sum += static_cast<unsigned>(all.handle.promise().value);
    }
    all.handle.destroy();
    result = sum;
    return spent + tasks_clock();
}

task child()
{
    co_return;
}

task spawns()
{
    spent = -tasks_clock();
    for (size_t i = 0; i < count; i += width) {
        group all;
        for (size_t j = 0; j < width; j++) {
            spawn(&all, child());
        }
        co_await all;
    }
    spent += tasks_clock();
}

int64_t run_spawns(size_t tasks, size_t operations)
{
    return begin(tasks, operations, spawns);
}

int results[1000];

task square(int n)
{
    results[n] = n * n;
    co_return;
}

task gathers()
{
    static volatile unsigned result __attribute__((unused));
    unsigned sum = 0;
    spent = -tasks_clock();
    for (size_t i = 0; i < count; i += width) {
        group all;
        for (size_t j = 0; j < width; j++) {
            spawn(&all, square(static_cast<int>(j)));
        }
        co_await all;
        for (size_t j = 0; j < width; j++) {
            sum += static_cast<unsigned>(results[j]);
        }
    }
    spent += tasks_clock();
    result = sum;
}

int64_t run_gathers(size_t tasks, size_t operations)
{
    return begin(tasks, operations, gathers);
}

int64_t bytes_used;
int64_t bytes_resident;

task idlers()
{
    bytes_used = -pooled::bytes;
    bytes_resident = -tasks_resident();
    for (size_t i = 0; i < width; i++) {
        spawn(nullptr, yielder());
    }
    co_await yield{};
    bytes_used += pooled::bytes;
    bytes_resident += tasks_resident();
    stopping = true;
}

int64_t run_used(size_t tasks, size_t operations)
{
    (void)begin(tasks, operations, idlers);
    return bytes_used;
}

int64_t run_resident(size_t tasks, size_t operations)
{
    (void)begin(tasks, operations, idlers);
    return bytes_resident;
}

} // namespace

extern "C" const struct tasks_row tasks_rows[] = {
    {"yield-2", run_yields, 2, 1000000, false},
    {"yield-64", run_yields, 64, 1000000, false},
    {"yield-10k", run_yields, 10000, 1000000, false},
    {"spawn-1", run_spawns, 1, 200000, false},
    {"group-1", run_spawns, 1, 200000, false},
    {"spawn-1k", run_spawns, 1000, 200000, false},
    {"gather-1k", run_gathers, 1000, 200000, false},
    {"call", run_calls, 1, 500000, false},
    {"chain-1", run_chain, 1, 1000000, false},
    {"chain-4", run_chain, 4, 1000000, false},
    {"chain-16", run_chain, 16, 1000000, false},
    {"sleep0-1", run_yields, 1, 1000000, false},
    {"sleep0-1k", run_yields, 1000, 1000000, false},
    {"item", run_items, 1, 500000, false},
    {"bytes-100k", run_used, 100000, 100000, true},
    {"bytes-1M", run_used, 1000000, 1000000, true},
    {"rss-100k", run_resident, 100000, 100000, true},
    {"rss-1M", run_resident, 1000000, 1000000, true},
    {nullptr, nullptr, 0, 0, false},
};
