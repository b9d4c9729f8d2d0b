/* Users of a queue or channel, who wait as callbacks and say what comes of it: "0:ok", "1=5" (1 has got item 5), "2:late". */
#ifndef TEST_USERS_H
#define TEST_USERS_H

#include "support/coro.h"

#include <errno.h>

enum { USERS = 8, ITEMS = 64 };

static int items[ITEMS];

static struct user {
    struct eddy_waiter waiter;
    void *taken[4];
    bool receives;
    bool takes_many; /* its result is how many items it has got */
} users[USERS];

static inline const char *word(ssize_t result)
{
    return result == 0              ? "ok"
           : result == -ENODATA     ? "end"
           : result == -ESHUTDOWN   ? "shut"
           : result == -EPIPE       ? "deaf"
           : result == -EAGAIN      ? "no"
           : result == -ETIMEDOUT   ? "late"
           : result == -ECANCELED   ? "off"
           : result == -EINVAL      ? "wrong"
           : result == EDDY_PENDING ? "waits"
                                    : "?";
}

static inline int number(const void *item)
{
    return (int)((const int *)item - items);
}

static inline void say(const struct user *user, ssize_t result)
{
    int at = (int)(user - users);
    if (!user->receives || result < 0 || (user->takes_many && result == 0)) {
        coro_say("%d:%s", at, word(result));
        return;
    }
    for (int i = 0; i < (user->takes_many ? (int)result : 1); i++) {
        coro_say("%d=%d", at, number(user->taken[i]));
    }
}

static inline void on_wake(struct eddy_waiter *waiter)
{
    say(EDDY_CONTAINER(waiter, struct user, waiter), waiter->result);
}

static inline struct user *user_of(int at, bool receives)
{
    struct user *user = &users[at];
    *user = (struct user){.receives = receives};
    eddy_waiter_init(&user->waiter, &coro_current()->loop, on_wake);
    return user;
}

static inline void done(const struct user *user, int result)
{
    if (result != EDDY_PENDING) {
        say(user, result);
    }
}

#endif
