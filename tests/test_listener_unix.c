/* The files of Unix sockets: what is replaced, what is left alone, and what close removes. The plain cases are in
 * test_listener.c. */
#define _GNU_SOURCE
#include "support/check.h"

#include <eddy/listener.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* A path of our own in a directory of our own, and a second path beside it. */
struct place {
    char directory[32];
    char path[64];
    char other[64];
    struct eddy_address address;
};

static void place_make(struct place *place)
{
    strcpy(place->directory, "/tmp/eddy-test-XXXXXX");
    assert_non_null(mkdtemp(place->directory));
    snprintf(place->path, sizeof place->path, "%s/socket", place->directory);
    snprintf(place->other, sizeof place->other, "%s/other", place->directory);
    assert_int_equal(eddy_address_unix(&place->address, place->path), 0);
}

static void place_remove(const struct place *place)
{
    assert_int_equal(rmdir(place->directory), 0); /* and nothing was left in it */
}

/* A socket's file at `path` that nobody listens on, or that `listens`; its descriptor. */
static int make_socket(const char *path, int type, bool listens)
{
    struct eddy_address address;
    assert_int_equal(eddy_address_unix(&address, path), 0);
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, &address.any, address.size), 0);
    assert_true(!listens || listen(fd, 1) == 0);
    return fd;
}

static void expect_refused(struct fixture *f, const struct place *place)
{
    struct eddy_listener listener;
    struct stat before, after;
    assert_int_equal(lstat(place->path, &before), 0);
    assert_int_equal(eddy_listener_open(&listener, &f->loop, &place->address, NULL), -EADDRINUSE);
    eddy_listener_close(&listener);
    assert_int_equal(lstat(place->path, &after), 0);
    assert_true(before.st_ino == after.st_ino && before.st_mode == after.st_mode);
}

/* ---- In its place ---------------------------------------------------------------------- */

static void a_symbolic_link_in_its_place_is_left_alone(void **state)
{
    struct fixture *f = *state;
    struct place place;
    place_make(&place);
    assert_int_equal(symlink(place.other, place.path), 0);
    expect_refused(f, &place); /* it leads nowhere */
    close(make_socket(place.other, SOCK_STREAM, false));
    expect_refused(f, &place); /* to a socket that was left behind */
    assert_int_equal(access(place.other, F_OK), 0);
    assert_int_equal(unlink(place.other), 0);
    int live = make_socket(place.other, SOCK_STREAM, true);
    expect_refused(f, &place);
    close(live);
    assert_int_equal(unlink(place.other), 0);
    assert_int_equal(unlink(place.path), 0);
    place_remove(&place);
}

static void a_directory_or_a_fifo_in_its_place_is_left_alone(void **state)
{
    struct fixture *f = *state;
    struct place place;
    place_make(&place);
    assert_int_equal(mkdir(place.path, 0700), 0);
    expect_refused(f, &place);
    assert_int_equal(rmdir(place.path), 0);
    assert_int_equal(mkfifo(place.path, 0600), 0);
    expect_refused(f, &place);
    assert_int_equal(unlink(place.path), 0);
    place_remove(&place);
}

static void a_live_socket_in_its_place_is_left_alone(void **state)
{
    struct fixture *f = *state;
    struct place place;
    place_make(&place);
    int full = make_socket(place.path, SOCK_STREAM, true);
    int clients[8], count = 0;
    for (; count < 8; count++) { /* until its backlog has no room */
        clients[count] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
        if (connect(clients[count], &place.address.any, place.address.size) < 0) {
            break;
        }
    }
    assert_true(count < 8);
    expect_refused(f, &place);
    for (int i = 0; i <= count; i++) {
        close(clients[i]);
    }
    close(full);
    assert_int_equal(unlink(place.path), 0);
    int datagrams = make_socket(place.path, SOCK_DGRAM, false);
    expect_refused(f, &place);
    close(datagrams);
    assert_int_equal(unlink(place.path), 0);
    place_remove(&place);
}

/* ---- Put there meanwhile ---------------------------------------------------------------- */

static void close_leaves_what_has_taken_its_place(void **state)
{
    struct fixture *f = *state;
    struct place place;
    struct eddy_listener listener;
    struct stat status;
    place_make(&place);
    assert_int_equal(eddy_listener_open(&listener, &f->loop, &place.address, NULL), 0);
    assert_int_equal(unlink(place.path), 0);
    int file = open(place.path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    assert_int_equal(write(file, "precious", 8), 8);
    close(file);
    eddy_listener_close(&listener);
    assert_int_equal(stat(place.path, &status), 0);
    assert_int_equal(status.st_size, 8);
    assert_int_equal(unlink(place.path), 0);
    assert_int_equal(eddy_listener_open(&listener, &f->loop, &place.address, NULL), 0);
    assert_int_equal(rename(place.path, place.other), 0); /* its own file, elsewhere */
    assert_int_equal(symlink(place.other, place.path), 0);
    eddy_listener_close(&listener);
    assert_int_equal(unlink(place.path), 0);
    assert_int_equal(unlink(place.other), 0);
    place_remove(&place);
}

static void close_does_not_mind_that_its_file_is_gone(void **state)
{
    struct fixture *f = *state;
    struct place place;
    struct eddy_listener listener;
    place_make(&place);
    assert_int_equal(eddy_listener_open(&listener, &f->loop, &place.address, NULL), 0);
    assert_int_equal(unlink(place.path), 0);
    eddy_listener_close(&listener);
    place_remove(&place);
}

/* ---- How it is made ---------------------------------------------------------------------- */

static void it_is_never_open_to_more_than_its_mode_says(void **state)
{
    struct fixture *f = *state;
    static const mode_t modes[] = {0600, 0660, 0666, 0777, 0200};
    struct place place;
    place_make(&place);
    mode_t before = umask(0);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        struct eddy_listener listener;
        struct eddy_listener_options options = {.mode = modes[i]};
        struct stat status;
        assert_int_equal(eddy_listener_open(&listener, &f->loop, &place.address, &options), 0);
        assert_int_equal(stat(place.path, &status), 0);
        assert_int_equal(status.st_mode & 07777, modes[i]);
        eddy_listener_close(&listener);
    }
    assert_int_equal(umask(before), 0);
    place_remove(&place);
}

static void after_a_failure_its_file_is_gone(void **state)
{
    struct fixture *f = *state;
    struct place place;
    place_make(&place);
    static const enum test_call calls[] = {TEST_LISTEN, TEST_LSTAT, TEST_GETSOCKNAME, TEST_EVENTFD};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        unsigned failures = 0;
        for (unsigned at = 1; at < 12; at++) {
            struct eddy_listener listener;
            test_os_restart(&f->os, &(struct test_fault){.at = at, .error = test_calls[calls[i]].errors[0]});
            int error = eddy_listener_open(&listener, &f->loop, &place.address, NULL);
            failures += error < 0 && f->os.struck == calls[i];
            assert_true(error == 0 || access(place.path, F_OK) < 0);
            test_os_restart(&f->os, NULL);
            eddy_listener_close(&listener);
        }
        assert_true(failures > 0);
    }
    place_remove(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_symbolic_link_in_its_place_is_left_alone),
        fixture_test(a_directory_or_a_fifo_in_its_place_is_left_alone),
        fixture_test(a_live_socket_in_its_place_is_left_alone),
        fixture_test(close_leaves_what_has_taken_its_place),
        fixture_test(close_does_not_mind_that_its_file_is_gone),
        fixture_test(it_is_never_open_to_more_than_its_mode_says),
        fixture_test(after_a_failure_its_file_is_gone),
    };
    return cmocka_run_group_tests_name("files of listeners", tests, NULL, NULL);
}
