/* Sockets that a service manager has passed. This program is also the one that it starts: with an argument it serves what it
 * was given. */
#define _GNU_SOURCE
#include "support/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- The environment ------------------------------------------------------------------- */

/* What the process of these tests has: its number is 4711, and so many descriptors from 3 on are open. */
static int open_count;
static int made_private;

static int os_getpid(void *context)
{
    (void)context;
    return 4711;
}

static int os_fcntl(void *context, int fd, int command, int argument)
{
    (void)context;
    assert_int_equal(command, F_SETFD);
    assert_int_equal(argument, FD_CLOEXEC);
    if (fd < 3 || fd >= 3 + open_count) {
        return -EBADF;
    }
    made_private++;
    return 0;
}

static void set(const char *name, const char *value)
{
    if (value != NULL) {
        assert_int_equal(setenv(name, value, 1), 0);
    } else {
        assert_int_equal(unsetenv(name), 0);
    }
}

static int ask(struct coro *c, const char *pid, const char *fds, int *first)
{
    c->os.os.getpid = os_getpid;
    c->os.os.fcntl = os_fcntl;
    set("LISTEN_PID", pid);
    set("LISTEN_FDS", fds);
    *first = -1;
    made_private = 0;
    int count = eddy_listener_inherited(&c->loop, first);
    set("LISTEN_PID", NULL);
    set("LISTEN_FDS", NULL);
    return count;
}

static void what_was_passed_is_counted_and_made_private(void **state)
{
    int first;
    open_count = 2;
    assert_int_equal(ask(*state, "4711", "2", &first), 2);
    assert_int_equal(first, 3);
    assert_int_equal(made_private, 2);
    assert_int_equal(ask(*state, "4711", "1", &first), 1);
    assert_int_equal(made_private, 1);
}

static void without_a_manager_there_is_none(void **state)
{
    int first;
    open_count = 2;
    assert_int_equal(ask(*state, NULL, NULL, &first), 0);
    assert_int_equal(ask(*state, NULL, "2", &first), 0);
    assert_int_equal(ask(*state, "4711", NULL, &first), 0);
    assert_int_equal(ask(*state, "4711", "0", &first), 0);
    assert_int_equal(ask(*state, "4712", "2", &first), 0); /* a parent's */
    assert_int_equal(ask(*state, "0", "2", &first), 0);
    assert_int_equal(made_private, 0);
}

static void a_malformed_environment_is_refused(void **state)
{
    static const char *const wrong[] = {"",   " 2",  "2 ",  "-2",         "+2",
                                        "2x", "two", "0x2", "2147483647", "99999999999999999999"};
    int first;
    open_count = 2;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(ask(*state, "4711", wrong[i], &first), -EINVAL);
        assert_int_equal(ask(*state, wrong[i], "2", &first), -EINVAL);
    }
}

static void descriptors_that_are_not_there_are_an_error(void **state)
{
    int first;
    open_count = 2;
    assert_int_equal(ask(*state, "4711", "3", &first), -EBADF);
    assert_int_equal(ask(*state, "4711", "2147483644", &first), -EBADF);
    open_count = 0;
    assert_int_equal(ask(*state, "4711", "1", &first), -EBADF);
}

/* ---- A program that is started with its sockets ----------------------------------------- */

struct activated {
    EDDY_FRAME_RET(int);
    struct host host;
    int count;
    int error;
};

EDDY_CORO(activated)
{
    EDDY_BEGIN(activated) {
        EDDY_TRY(my->error, eddy_server_init(&my->host.server, eddy_loop_current(),
                                             &(struct eddy_server_options){.context = &my->host}));
        EDDY_TRY(my->count, eddy_server_listen_inherited(&my->host.server));
        EDDY_CALL(my->error, eddy_serve, .server = &my->host.server, .handler = host_handler());
        EDDY_RETURN(my->error < 0 ? my->error : my->count);
    }
    EDDY_FINALLY
    {
        if (eddy_server_fini(&my->host.server) < 0) {
            my->ret = -EBUSY;
        }
    }
}

static int listening_on(const char *name)
{
    struct eddy_address address;
    int error = name[0] == '@' ? eddy_address_unix(&address, name) : eddy_address_parse(&address, name, 0);
    int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(error, 0);
    assert_int_equal(bind(fd, &address.any, address.size), 0);
    assert_int_equal(listen(fd, 16), 0);
    return fcntl(fd, F_DUPFD_CLOEXEC, 10); /* out of the way of 3 and 4 */
}

/* In the child: as a service manager does it. */
static _Noreturn void become_service(int tcp, int local)
{
    char pid[16], program[] = "/proc/self/exe", argument[] = "serve";
    char *arguments[] = {program, argument, NULL};
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    setenv("LISTEN_PID", pid, 1);
    setenv("LISTEN_FDS", "2", 1);
    dup2(tcp, 3);
    dup2(local, 4);
    execv(program, arguments);
    _exit(99);
}

static int call(int listening)
{
    struct eddy_address address = {.size = sizeof address.un};
    struct timeval patience = {.tv_sec = 20};
    assert_int_equal(getsockname(listening, &address.any, &address.size), 0);
    int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, &address.any, address.size), 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return fd;
}

static void a_program_serves_the_sockets_it_was_started_with(void **state)
{
    (void)state;
    char name[64];
    snprintf(name, sizeof name, "@eddy-activated-%d", (int)getpid());
    int listening[2] = {listening_on("127.0.0.1"), listening_on(name)}, clients[2];
    for (int i = 0; i < 2; i++) {
        clients[i] = call(listening[i]); /* before there is anybody to accept */
        assert_int_equal(send(clients[i], "e", 1, MSG_NOSIGNAL), 1);
    }
    pid_t child = fork();
    if (child == 0) {
        become_service(listening[0], listening[1]);
    }
    for (int i = 0; i < 2; i++) {
        char byte = 0;
        close(listening[i]);
        assert_int_equal(recv(clients[i], &byte, 1, 0), 1);
        assert_int_equal(byte, 'e');
    }
    assert_int_equal(send(clients[0], "T", 1, MSG_NOSIGNAL), 1);
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 2); /* it had two sockets */
    for (int i = 0; i < 2; i++) {
        host_expect_closed(clients[i]);
        close(clients[i]);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        coro_test(what_was_passed_is_counted_and_made_private),
        coro_test(without_a_manager_there_is_none),
        coro_test(a_malformed_environment_is_refused),
        coro_test(descriptors_that_are_not_there_are_an_error),
        cmocka_unit_test(a_program_serves_the_sockets_it_was_started_with),
    };
    if (argc == 2 && strcmp(argv[1], "serve") == 0) {
        int count = EDDY_RUN(activated);
        return count < 0 ? 98 : count;
    }
    return cmocka_run_group_tests_name("inherited listeners", tests, NULL, NULL);
}
