/* How a test_os waits: what is ready comes at once and the clock stands still; with nothing ready
 * the clock jumps to the end of the wait. */
#include "support/test_os.h"

#include <errno.h>
#include <string.h>

enum { HANG_MS = 2000, WAITS_MAX = 200000 };

#define HOLD_SPAN EDDY_MS(1)

static void swap(struct epoll_event *one, struct epoll_event *other)
{
    struct epoll_event kept = *one;
    *one = *other;
    *other = kept;
}

static void reorder(struct test_os *os, struct epoll_event *events, int count)
{
    for (int i = 0; os->chaos.order == TEST_REVERSED && i < count / 2; i++) {
        swap(&events[i], &events[count - 1 - i]);
    }
    for (int i = count - 1; os->chaos.order == TEST_SHUFFLED && i > 0; i--) {
        swap(&events[i], &events[test_os_random(os, (unsigned)i + 1)]);
    }
}

static int duplicate(struct epoll_event *events, int count, int size)
{
    int copies = count < size - count ? count : size - count;
    memcpy(events + count, events, (size_t)copies * sizeof *events);
    return count + copies;
}

static int add_spurious(struct test_os *os, int epfd, struct epoll_event *events, int count, int size)
{
    int fd = (int)test_os_random(os, TEST_FDS);
    for (int tries = 0; tries < TEST_FDS && count < size; tries++, fd = (fd + 1) % TEST_FDS) {
        const struct test_registration *idle = &os->registered[fd];
        if (idle->epfd == epfd && (idle->event.events & EPOLLIN) != 0) {
            events[count] = idle->event;
            events[count].events = EPOLLIN;
            return count + 1;
        }
    }
    return count;
}

/* Put the event among those that are held back, or add its bits to the one that is. */
static bool hold(struct test_os *os, struct epoll_event event, int rounds)
{
    for (int i = 0; i < os->held_count; i++) {
        if (os->held[i].event.data.u64 == event.data.u64) {
            os->held[i].event.events |= event.events;
            return true;
        }
    }
    if (rounds == 0 || os->held_count == TEST_HELD) {
        return false;
    }
    os->held[os->held_count].event = event;
    os->held[os->held_count].rounds = rounds;
    os->held_count++;
    return true;
}

/* Of `count` events keep back some, and add those whose time has come (or all, with `all`). */
static int hold_back(struct test_os *os, struct epoll_event *events, int count, int size, bool all)
{
    int kept = 0;
    for (int i = 0; i < count; i++) {
        if (!hold(os, events[i], (int)test_os_random(os, (unsigned)os->chaos.hold + 1))) {
            events[kept++] = events[i];
        }
    }
    int left = 0;
    for (int i = 0; i < os->held_count; i++) {
        if ((all || --os->held[i].rounds <= 0) && kept < size) {
            events[kept++] = os->held[i].event;
        } else {
            os->held[left++] = os->held[i];
        }
    }
    os->held_count = left;
    return kept;
}

/* One real wait, and what the chaos makes of it. */
static int look(struct test_os *os, int epfd, struct epoll_event *events, int size, int timeout_ms, bool all)
{
    int count = eddy_os_linux.epoll_wait(NULL, epfd, events, os->chaos.cut ? 1 : size, timeout_ms);
    if (count < 0) {
        return count;
    }
    if (os->chaos.hold > 0) {
        count = hold_back(os, events, count, size, all);
    }
    if (os->chaos.spurious && test_os_random(os, 3) == 0) {
        count = add_spurious(os, epfd, events, count, size);
    }
    reorder(os, events, count);
    return os->chaos.duplicate ? duplicate(events, count, size) : count;
}

static int wait_for(struct test_os *os, int epfd, struct epoll_event *events, int size, eddy_ns span)
{
    os->epfd = epfd;
    if (++os->waits > WAITS_MAX) {
        os->hung = true;
        return -EBADF;
    }
    int count = look(os, epfd, events, size, 0, span == EDDY_FOREVER);
    if (count != 0 || span == 0) {
        return count;
    }
    if (span == EDDY_FOREVER) {
        count = look(os, epfd, events, size, HANG_MS, true);
        os->hung = os->hung || count == 0;
        return count == 0 ? -EBADF : count;
    }
    if (os->held_count > 0) { /* late, but not as late as all that */
        os->now += span < HOLD_SPAN ? span : HOLD_SPAN;
        return look(os, epfd, events, size, 0, true);
    }
    if (os->settle_ms > 0) {
        count = look(os, epfd, events, size, os->settle_ms, false);
        if (count != 0) {
            return count;
        }
    }
    os->now += span;
    return 0;
}

int test_os_epoll_wait(void *context, int epfd, struct epoll_event *events, int count, int timeout_ms)
{
    struct test_os *os = context;
    int error = test_os_strike(os, TEST_EPOLL_WAIT);
    return error < 0 ? error : wait_for(os, epfd, events, count, timeout_ms < 0 ? EDDY_FOREVER : EDDY_MS(timeout_ms));
}

int test_os_epoll_pwait2(void *context, int epfd, struct epoll_event *events, int count, eddy_ns span)
{
    struct test_os *os = context;
    int error = test_os_strike(os, TEST_EPOLL_PWAIT2);
    return error < 0 ? error : wait_for(os, epfd, events, count, span);
}
