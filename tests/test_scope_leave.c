/* However a block's body is left, the block is closed, and the program goes on where C says it does. */
#include "support/coro.h"

enum how { FALL, BREAK, CONTINUE, RETURN, HOWS };

static const char key;

/* The body of each: says that it is inside, perhaps waits, and is left in the second round. */
#define LEAVE                              \
    coro_say("in");                        \
    if (my->waits) {                       \
        EDDY_AWAIT(eddy_sleep(1, me));     \
    }                                      \
    if (my->i == 1 && my->how == BREAK)    \
        break;                             \
    if (my->i == 1 && my->how == CONTINUE) \
        continue;                          \
    if (my->i == 1 && my->how == RETURN)   \
        return;                            \
    coro_say("out");

#define LEAVER(name, block)                                \
    struct name {                                          \
        EDDY_FRAME;                                        \
        enum how how;                                      \
        bool waits;                                        \
        int loop;                                          \
        int i;                                             \
        struct eddy_scope scope;                           \
        struct eddy_catch catch_;                          \
        struct eddy_local local;                           \
        struct eddy_group group;                           \
    };                                                     \
    EDDY_CORO(name)                                        \
    {                                                      \
        EDDY_BEGIN(name) {                                 \
            switch (my->loop) {                            \
            case 0:                                        \
                for (; my->i < 3; my->i++) {               \
                    block(){LEAVE} coro_say("next");       \
                }                                          \
                break;                                     \
            case 1:                                        \
                while (my->i < 3) {                        \
                    block(){LEAVE} coro_say("next");       \
                    my->i++;                               \
                }                                          \
                break;                                     \
            case 2:                                        \
                do {                                       \
                    block(){LEAVE} coro_say("next");       \
                } while (++my->i < 3);                     \
                break;                                     \
            case 3:                                        \
                for (; my->i < 3; my->i++) {               \
                    switch (my->i % 2) {                   \
                    case 1:                                \
                        block(){LEAVE} coro_say("next");   \
                        break;                             \
                    default:                               \
                        coro_say("default");               \
                        block(){LEAVE} coro_say("fall");   \
                        /* fall through */                 \
                    case 8:                                \
                        coro_say("eight");                 \
                    }                                      \
                    coro_say(";");                         \
                }                                          \
                break;                                     \
            default:                                       \
                break;                                     \
            }                                              \
            coro_say("end");                               \
        }                                                  \
        EDDY_FINALLY                                       \
        {                                                  \
            coro_say(my->scope.expired ? "?" : "finally"); \
        }                                                  \
    }

#define LEAVE_SCOPE() EDDY_SCOPE(&my->scope)
LEAVER(leave_scope, LEAVE_SCOPE)
#define LEAVE_TIMEOUT() EDDY_TIMEOUT(&my->scope, EDDY_SEC(1))
LEAVER(leave_timeout, LEAVE_TIMEOUT)
#define LEAVE_TIMEOUT_FAIL() EDDY_TIMEOUT_FAIL_UNTIL(&my->scope, eddy_loop_now(eddy_loop_current()) + EDDY_SEC(1))
LEAVER(leave_timeout_fail, LEAVE_TIMEOUT_FAIL)
#define LEAVE_SHIELD() EDDY_SHIELD(&my->scope, EDDY_SEC(1))
LEAVER(leave_shield, LEAVE_SHIELD)
#define LEAVE_CATCH() EDDY_CATCH(&my->catch_)
LEAVER(leave_catch, LEAVE_CATCH)
#define LEAVE_LOCAL() EDDY_LOCAL(&my->local, &key, my)
LEAVER(leave_local, LEAVE_LOCAL)
#define LEAVE_GROUP() EDDY_GROUP(&my->group)
LEAVER(leave_group, LEAVE_GROUP)

static void expect(int loop, enum how how)
{
    static const char *const ways[4][HOWS] = {
        {"in out next in out next in out next end finally", "in out next in end finally",
         "in out next in next in out next end finally", "in out next in finally"},
        {"in out next in out next in out next end finally", "in out next in end finally",
         "in out next in next in out next end finally", "in out next in finally"},
        {"in out next in out next in out next end finally", "in out next in end finally",
         "in out next in next in out next end finally", "in out next in finally"},
        {"default in out fall eight ; in out next ; default in out fall eight ; end finally",
         "default in out fall eight ; in ; default in out fall eight ; end finally",
         "default in out fall eight ; in next ; default in out fall eight ; end finally",
         "default in out fall eight ; in finally"},
    };
    coro_expect(ways[loop][how]);
}

#define EACH_WAY(c, name)                                                                                              \
    for (int i = 0; i < 4 * HOWS * 2; i++) {                                                                           \
        assert_int_equal(CORO_RUN(c, name, .loop = i / HOWS % 4, .how = (enum how)(i % HOWS), .waits = i / HOWS >= 4), \
                         0);                                                                                           \
        expect(i / HOWS % 4, (enum how)(i % HOWS));                                                                    \
    }

static void a_scope_is_left_in_every_way(void **state)
{
    struct coro *c = *state;
    EACH_WAY(c, leave_scope)
    EACH_WAY(c, leave_timeout)
    EACH_WAY(c, leave_timeout_fail)
    EACH_WAY(c, leave_shield)
}

static void a_catch_is_left_in_every_way(void **state)
{
    struct coro *c = *state;
    EACH_WAY(c, leave_catch)
}

static void a_local_is_left_in_every_way(void **state)
{
    struct coro *c = *state;
    EACH_WAY(c, leave_local)
}

static void a_group_is_left_in_every_way(void **state)
{
    struct coro *c = *state;
    EACH_WAY(c, leave_group)
}

/* ---- Blocks within blocks ----------------------------------------------------------------- */

struct towers {
    EDDY_FRAME;
    enum how how;
    bool waits;
    int i;
    struct eddy_scope a, b, d;
    struct eddy_catch catch_;
};

EDDY_CORO(towers)
{
    EDDY_BEGIN(towers) {
        for (my->i = 0; my->i < 3; my->i++) {
            EDDY_TIMEOUT(&my->a, EDDY_SEC(1)) {
                EDDY_CATCH(&my->catch_) {
                    EDDY_SHIELD(&my->b, EDDY_SEC(1)) {
                        EDDY_SCOPE(&my->d) {
                            LEAVE
                        }
                        coro_say("d");
                    }
                    coro_say("b");
                }
                coro_say("catch");
            }
            coro_say("a");
        }
        coro_say("end");
    }
}

static void break_leaves_all_blocks_up_to_the_loop_and_continue_one(void **state)
{
    struct coro *c = *state;
    for (int waits = 0; waits < 2; waits++) {
        assert_int_equal(CORO_RUN(c, towers, .how = FALL, .waits = waits), 0);
        coro_expect("in out d b catch a in out d b catch a in out d b catch a end");
        /* The header: `break` "then breaks the loop or switch around it". */
        assert_int_equal(CORO_RUN(c, towers, .how = BREAK, .waits = waits), 0);
        coro_expect("in out d b catch a in end");
        /* `continue` "goes on after the block". */
        assert_int_equal(CORO_RUN(c, towers, .how = CONTINUE, .waits = waits), 0);
        coro_expect("in out d b catch a in d b catch a in out d b catch a end");
        assert_int_equal(CORO_RUN(c, towers, .how = RETURN, .waits = waits), 0);
        coro_expect("in out d b catch a in");
    }
}

struct body_level {
    EDDY_FRAME_RET(int);
    enum how how;
    bool waits;
    int i;
    struct eddy_scope a, b;
};

EDDY_CORO(body_level)
{
    EDDY_BEGIN(body_level) {
        my->i = 1;
        EDDY_SCOPE(&my->a) {
            EDDY_TIMEOUT(&my->b, EDDY_SEC(1)) {
                LEAVE
            }
            coro_say("b");
        }
        coro_say("a");
        EDDY_RETURN(5);
    }
    EDDY_FINALLY
    {
        coro_say("finally");
        my->ret++;
    }
}

static void a_break_at_the_bodys_level_ends_the_body(void **state)
{
    struct coro *c = *state;
    int result = 0;
    for (int waits = 0; waits < 2; waits++) {
        assert_int_equal(CORO_RUN_RET(c, &result, body_level, .how = BREAK, .waits = waits), 0);
        coro_expect("in finally");
        assert_int_equal(result, 1);
        assert_int_equal(CORO_RUN_RET(c, &result, body_level, .how = CONTINUE, .waits = waits), 0);
        coro_expect("in b a finally");
        assert_int_equal(result, 6);
        assert_int_equal(CORO_RUN_RET(c, &result, body_level, .how = RETURN, .waits = waits), 0);
        coro_expect("in finally");
        assert_int_equal(result, 1);
    }
}

struct returns_inside {
    EDDY_FRAME_RET(int);
    struct eddy_scope a, b;
    struct eddy_catch catch_;
};

EDDY_CORO(returns_inside)
{
    EDDY_BEGIN(returns_inside) {
        EDDY_SCOPE(&my->a) {
            EDDY_CATCH(&my->catch_) {
                EDDY_SHIELD(&my->b, EDDY_SEC(1)) {
                    EDDY_AWAIT(eddy_sleep(1, me));
                    EDDY_RETURN(77);
                }
            }
        }
    }
}

struct calls_inside {
    EDDY_FRAME;
    struct eddy_scope a;
    int result;
    int i;
};

EDDY_CORO(calls_inside)
{
    EDDY_BEGIN(calls_inside) {
        for (my->i = 0; my->i < 2; my->i++) {
            EDDY_TIMEOUT(&my->a, EDDY_SEC(1)) {
                EDDY_CALL(my->result, returns_inside);
                coro_say("%d", my->result);
                EDDY_AWAIT(eddy_sleep(1, me));
            }
        }
    }
}

static void a_return_from_inside_blocks_gives_its_result_to_the_caller(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, calls_inside), 0);
    coro_expect("77 77");
}

/* ---- Without braces ---------------------------------------------------------------------- */

struct bare {
    EDDY_FRAME;
    int i;
    struct eddy_scope scope;
};

EDDY_CORO(bare)
{
    EDDY_BEGIN(bare) {
        for (my->i = 0; my->i < 3; my->i++) {
            if (my->i == 0) {
                coro_say("zero");
            } else if (my->i == 1) {
                EDDY_SCOPE(&my->scope)
                    coro_say("one");
            } else {
                EDDY_TIMEOUT(&my->scope, 5)
                    EDDY_AWAIT(eddy_sleep(1, me));
            }
            if (my->i == 1)
                EDDY_SCOPE(&my->scope) {
                    EDDY_AWAIT(eddy_sleep(1, me));
                    coro_say("yes");
                }
            else
                coro_say("no");
        }
    }
}

static void a_block_is_one_statement(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, bare), 0);
    coro_expect("zero no one yes no");
    assert_int_equal(coro_elapsed(c), 2);
}

struct side_by_side {
    EDDY_FRAME;
    int i;
    struct eddy_scope a, b;
};

EDDY_CORO(side_by_side)
{
    EDDY_BEGIN(side_by_side) {
        /* clang-format off */
        EDDY_SCOPE(&my->a) { EDDY_AWAIT(eddy_sleep(1, me)); } EDDY_SCOPE(&my->b) { EDDY_AWAIT(eddy_sleep(1, me)); }
        EDDY_SCOPE(&my->a) {} EDDY_SCOPE(&my->a) {}
        while (my->i++ < 2) EDDY_SCOPE(&my->a) EDDY_SCOPE(&my->b) { if (my->i == 2) break; coro_say("x"); }
        /* clang-format on */
        coro_say("%d", my->i);
    }
}

static void two_blocks_stand_on_one_line_and_empty_ones_are_none(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, side_by_side), 0);
    coro_expect("x 2");
    assert_int_equal(coro_elapsed(c), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(a_scope_is_left_in_every_way),
        coro_test(a_catch_is_left_in_every_way),
        coro_test(a_local_is_left_in_every_way),
        coro_test(a_group_is_left_in_every_way),
        coro_test(break_leaves_all_blocks_up_to_the_loop_and_continue_one),
        coro_test(a_break_at_the_bodys_level_ends_the_body),
        coro_test(a_return_from_inside_blocks_gives_its_result_to_the_caller),
        coro_test(a_block_is_one_statement),
        coro_test(two_blocks_stand_on_one_line_and_empty_ones_are_none),
    };
    return cmocka_run_group_tests_name("scope_leave", tests, NULL, NULL);
}
