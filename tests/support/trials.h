/* What the tests of the test kit share: the trials, a program without a fault, and what is expected of a run after a fault. */
#ifndef TEST_TRIALS_H
#define TEST_TRIALS_H

#include "support/coro.h"

#include <eddy/test.h>
#include <string.h>

/* A loop that could not end is leaked, as eddy/run.h says. */
#if defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#elif defined(__has_feature)
#define HAS_ASAN __has_feature(address_sanitizer)
#endif
#if defined(HAS_ASAN) && HAS_ASAN
#include <sanitizer/lsan_interface.h>
#define LEAKS_ARE_MEANT() __lsan_disable()
#else
#define LEAKS_ARE_MEANT() ((void)0)
#endif

static struct eddy_trials trials;

static inline void begin(void)
{
    memset(&trials, 0, sizeof trials);
}

struct sound {
    EDDY_FRAME_RET(int);
};

EDDY_CORO(sound)
{
    EDDY_BEGIN(sound) {
        EDDY_AWAIT(eddy_sleep(10, me));
        EDDY_RETURN(7);
    }
}

static inline void assert_text(const char *part)
{
    if (strstr(trials.text, part) == NULL) {
        fail_msg("\"%s\" has no \"%s\"", trials.text, part);
    }
}

/* A program without a fault runs as if nothing had been. */
static inline void assert_next_run_works(void)
{
    assert_int_equal(EDDY_RUN(sound), 7);
    begin();
    EDDY_CANCEL_SWEEP(&trials, sound);
    assert_int_equal(trials.failures, 0);
}

#endif
