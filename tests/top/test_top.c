/* eddy-top's tables: what it makes of a snapshot, be it whole, cut or hostile. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <eddy/time.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "screen.h"

#define HEAD "eddy\t1\nloop\tturns=9\twakes=100\ttasks=3\tready=1\tlongest_wake=2500000\ttimers=4\tstreams=5\n"
#define BOSS "task\t1\t0\tboss\twaits\tend of its group\t61000\t1\t900\tboss\t/src/boss.c:7\tEDDY_GROUP(&my->all)\n"
#define ADA "task\t2\t1\tAda\twaits\tlock\t40\t700\t5000000\tworker\tw.c:12\tEDDY_LOCK(&my->guard, my->lock)\n"
#define BO "task\t3\t1\tBo\tready*\t-\t0\t80\t3000\tworker\tw.c:13\teddy_sleep(1, me)\n"
#define SHOT HEAD BOSS ADA BO "end\n"

static char *drawn;

static int parse(struct snapshot *shot, const char *text, eddy_ns taken)
{
    char *copy = strdup(text);
    assert_non_null(copy);
    return snapshot_parse(shot, copy, taken);
}

/* What screen_draw() writes, until the next call. */
static const char *draw(const struct screen *screen, struct snapshot *shot, double rate)
{
    size_t size;
    free(drawn);
    FILE *out = open_memstream(&drawn, &size);
    assert_non_null(out);
    screen_draw(screen, shot, rate, out);
    fclose(out);
    return drawn;
}

static void shows(const char *text)
{
    if (strstr(drawn, text) == NULL) {
        fail_msg("no \"%s\" in:\n%s", text, drawn);
    }
}

static void shows_not(const char *text)
{
    if (strstr(drawn, text) != NULL) {
        fail_msg("\"%s\" in:\n%s", text, drawn);
    }
}

static void a_snapshot_is_a_table(void **state)
{
    (void)state;
    struct snapshot shot;
    struct screen screen = {.path = "x.sock"};
    assert_int_equal(parse(&shot, SHOT, 0), 0);
    draw(&screen, &shot, -1);
    assert_string_equal(drawn,
                        "x.sock: tasks 3, ready 1, longest wake 2.5 ms, timers 4, streams 5\n"
                        " TASK NAME         STATE      LOAD     BUSY   STEPS    SINCE AT       WAITS FOR        CODE\n"
                        "    1 boss         waits         -     1 us       1   61.0 s boss.c:7 end of its group boss: "
                        "EDDY_GROUP(&my->all)\n"
                        "    2   Ada        waits         -   5.0 ms     700    40 ms w.c:12   lock             "
                        "worker: EDDY_LOCK(&my->guard, my->lock)\n"
                        "    3   Bo         ready*        -     3 us      80          w.c:13   -                "
                        "worker: eddy_sleep(1, me)\n");
    snapshot_drop(&shot);
    snapshot_drop(&shot);
}

/* The names in the rows, in their order. */
static void names_are(enum screen_order order, struct snapshot *shot, const char *expected)
{
    char names[64] = "";
    draw(&(struct screen){.path = "x", .order = order}, shot, 1);
    char *line = strchr(strchr(drawn, '\n') + 1, '\n') + 1;
    for (char name[16]; sscanf(line, "%*d %15s", name) == 1; line = strchr(line, '\n') + 1) {
        strcat(strcat(names, name), " ");
        if (strchr(line, '\n') == NULL || strchr(line, '\n')[1] == '\0') {
            break;
        }
    }
    assert_string_equal(names, expected);
}

static void each_order_has_the_largest_first(void **state)
{
    (void)state;
    struct snapshot shot;
    assert_int_equal(parse(&shot, SHOT, 0), 0);
    names_are(SCREEN_NAME, &shot, "Ada Bo boss ");
    names_are(SCREEN_BUSY, &shot, "Ada Bo boss ");
    names_are(SCREEN_STEPS, &shot, "Ada Bo boss ");
    names_are(SCREEN_SINCE, &shot, "boss Ada Bo ");
    names_are(SCREEN_TREE, &shot, "boss Ada Bo ");
    names_are(SCREEN_LOAD, &shot, "boss Ada Bo "); /* all unknown: as they came */
    snapshot_drop(&shot);
}

static void load_is_the_busy_part_of_the_time_between_two(void **state)
{
    (void)state;
    struct snapshot before, shot;
    assert_int_equal(parse(&before, HEAD BOSS BO "end\n", 0), 0);
    assert_int_equal(parse(&shot,
                           HEAD "task\t3\t0\tBo\tready\t-\t0\t81\t250003000\tf\tw.c:1\tx\n" ADA
                                "task\t1\t0\tboss\twaits\t-\t1\t1\t0\tf\tw.c:1\tx\n"
                                "end\n",
                           EDDY_SEC(1)),
                     0);
    snapshot_compare(&shot, &before);
    draw(&(struct screen){.path = "x", .order = SCREEN_LOAD}, &shot, 12.4);
    shows("wakes/s 12,");
    shows(" 25.0% ");
    assert_true(shot.rows[0].number == 3 && shot.rows[0].load > 0.24);
    assert_true(shot.rows[1].load < 0 && shot.rows[2].load < 0); /* new; and another program's, by the same number */
    snapshot_drop(&before);
    snapshot_drop(&shot);
}

static void a_screen_gets_what_it_has_room_for(void **state)
{
    (void)state;
    struct snapshot shot;
    struct screen screen = {.path = "x.sock", .columns = 50, .lines = 6, .trouble = "Gone", .age = EDDY_SEC(5400)};
    assert_int_equal(parse(&shot, HEAD BOSS ADA BO "more\t40\nend\n", 0), 0);
    draw(&screen, &shot, 3);
    shows("no answer: Gone; this was 1.5 h ago");
    shows("... and 41 more");
    shows(" Ada ");
    shows_not(" Bo ");
    int columns = 0;
    for (const char *at = drawn; *at != '\0'; at++) {
        if (*at == '\033') {
            at += strcspn(at, "mKJ");
        } else {
            columns = *at == '\r' || *at == '\n' ? 0 : columns + 1;
            assert_true(columns <= screen.columns);
        }
    }
    snapshot_drop(&shot);
}

static void names_cannot_reach_the_terminal(void **state)
{
    (void)state;
    struct snapshot shot;
    assert_int_equal(parse(&shot,
                           HEAD "task\t1\t0\ta\\tb\033[2J\\\\\twaits\t-\t0\t0\t0\tf\n"
                                "task\nunknown\t1\nend\n",
                           0),
                     0);
    draw(&(struct screen){.path = "x"}, &shot, -1);
    shows("a b?[2J\\");
    shows_not("\033");
    assert_int_equal(shot.count, 1);
    snapshot_drop(&shot);
}

static void no_depth_is_too_deep(void **state)
{
    (void)state;
    struct snapshot shot;
    assert_int_equal(parse(&shot,
                           HEAD "task\t1\t-1500000000\ta\twaits\n"
                                "task\t2\t2000000000\tb\twaits\nend\n",
                           0),
                     0);
    draw(&(struct screen){.path = "x"}, &shot, -1);
    shows("\n    1 a ");
    shows("\n    2                     b");
    snapshot_drop(&shot);
}

static void what_is_no_whole_snapshot_is_refused(void **state)
{
    (void)state;
    struct snapshot shot;
    assert_int_equal(parse(&shot, "", 0), -EPROTO);
    assert_int_equal(parse(&shot, "HTTP/1.1 400 Bad Request\r\n\r\n", 0), -EPROTO);
    assert_int_equal(parse(&shot, "eddy\t1\nend\n", 0), -EPROTO);
    for (size_t length = 0; length < strlen(SHOT) - 1; length++) {
        char *cut = strndup(SHOT, length);
        assert_int_equal(snapshot_parse(&shot, cut, 0), -EPROTO);
        assert_null(shot.rows);
    }
}

static int free_drawn(void **state)
{
    (void)state;
    free(drawn);
    drawn = NULL;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_snapshot_is_a_table),
        cmocka_unit_test(each_order_has_the_largest_first),
        cmocka_unit_test(load_is_the_busy_part_of_the_time_between_two),
        cmocka_unit_test(a_screen_gets_what_it_has_room_for),
        cmocka_unit_test(names_cannot_reach_the_terminal),
        cmocka_unit_test(no_depth_is_too_deep),
        cmocka_unit_test(what_is_no_whole_snapshot_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, free_drawn);
}
