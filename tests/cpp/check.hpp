/* What the C++ tests share: a check that no build leaves out, and a loop on a virtual clock that leaves nothing behind. */
#ifndef TESTS_CPP_CHECK_HPP
#define TESTS_CPP_CHECK_HPP

#include <eddy/sim.h>
#include <eddy/task.hpp>

#include <cstdio>
#include <cstdlib>

#define CHECK(condition)                                                                 \
    do {                                                                                 \
        if (!(condition)) {                                                              \
            std::fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            std::abort();                                                                \
        }                                                                                \
    } while (0)

struct test_loop {
    eddy_sim sim;
    eddy_loop loop;
    eddy_ns began;

    test_loop()
    {
        eddy_sim_init(&sim);
        began = sim.now;
        eddy_loop_options options = {};
        options.os = &sim.os;
        options.allocator = sim.allocator;
        CHECK(eddy_loop_init(&loop, &options) == 0);
    }
    test_loop(const test_loop &) = delete;
    ~test_loop()
    {
        CHECK(eddy_loop_fini(&loop) == 0); /* nothing waits, nothing is open */
        CHECK(sim.blocks == 0 && sim.descriptors == 0);
    }

    void run()
    {
        CHECK(eddy_loop_run(&loop) == 0);
    }
    /* Turns, in which no time passes, until nobody is ready. */
    void settle()
    {
        int more;
        while ((more = eddy_loop_step(&loop)) > 0) {
        }
        CHECK(more == 0);
    }
    /* One pass: who is ready now has one turn. */
    void pass()
    {
        eddy_loop_stop(&loop);
        CHECK(eddy_loop_step(&loop) >= 0);
        run(); /* which takes the stop, and does nothing */
    }
    eddy_ns elapsed() const
    {
        return sim.now - began;
    }
};

/* Writes its letter into a text when it is destroyed. */
struct letter {
    char *&end;
    char which;

    letter(char *&text, char of) : end(text), which(of)
    {
    }
    letter(const letter &) = delete;
    ~letter()
    {
        *end++ = which;
    }
};

struct test {
    const char *name;
    void (*run)();
};
#define TEST(name)  \
    {               \
#name, name \
    }

inline void run_tests(const test *tests, std::size_t count)
{
    for (std::size_t i = 0; i < count; i++) {
        std::printf("%s\n", tests[i].name);
        std::fflush(stdout);
        tests[i].run();
    }
}

void test_awaits();
void test_ends();

#endif
