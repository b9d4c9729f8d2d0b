/* Each kind of block, left in each way, and in each kind of loop. */
#include <eddy.h>
#include <errno.h>

struct nap {
    EDDY_FRAME_RET(int);
};

EDDY_CORO(nap)
{
    EDDY_BEGIN(nap) {
        EDDY_AWAIT(eddy_sleep(EDDY_MS(1), me));
    }
}

struct blocks {
    EDDY_FRAME_RET(int);
    int n, i;
    eddy_ns when;
    struct eddy_group group, inner_group;
    struct eddy_scope scope, limit, shield;
    struct eddy_catch caught;
    struct eddy_local local;
    struct eddy_generator generator;
};

static const int key;

/* At the level of the body, where break ends the body. */
EDDY_CORO(blocks)
{
    EDDY_BEGIN(blocks) {
        EDDY_GROUP(&my->group) {
            if (my->n == 1)
                break;
            if (my->n == 2)
                continue;
            if (my->n == 3)
                return;
            if (my->n == 4)
                EDDY_RETURN(4);
            EDDY_AWAIT(eddy_yield(me));
        }
        EDDY_TIMEOUT(&my->limit, EDDY_MS(1)) {
            if (my->n == 1)
                break;
            if (my->n == 2)
                continue;
            if (my->n == 3)
                return;
            EDDY_AWAIT(eddy_yield(me));
        }
        EDDY_TIMEOUT_UNTIL(&my->limit, my->when) {
            if (my->n == 1)
                break;
            if (my->n == 2)
                continue;
            if (my->n == 3)
                return;
            EDDY_AWAIT(eddy_yield(me));
        }
        EDDY_TIMEOUT_FAIL(&my->limit, EDDY_MS(1)) {
            if (my->n == 1)
                break;
            if (my->n == 2)
                continue;
            if (my->n == 3)
                return;
            EDDY_AWAIT(eddy_yield(me));
        }
        EDDY_TIMEOUT_FAIL_UNTIL(&my->limit, my->when) {
            if (my->n == 1)
                break;
            if (my->n == 2)
                continue;
            if (my->n == 3)
                return;
            EDDY_AWAIT(eddy_yield(me));
        }
        EDDY_SHIELD(&my->shield, EDDY_MS(1)) {
            if (my->n == 1)
                break;
            if (my->n == 2)
                continue;
            if (my->n == 3)
                return;
            EDDY_AWAIT(eddy_yield(me));
        }
        EDDY_SCOPE(&my->scope) {
            if (my->n == 1)
                break;
            if (my->n == 2)
                continue;
            if (my->n == 3)
                return;
            EDDY_AWAIT(eddy_yield(me));
        }
        EDDY_CATCH(&my->caught) {
            if (my->n == 1)
                break;
            if (my->n == 2)
                continue;
            if (my->n == 3)
                return;
            if (my->n == 4)
                EDDY_FAIL(-EIO, "%s", "text");
            EDDY_AWAIT(eddy_yield(me));
        }
        EDDY_LOCAL(&my->local, &key, &my->n) {
            if (my->n == 1)
                break;
            if (my->n == 2)
                continue;
            if (my->n == 3)
                return;
            EDDY_AWAIT(eddy_yield(me));
        }
        EDDY_EACH(my->i, &my->generator, nap) {
            if (my->n == 1)
                break;
            if (my->n == 2)
                continue;
            if (my->n == 3)
                return;
            EDDY_AWAIT(eddy_yield(me));
        }
    }
}

/* In loops and switches, with and without braces around the block. */
struct loops {
    EDDY_FRAME_RET(int);
    int n, i;
    struct eddy_group group, inner_group;
    struct eddy_scope scope, limit, shield;
    struct eddy_catch caught;
    struct eddy_local local;
    struct eddy_generator generator;
};

EDDY_CORO(loops)
{
    EDDY_BEGIN(loops) {
        for (my->i = 0; my->i < 3; my->i++) {
            EDDY_GROUP(&my->group) {
                if (my->i == 1)
                    break;
                EDDY_TRY(my->n, EDDY_SPAWN(&my->group, nap));
            }
        }
        for (;;)
            EDDY_TIMEOUT(&my->limit, EDDY_MS(1)) {
                EDDY_AWAIT(eddy_yield(me));
                break;
            }
        while (my->n > 1)
            EDDY_SCOPE(&my->scope) {
                EDDY_CALL(my->n, nap);
                continue;
            }
        do
            EDDY_SHIELD(&my->shield, EDDY_MS(1)) {
                EDDY_AWAIT(eddy_yield(me));
                if (my->n)
                    break;
            }
        while (my->n > 2);
        do {
            EDDY_CATCH(&my->caught) {
                if (my->n)
                    continue;
                EDDY_DO(nap);
            }
        } while (my->n > 2);
        while (my->n < 5) {
            EDDY_TIMEOUT_FAIL(&my->limit, EDDY_MS(1)) {
                for (;;) {
                    EDDY_AWAIT(my->n, eddy_yield(me));
                    if (my->n)
                        break;
                    EDDY_LOCAL(&my->local, &key, NULL) {
                        if (my->n == 2)
                            break;
                        if (my->n == 3)
                            continue;
                        return;
                    }
                }
            }
        }
        for (;;) {
            switch (my->n) {
            case 1:
                EDDY_GROUP(&my->group, EDDY_COLLECT) {
                    EDDY_GROUP(&my->inner_group) {
                        EDDY_TIMEOUT(&my->limit, EDDY_MS(1)) {
                            EDDY_SHIELD(&my->shield, EDDY_MS(1)) {
                                EDDY_CATCH(&my->caught) {
                                    EDDY_EACH(my->i, &my->generator, nap) {
                                        if (my->i == 1)
                                            break;
                                        if (my->i == 2)
                                            return;
                                        EDDY_AWAIT(eddy_yield(me));
                                    }
                                    break;
                                }
                                continue;
                            }
                        }
                    }
                    break;
                }
                break;
            case 2:
                EDDY_TIMEOUT_UNTIL(&my->limit, EDDY_FOREVER) {
                    EDDY_RETURN(1);
                }
                continue;
            default:
                EDDY_SCOPE(&my->scope) {
                }
            }
            break;
        }
        if (my->n) {
            EDDY_SCOPE(&my->scope) {
                EDDY_AWAIT(eddy_yield(me));
            }
        } else {
            EDDY_SCOPE(&my->scope) {
                EDDY_AWAIT(eddy_yield(me));
            }
        }
        if (my->limit.expired)
            EDDY_RETURN(2);
        else if (my->scope.caught)
            EDDY_RETURN(3);
        /* Each with an empty body, and two on a line. */
        /* clang-format off */
        EDDY_GROUP(&my->group) {}
        EDDY_TIMEOUT(&my->limit, 0) {} EDDY_SHIELD(&my->shield, EDDY_FOREVER) {}
        EDDY_CATCH(&my->caught) {}
        EDDY_LOCAL(&my->local, &key, NULL) {}
        /* clang-format on */
    }
    EDDY_FINALLY
    {
        for (my->i = 0; my->i < 3; my->i++) {
            EDDY_SHIELD(&my->shield, EDDY_MS(1)) {
                if (my->i == 1)
                    break;
                EDDY_AWAIT(eddy_yield(me));
            }
        }
    }
}

int main(void)
{
    return EDDY_RUN(blocks) + EDDY_RUN(loops);
}
