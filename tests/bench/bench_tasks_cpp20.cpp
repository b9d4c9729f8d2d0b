// C++20 coroutines: the rows of tasks.
#include "bench_tasks_cpp20.h"

using namespace bench;

namespace
{

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
