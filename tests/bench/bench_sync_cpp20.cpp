// C++20 coroutines: a lock and a channel with the least that makes them so.
#include "bench_tasks_cpp20.h"

using namespace bench;

namespace
{

// Oldest first.
struct waiters {
    node *first = nullptr;
    node *last = nullptr;
    void add(node *at)
    {
        at->next = nullptr;
        if (first == nullptr) {
            first = at;
        } else {
            last->next = at;
        }
        last = at;
    }
    node *take()
    {
        node *at = first;
        if (at != nullptr) {
            first = at->next;
        }
        return at;
    }
    void wake_one()
    {
        if (node *at = take()) {
            push(at);
        }
    }
};

// What is in memory is read and written there, each time.
inline void keep()
{
    __asm__ volatile("" : : : "memory");
}

// ---- Locks ---------------------------------------------------------------------------------------

bool owned;
waiters lock_waiters;

struct acquire {
    node at{};
    bool await_ready() const noexcept
    {
        if (owned) {
            return false;
        }
        owned = true;
        return true;
    }
    void await_suspend(std::coroutine_handle<> handle) noexcept
    {
        at.handle = handle;
        lock_waiters.add(&at);
    }
    void await_resume() const noexcept
    {
    }
};

inline void release()
{
    node *next = lock_waiters.take();
    owned = next != nullptr;
    if (owned) {
        push(next);
    }
}

task locks()
{
    spent = -tasks_clock();
    for (size_t i = 0; i < count; i++) {
        co_await acquire{};
        keep();
        release();
        keep();
    }
    spent += tasks_clock();
}

int64_t run_locks(size_t tasks, size_t operations)
{
    return begin(tasks, operations, locks);
}

task owner()
{
    while (!stopping) {
        co_await acquire{};
        co_await yield{};
        release();
    }
}

task handoffs()
{
    for (size_t i = 1; i < width; i++) {
        spawn(nullptr, owner());
    }
    spent = -tasks_clock();
    for (size_t i = 0; i < count; i += width) {
        co_await acquire{};
        co_await yield{};
        release();
    }
    spent += tasks_clock();
    stopping = true;
}

int64_t run_handoffs(size_t tasks, size_t operations)
{
    return begin(tasks, operations, handoffs);
}

// ---- Channels: who waits tries again -------------------------------------------------------------------

constexpr size_t slots_max = 1024;
void *slots[slots_max];
size_t head;
size_t tail;
waiters putters;
waiters getters;

struct wait_in {
    waiters &queue;
    node at{};
    bool await_ready() const noexcept
    {
        return false;
    }
    void await_suspend(std::coroutine_handle<> handle) noexcept
    {
        at.handle = handle;
        queue.add(&at);
    }
    void await_resume() const noexcept
    {
    }
};

task sender()
{
    while (!stopping) {
        if (tail - head == width) {
            co_await wait_in{putters};
        } else {
            slots[tail++ & (width - 1)] = slots;
            getters.wake_one();
        }
    }
}

task receiver()
{
    static void *volatile item __attribute__((unused));
    head = tail = 0;
    spawn(nullptr, sender());
    spent = -tasks_clock();
    for (size_t i = 0; i < count; i++) {
        while (tail == head) {
            co_await wait_in{getters};
        }
        item = slots[head++ & (width - 1)];
        putters.wake_one();
    }
    spent += tasks_clock();
    stopping = true;
    putters.wake_one();
}

int64_t run_channel(size_t capacity, size_t operations)
{
    return begin(capacity, operations, receiver);
}

} // namespace

extern "C" const struct tasks_row sync_rows[] = {
    {"lock", run_locks, 1, 1000000, false},
    {"handoff", run_handoffs, 2, 1000000, false},
    {"channel-1", run_channel, 1, 1000000, false},
    {"channel-1k", run_channel, 1024, 1000000, false},
    {nullptr, nullptr, 0, 0, false},
};
