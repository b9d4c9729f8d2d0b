/* What a monitor shows, to whom, and that the program does not notice. */
#define _GNU_SOURCE
#include "support/coro.h"

#include <eddy/monitor.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char text[1 << 22];
static char path[64];

/* A monitor in a directory of its own. */
static void open_monitor(struct coro *c, struct eddy_monitor *monitor)
{
    char directory[] = "/tmp/eddy-test-XXXXXX";
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/m", directory);
    assert_int_equal(eddy_monitor_open(monitor, &c->loop, path), 0);
}

static void close_monitor(struct eddy_monitor *monitor)
{
    eddy_monitor_close(monitor);
    assert_int_equal(access(path, F_OK), -1);
    *strrchr(path, '/') = '\0';
    assert_int_equal(rmdir(path), 0);
}

static int connect_client(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

/* Read from the client until its end, or for as long as the loop brings more; whether the end was there. */
static bool read_all(struct coro *c, int fd)
{
    size_t used = 0;
    for (int idle = 0; idle < 3;) {
        coro_settle(c);
        ssize_t count = read(fd, text + used, sizeof text - 1 - used);
        if (count == 0) {
            text[used] = '\0';
            return true;
        }
        idle = count > 0 ? 0 : idle + 1;
        used += count > 0 ? (size_t)count : 0;
    }
    text[used] = '\0';
    return false;
}

static const char *snapshot(struct coro *c)
{
    int fd = connect_client();
    assert_true(read_all(c, fd));
    close(fd);
    assert_memory_equal(text, "eddy\t1\nloop\tturns=", 18);
    assert_true(strlen(text) > 4 && strcmp(text + strlen(text) - 5, "\nend\n") == 0);
    return text;
}

/* The field `index` (from 0: "task") of the line of the task `name`. */
static const char *field(const char *name, int index)
{
    static char value[512];
    for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
        char copy[2048];
        char *fields[16] = {NULL};
        snprintf(copy, sizeof copy, "%.*s", (int)strcspn(line, "\n"), line);
        char *rest = copy;
        for (int i = 0; i < 16 && rest != NULL; i++) {
            fields[i] = strsep(&rest, "\t");
        }
        if (strcmp(fields[0], "task") == 0 && strcmp(fields[3], name) == 0) {
            assert_non_null(fields[index]);
            assert_null(fields[12]);
            snprintf(value, sizeof value, "%s", fields[index]);
            return value;
        }
    }
    fail_msg("no task %s in:\n%s", name, text);
    return NULL;
}

enum { NUMBER = 1, DEPTH, NAME, STATE, WAITS_FOR, SINCE_MS, STEPS, BUSY_NS, FUNCTION, PLACE, TEXT };

struct works {
    EDDY_FRAME;
    int rounds;
    struct eddy_event *event;
};

EDDY_CORO(works)
{
    EDDY_BEGIN(works) {
        while (my->rounds-- > 0) {
            test_os_advance(&coro_current()->os, EDDY_US(10));
            EDDY_AWAIT(eddy_yield(me));
        }
        EDDY_AWAIT(eddy_event_wait(my->event, me));
    }
}

struct leads {
    EDDY_FRAME;
    struct eddy_group group;
    struct eddy_event *event;
    int result;
};

EDDY_CORO(leads)
{
    EDDY_BEGIN(leads) {
        EDDY_GROUP(&my->group) {
            EDDY_TRY(my->result, EDDY_SPAWN(&my->group, works, .rounds = 3, .event = my->event));
        }
    }
}

struct crowd {
    EDDY_FRAME;
    struct eddy_group group;
    struct eddy_event *event;
    int count, i, result;
};

EDDY_CORO(crowd)
{
    EDDY_BEGIN(crowd) {
        EDDY_GROUP(&my->group) {
            for (my->i = 0; my->i < my->count; my->i++) {
                EDDY_TRY(my->result, EDDY_SPAWN(&my->group, works, .event = my->event));
            }
        }
    }
}

/* ---- What it shows --------------------------------------------------------------------- */

static void a_snapshot_tells_of_every_task_what_it_waits_for(void **state)
{
    struct coro *c = *state;
    struct eddy_monitor monitor;
    struct eddy_event event;
    eddy_event_init(&event);
    open_monitor(c, &monitor);
    struct eddy_task *task = CORO_START(c, leads, .event = &event);
    coro_settle(c);
    test_os_advance(&c->os, EDDY_SEC(5));
    snapshot(c);
    assert_non_null(strstr(text, "\ttasks=2\t"));
    assert_string_equal(field("leads", DEPTH), "0");
    assert_string_equal(field("leads", STATE), "waits");
    assert_string_equal(field("leads", WAITS_FOR), "end of its group");
    assert_string_equal(field("leads", STEPS), "1");
    assert_string_equal(field("works", DEPTH), "1");
    assert_string_equal(field("works", WAITS_FOR), "event");
    assert_string_equal(field("works", STEPS), "4");
    assert_string_equal(field("works", BUSY_NS), "30000");
    assert_string_equal(field("works", FUNCTION), "works");
    assert_string_equal(field("works", TEXT), "eddy_event_wait(my->event, me)");
    assert_non_null(strstr(field("works", PLACE), "test_monitor.c:"));
    int number = atoi(field("works", NUMBER));
    assert_true(number > 0 && atoi(field("leads", NUMBER)) != number);
    snapshot(c);
    assert_int_equal(atoi(field("works", NUMBER)), number);
    eddy_event_set(&event);
    close_monitor(&monitor);
    assert_int_equal(coro_end(c, task), 0);
}

static void how_long_a_task_has_waited_is_told(void **state)
{
    struct coro *c = *state;
    struct eddy_monitor monitor;
    struct eddy_event event;
    eddy_event_init(&event);
    struct eddy_task *task = CORO_START(c, works, .event = &event);
    open_monitor(c, &monitor);
    coro_advance(c, EDDY_SEC(30));
    snapshot(c);
    int since = atoi(field("works", SINCE_MS));
    assert_true(since > 29900 && since < 30100);
    eddy_event_set(&event);
    close_monitor(&monitor);
    assert_int_equal(coro_end(c, task), 0);
}

static struct eddy_task *victim;

static void cancel_and_spawn(struct eddy_post *node)
{
    (void)node;
    struct eddy_group *group = eddy_loop_detached(&coro_current()->loop);
    eddy_task_cancel(victim, -ECANCELED);
    assert_int_equal(EDDY_SPAWN(group, crowd, .count = 0), 0);
}

/* A post runs after the poll has told of the client, so the client is served before who becomes ready in it. */
static void ready_and_cancelled_tasks_are_told(void **state)
{
    struct coro *c = *state;
    struct eddy_monitor monitor;
    struct eddy_event event;
    struct eddy_post post = {.run = cancel_and_spawn};
    eddy_event_init(&event);
    open_monitor(c, &monitor);
    victim = CORO_START(c, works, .event = &event);
    coro_settle(c);
    int fd = connect_client();
    eddy_post(&c->loop, &post);
    assert_true(read_all(c, fd));
    close(fd);
    assert_string_equal(field("works", STATE), "ready*");
    assert_string_equal(field("works", WAITS_FOR), "-");
    assert_string_equal(field("crowd", STATE), "ready");
    assert_string_equal(field("crowd", TEXT), "spawned");
    close_monitor(&monitor);
    assert_int_equal(coro_end(c, victim), -ECANCELED);
}

static void fields_are_escaped(void **state)
{
    struct coro *c = *state;
    struct eddy_monitor monitor;
    struct eddy_event event;
    eddy_event_init(&event);
    struct eddy_task *task = CORO_START(c, works, .event = &event);
    assert_int_equal(eddy_task_set_name(task, "%s", "a\tb\nc\rd\\e\xff"), 0);
    coro_settle(c);
    open_monitor(c, &monitor);
    snapshot(c);
    assert_string_equal(field("a\\tb\\nc\\rd\\\\e\xff", STATE), "waits");
    eddy_event_set(&event);
    close_monitor(&monitor);
    assert_int_equal(coro_end(c, task), 0);
}

static ssize_t nothing_yet(struct eddy_waiter *waiter)
{
    (void)waiter;
    return EDDY_PENDING;
}

static const struct eddy_wait_kind patient_kind = {.name = "patience", .complete = nothing_yet};

struct patient {
    EDDY_FRAME;
};

EDDY_CORO(patient)
{
    EDDY_BEGIN(patient) {
        EDDY_AWAIT(eddy_wait_park(me, &patient_kind));
    }
}

/* Its wait was tried again, and goes on. */
static void a_try_in_vain_is_no_step(void **state)
{
    struct coro *c = *state;
    struct eddy_monitor monitor;
    open_monitor(c, &monitor);
    struct eddy_task *task = CORO_START(c, patient);
    coro_settle(c);
    for (int i = 0; i < 3; i++) {
        eddy_wait_retry((struct eddy_waiter *)(void *)task);
        coro_settle(c);
    }
    snapshot(c);
    assert_string_equal(field("patient", WAITS_FOR), "patience");
    assert_string_equal(field("patient", STEPS), "1");
    close_monitor(&monitor);
    eddy_task_cancel(task, -ECANCELED);
    assert_int_equal(coro_end(c, task), -ECANCELED);
}

static void steps_count_from_when_it_was_opened(void **state)
{
    struct coro *c = *state;
    struct eddy_monitor monitor;
    struct eddy_event event;
    eddy_event_init(&event);
    open_monitor(c, &monitor);
    struct eddy_task *task = CORO_START(c, works, .rounds = 5, .event = &event);
    coro_settle(c);
    close_monitor(&monitor);
    open_monitor(c, &monitor);
    snapshot(c);
    assert_string_equal(field("works", STEPS), "0");
    assert_string_equal(field("works", BUSY_NS), "0");
    eddy_event_set(&event);
    close_monitor(&monitor);
    assert_int_equal(coro_end(c, task), 0);
}

/* ---- Many tasks, and clients that do not read ------------------------------------------ */

static size_t lines(const char *begin)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, begin)) != NULL; at++) {
        count += at == text || at[-1] == '\n';
    }
    return count;
}

static void no_more_tasks_are_listed_than_the_limit(void **state)
{
    struct coro *c = *state;
    struct eddy_monitor monitor;
    struct eddy_event event;
    eddy_event_init(&event);
    open_monitor(c, &monitor);
    struct eddy_task *task = CORO_START(c, crowd, .event = &event, .count = EDDY_MONITOR_TASKS - 1);
    coro_settle(c);
    snapshot(c);
    assert_int_equal(lines("task\t"), EDDY_MONITOR_TASKS);
    assert_int_equal(lines("more\t"), 0);
    struct eddy_task *other = CORO_START(c, crowd, .event = &event, .count = 6);
    coro_settle(c);
    snapshot(c);
    assert_int_equal(lines("task\t"), EDDY_MONITOR_TASKS);
    assert_int_equal(lines("more\t7\n"), 1);
    eddy_event_set(&event);
    close_monitor(&monitor);
    eddy_task_release(other);
    assert_int_equal(coro_end(c, task), 0);
}

static void a_client_that_does_not_read_is_dropped_after_two_seconds(void **state)
{
    struct coro *c = *state;
    struct eddy_monitor monitor;
    struct eddy_event event;
    eddy_event_init(&event);
    open_monitor(c, &monitor);
    struct eddy_task *task = CORO_START(c, crowd, .event = &event, .count = 4000);
    coro_settle(c);
    int fd = connect_client();
    coro_advance(c, EDDY_SEC(2) - 1);
    assert_int_equal(monitor.served, 1);
    assert_int_equal(monitor.dropped, 0);
    coro_advance(c, 2);
    assert_int_equal(monitor.dropped, 1);
    assert_true(read_all(c, fd));
    assert_int_equal(lines("end\n"), 0);
    close(fd);
    snapshot(c);
    eddy_event_set(&event);
    close_monitor(&monitor);
    assert_int_equal(coro_end(c, task), 0);
}

static void more_clients_than_places_are_served_one_after_another(void **state)
{
    enum { CLIENTS = EDDY_MONITOR_CLIENTS + 5 };
    struct coro *c = *state;
    struct eddy_monitor monitor;
    struct eddy_event event;
    int fds[CLIENTS];
    eddy_event_init(&event);
    open_monitor(c, &monitor);
    struct eddy_task *task = CORO_START(c, crowd, .event = &event, .count = 4000);
    coro_settle(c);
    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = connect_client();
    }
    coro_settle(c);
    assert_int_equal(monitor.served, EDDY_MONITOR_CLIENTS);
    for (int i = 0; i < CLIENTS; i++) {
        assert_true(read_all(c, fds[i]));
        assert_int_equal(lines("end\n"), 1);
        close(fds[i]);
    }
    assert_int_equal(monitor.served, CLIENTS);
    assert_int_equal(monitor.dropped, 0);
    eddy_event_set(&event);
    close_monitor(&monitor);
    assert_int_equal(coro_end(c, task), 0);
}

static void a_client_that_goes_away_is_forgotten(void **state)
{
    struct coro *c = *state;
    struct eddy_monitor monitor;
    struct eddy_event event;
    eddy_event_init(&event);
    open_monitor(c, &monitor);
    struct eddy_task *task = CORO_START(c, crowd, .event = &event, .count = 4000);
    coro_settle(c);
    int fd = connect_client();
    coro_settle(c);
    close(fd);
    coro_settle(c);
    assert_int_equal(monitor.dropped, 1);
    close(connect_client());
    coro_settle(c);
    snapshot(c);
    eddy_event_set(&event);
    close_monitor(&monitor);
    assert_int_equal(coro_end(c, task), 0);
}

static void *refuse_more(void *context, void *block, size_t old_size, size_t new_size)
{
    return new_size > old_size ? NULL : test_os_resize(context, block, old_size, new_size);
}

static void without_memory_a_client_gets_nothing(void **state)
{
    struct coro *c = *state;
    struct eddy_monitor monitor;
    open_monitor(c, &monitor);
    snapshot(c);
    int fd = connect_client();
    c->loop.allocator.resize = refuse_more;
    assert_true(read_all(c, fd));
    c->loop.allocator.resize = test_os_resize;
    assert_int_equal(strlen(text), 0);
    close(fd);
    assert_int_equal(monitor.dropped, 1);
    snapshot(c);
    close_monitor(&monitor);
}

static bool full;

static int limited_epoll_ctl(void *context, int epfd, int op, int fd, struct epoll_event *event)
{
    return full && op == EPOLL_CTL_ADD ? -ENOSPC : eddy_os_linux.epoll_ctl(context, epfd, op, fd, event);
}

static void after_an_accept_that_failed_it_tries_again(void **state)
{
    struct coro *c = *state;
    struct eddy_monitor monitor;
    open_monitor(c, &monitor);
    coro_settle(c);
    full = true;
    c->os.os.epoll_ctl = limited_epoll_ctl;
    int fd = connect_client();
    assert_true(read_all(c, fd));
    assert_int_equal(strlen(text), 0);
    close(fd);
    coro_advance(c, EDDY_MS(350));
    fd = connect_client();
    full = false;
    coro_settle(c);
    assert_int_equal(monitor.served, 0);
    coro_advance(c, EDDY_MS(100));
    assert_true(read_all(c, fd));
    assert_int_equal(lines("end\n"), 1);
    close(fd);
    close_monitor(&monitor);
}

/* ---- In the background ----------------------------------------------------------------- */

static void it_does_not_keep_the_loop_running(void **state)
{
    struct coro *c = *state;
    struct eddy_monitor monitor;
    struct eddy_event event;
    eddy_event_init(&event);
    open_monitor(c, &monitor);
    assert_int_equal(eddy_loop_run(&c->loop), 0);
    snapshot(c);
    assert_int_equal(eddy_loop_run(&c->loop), 0);
    struct eddy_task *task = CORO_START(c, works, .event = &event);
    assert_int_equal(eddy_loop_run(&c->loop), -EDEADLK); /* nor does it give hope */
    eddy_event_set(&event);
    assert_int_equal(eddy_loop_run(&c->loop), 0);
    assert_true(eddy_task_is_done(task));
    close_monitor(&monitor);
    assert_int_equal(coro_end(c, task), 0);
}

static void a_client_that_is_being_served_does_not_keep_the_loop_running(void **state)
{
    struct coro *c = *state;
    struct eddy_monitor monitor;
    struct eddy_event event;
    struct eddy_task *task;
    eddy_event_init(&event);
    open_monitor(c, &monitor);
    assert_int_equal(EDDY_SPAWN_TASK(&task, eddy_loop_daemons(&c->loop), crowd, .event = &event, .count = 4000), 0);
    coro_settle(c);
    int fd = connect_client();
    coro_settle(c);
    eddy_ns before = coro_elapsed(c);
    assert_int_equal(eddy_loop_run(&c->loop), 0);
    assert_int_equal(coro_elapsed(c), before);
    assert_int_equal(monitor.dropped, 0);
    close_monitor(&monitor); /* while it is being served */
    close(fd);
    eddy_event_set(&event);
    coro_settle(c);
    assert_int_equal(coro_end(c, task), 0);
}

/* ---- Open and close -------------------------------------------------------------------- */

static void only_its_user_can_connect(void **state)
{
    struct coro *c = *state;
    struct eddy_monitor monitor;
    struct stat status;
    open_monitor(c, &monitor);
    assert_int_equal(stat(path, &status), 0);
    assert_true(S_ISSOCK(status.st_mode));
    assert_int_equal(status.st_mode & 0777, 0600);
    close_monitor(&monitor);
}

static void a_loop_has_one_monitor(void **state)
{
    struct coro *c = *state;
    struct eddy_monitor monitor;
    struct eddy_monitor second = {.loop = NULL};
    eddy_monitor_close(&second);
    open_monitor(c, &monitor);
    assert_int_equal(eddy_monitor_open(&second, &c->loop, "/tmp/nowhere"), -EALREADY);
    eddy_monitor_close(&second);
    assert_int_equal(eddy_monitor_open(&monitor, &c->loop, path), -EALREADY);
    (void)snapshot(c);
    assert_int_equal(eddy_loop_fini(&c->loop), -EBUSY);
    close_monitor(&monitor);
    eddy_monitor_close(&monitor);
    assert_int_equal(eddy_monitor_open(&second, &c->loop, "/nowhere/at/all"), -ENOENT);
    eddy_monitor_close(&second);
    assert_int_equal(eddy_monitor_open(&second, &c->loop, ""), -EINVAL);
    char longest[256] = "/";
    memset(longest, 'x', sizeof longest - 1);
    assert_int_equal(eddy_monitor_open(&second, &c->loop, longest), -ENAMETOOLONG);
    assert_int_equal(eddy_loop_run(&c->loop), 0);
}

static void it_can_be_closed_with_a_connection_on_the_way(void **state)
{
    struct coro *c = *state;
    struct eddy_monitor monitor;
    open_monitor(c, &monitor);
    coro_settle(c);
    int fd = connect_client();
    close_monitor(&monitor);
    assert_true(read_all(c, fd));
    assert_int_equal(strlen(text), 0);
    close(fd);
}

static void in_a_child_of_fork_it_does_nothing(void **state)
{
    struct coro *c = *state;
    struct eddy_monitor monitor, second;
    open_monitor(c, &monitor);
    coro_settle(c);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        bool refused = eddy_monitor_open(&second, &c->loop, "/tmp/nowhere") == -ECHILD;
        eddy_monitor_close(&second);
        eddy_monitor_close(&monitor);
        _exit(refused && access(path, F_OK) == 0 ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    snapshot(c);
    close_monitor(&monitor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(a_snapshot_tells_of_every_task_what_it_waits_for),
        coro_test(how_long_a_task_has_waited_is_told),
        coro_test(ready_and_cancelled_tasks_are_told),
        coro_test(fields_are_escaped),
        coro_test(a_try_in_vain_is_no_step),
        coro_test(steps_count_from_when_it_was_opened),
        coro_test(no_more_tasks_are_listed_than_the_limit),
        coro_test(a_client_that_does_not_read_is_dropped_after_two_seconds),
        coro_test(more_clients_than_places_are_served_one_after_another),
        coro_test(a_client_that_goes_away_is_forgotten),
        coro_test(without_memory_a_client_gets_nothing),
        coro_test(after_an_accept_that_failed_it_tries_again),
        coro_test(it_does_not_keep_the_loop_running),
        coro_test(a_client_that_is_being_served_does_not_keep_the_loop_running),
        coro_test(only_its_user_can_connect),
        coro_test(a_loop_has_one_monitor),
        coro_test(it_can_be_closed_with_a_connection_on_the_way),
        coro_test(in_a_child_of_fork_it_does_nothing),
    };
    return cmocka_run_group_tests_name("monitor", tests, NULL, NULL);
}
