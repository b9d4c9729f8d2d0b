/* Whatever a descriptor is: pipes, terminals, files, sockets; as they are given, and where they cannot be opened once
 * more. */
#define _GNU_SOURCE
#include "support/coro.h"

#include <eddy/sleep.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static struct eddy_pipe in, out;
static const char *program;

static int refuse_open(void *context, const char *path, int flags)
{
    (void)context, (void)path, (void)flags;
    return -EACCES;
}

static int lack_descriptors(void *context, const char *path, int flags)
{
    (void)context, (void)path, (void)flags;
    return -EMFILE;
}

struct reads {
    EDDY_FRAME;
    int times;
    ssize_t n;
    char buffer[32];
};

EDDY_CORO(reads)
{
    EDDY_BEGIN(reads) {
        while (my->times-- > 0) {
            EDDY_AWAIT(my->n, eddy_pipe_read(&in, my->buffer, sizeof my->buffer, me));
            coro_say("%zd:%.*s", my->n, (int)(my->n > 0 ? my->n : 0), my->buffer);
        }
    }
}

struct writes {
    EDDY_FRAME;
    const char *data;
    size_t size;
    ssize_t n;
};

EDDY_CORO(writes)
{
    EDDY_BEGIN(writes) {
        EDDY_AWAIT(my->n, eddy_pipe_write(&out, my->data, my->size, me));
        coro_say("wrote:%zd", my->n);
    }
}

static struct eddy_task *start_reads(struct coro *c, int times)
{
    struct eddy_task *task = CORO_START(c, reads, .times = times);
    coro_settle(c);
    return task;
}

static void close_both(int one, int other)
{
    eddy_pipe_close(&in);
    eddy_pipe_close(&out);
    eddy_pipe_close(&out);
    if (one >= 0) {
        close(one);
    }
    if (other >= 0) {
        close(other);
    }
}

/* The master of a new terminal; the other side in *slave. */
static int open_terminal(int *slave)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    *slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(*slave >= 0);
    struct termios mode;
    assert_int_equal(tcgetattr(*slave, &mode), 0);
    mode.c_lflag &= ~(tcflag_t)ECHO;
    assert_int_equal(tcsetattr(*slave, TCSANOW, &mode), 0);
    return master;
}

/* ---- Pipes ----------------------------------------------------------------------------- */

static void read_a_pipe(struct coro *c)
{
    int fds[2];
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    assert_int_equal(eddy_pipe_open(&in, &c->loop, fds[0], 0), 0);
    struct eddy_task *task = start_reads(c, 4);
    coro_expect("");
    char one;
    assert_int_equal(eddy_pipe_try_read(&in, &one, 1), -EBUSY);
    assert_int_equal(write(fds[1], "abc", 3), 3);
    coro_settle(c);
    coro_expect("3:abc");
    assert_int_equal(write(fds[1], "defg", 4), 4);
    coro_settle(c);
    close(fds[1]);
    coro_settle(c);
    coro_expect("4:defg 0: 0:");
    assert_int_equal(eddy_pipe_write(&in, &one, 1, &task->waiter), -EBADF);
    eddy_task_release(task);
    close_both(-1, -1);
    assert_int_equal(fcntl(fds[0], F_GETFD), -1);
}

static void a_pipe_is_read_to_its_end(void **state)
{
    struct coro *c = *state;
    read_a_pipe(c);
    c->os.os.open = refuse_open;
    read_a_pipe(c);
}

static void an_open_pipe_keeps_its_loop(void **state)
{
    struct coro *c = *state;
    int fds[2];
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    assert_int_equal(eddy_pipe_open(&in, &c->loop, fds[0], 0), 0);
    assert_int_equal(eddy_loop_fini(&c->loop), -EBUSY);
    close_both(-1, fds[1]);
}

enum { LARGE = 300000 };

static char large[LARGE], got[LARGE + 1];

static void pour_through_a_pipe(struct coro *c)
{
    int fds[2];
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    assert_int_equal(eddy_pipe_open(&out, &c->loop, fds[1], 0), 0);
    for (size_t i = 0; i < LARGE; i++) {
        large[i] = (char)(i * 13 + i / 500);
    }
    struct eddy_task *task = CORO_START(c, writes, .data = large, .size = LARGE);
    coro_settle(c);
    coro_expect("");
    size_t sent = eddy_pipe_sent(&out);
    assert_true(sent > 4000 && sent < LARGE);
    for (size_t count = 0; count < LARGE;) {
        ssize_t n = read(fds[0], got + count, count % 10000 + 1);
        assert_true(n > 0);
        count += (size_t)n;
        coro_settle(c);
    }
    assert_memory_equal(got, large, LARGE);
    coro_expect("wrote:300000");
    eddy_task_release(task);
    close(fds[0]);
    assert_int_equal(CORO_RUN(c, writes, .data = "x", .size = 1), 0);
    coro_expect("wrote:-32");
    close_both(-1, -1);
}

static void a_long_write_goes_on_as_there_is_room(void **state)
{
    struct coro *c = *state;
    pour_through_a_pipe(c);
    c->os.os.open = refuse_open;
    pour_through_a_pipe(c);
}

static void a_cancelled_read_takes_nothing(void **state)
{
    struct coro *c = *state;
    for (int round = 0; round < 2; round++) {
        int fds[2];
        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        assert_int_equal(eddy_pipe_open(&in, &c->loop, fds[0], 0), 0);
        struct eddy_task *task = start_reads(c, 1);
        assert_int_equal(c->loop.scheduler.arms, 1);
        eddy_task_cancel(task, -ECANCELED);
        assert_int_equal(write(fds[1], "abc", 3), 3);
        coro_settle(c);
        coro_expect("");
        assert_int_equal(c->loop.scheduler.arms, 0);
        eddy_task_release(task);
        assert_int_equal(CORO_RUN(c, reads, .times = 1), 0);
        coro_expect("3:abc");
        close_both(fds[1], -1);
        c->os.os.open = refuse_open;
    }
}

static void a_close_wakes_who_waits(void **state)
{
    struct coro *c = *state;
    int fds[2], others[2];
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    assert_int_equal(pipe2(others, O_CLOEXEC), 0);
    assert_int_equal(eddy_pipe_open(&in, &c->loop, fds[0], 0), 0);
    assert_int_equal(eddy_pipe_open(&out, &c->loop, others[1], 0), 0);
    struct eddy_task *reader = start_reads(c, 2);
    struct eddy_task *writer = CORO_START(c, writes, .data = large, .size = LARGE);
    coro_settle(c);
    close_both(fds[1], others[0]);
    coro_settle(c);
    coro_expect("-108: -108: wrote:-108");
    eddy_task_release(reader);
    eddy_task_release(writer);
    struct eddy_pipe zeroed = {0};
    eddy_pipe_close(&zeroed);
}

static void a_kept_descriptor_stays_open(void **state)
{
    struct coro *c = *state;
    for (int round = 0; round < 2; round++) {
        int fds[2];
        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        assert_int_equal(eddy_pipe_open(&in, &c->loop, fds[0], EDDY_PIPE_KEEP), 0);
        assert_int_equal(in.fd == fds[0], round);
        eddy_task_release(start_reads(c, 1));
        assert_int_equal(write(fds[1], "a", 1), 1);
        coro_settle(c);
        coro_expect("1:a");
        close_both(-1, -1);
        assert_int_equal(write(fds[1], "b", 1), 1);
        char one;
        assert_int_equal(read(fds[0], &one, 1), 1);
        close_both(fds[0], fds[1]);
        c->os.os.open = refuse_open;
    }
}

/* ---- The flags of others --------------------------------------------------------------- */

static void assert_flags_stay(struct coro *c, int fd, bool reads_it)
{
    int before = fcntl(fd, F_GETFL);
    assert_int_equal(before & O_NONBLOCK, 0);
    struct eddy_pipe *pipe = reads_it ? &in : &out;
    assert_int_equal(eddy_pipe_open(pipe, &c->loop, fd, EDDY_PIPE_KEEP), 0);
    if (reads_it) {
        struct eddy_task *task = start_reads(c, 1);
        assert_int_equal(fcntl(fd, F_GETFL), before);
        eddy_task_cancel(task, -ECANCELED);
        coro_settle(c);
        eddy_task_release(task);
    } else {
        assert_int_equal(CORO_RUN(c, writes, .data = "x", .size = 1), 0);
        coro_expect("wrote:1");
    }
    assert_int_equal(fcntl(fd, F_GETFL), before);
    eddy_pipe_close(pipe);
    assert_int_equal(fcntl(fd, F_GETFL), before);
}

static void the_flags_of_a_descriptor_stay(void **state)
{
    struct coro *c = *state;
    for (int round = 0; round < 2; round++) {
        int fds[2], slave, master = open_terminal(&slave);
        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        assert_flags_stay(c, fds[0], true);
        assert_flags_stay(c, fds[1], false);
        assert_flags_stay(c, master, true);
        assert_flags_stay(c, slave, true);
        assert_flags_stay(c, slave, false);
        close_both(fds[0], fds[1]);
        close_both(slave, master);
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
        assert_flags_stay(c, fds[0], true);
        assert_flags_stay(c, fds[0], false);
        close_both(fds[0], fds[1]);
        c->os.os.open = refuse_open;
    }
}

/* The kernel passes on what is written to a terminal in its own time, and may wake a poll for room just before there is
 * any: so look again and again. */
static void settle_when(struct coro *c, int fd, short events)
{
    struct pollfd poller = {.fd = fd, .events = events};
    int tries = 500;
    while (poll(&poller, 1, 10) == 0 && tries > 0) {
        tries--;
    }
    assert_true(tries > 0);
    coro_settle(c);
}

/* ---- Terminals ------------------------------------------------------------------------- */

static void a_terminal_gives_lines(void **state)
{
    struct coro *c = *state;
    for (int round = 0; round < 2; round++) {
        int slave, master = open_terminal(&slave);
        assert_int_equal(eddy_pipe_open(&in, &c->loop, slave, 0), 0);
        assert_int_equal(in.fd == slave, round);
        struct eddy_task *task = start_reads(c, 3);
        assert_int_equal(write(master, "ab", 2), 2);
        coro_settle(c);
        coro_expect("");
        assert_int_equal(write(master, "c\ndef\n", 6), 6);
        settle_when(c, slave, POLLIN);
        coro_expect("4:abc\n 4:def\n");
        assert_int_equal(write(master, "\4", 1), 1); /* Ctrl-D */
        settle_when(c, slave, POLLIN);
        coro_expect("0:");
        eddy_task_release(task);
        close_both(master, -1);
        c->os.os.open = refuse_open;
    }
}

static void a_terminal_that_is_not_read_blocks_nobody(void **state)
{
    struct coro *c = *state;
    for (int round = 0; round < 2; round++) {
        int slave, master = open_terminal(&slave);
        assert_int_equal(eddy_pipe_open(&out, &c->loop, slave, 0), 0);
        memset(large, 'x', LARGE);
        struct eddy_task *task = CORO_START(c, writes, .data = large, .size = 50000);
        coro_settle(c);
        coro_expect("");
        for (size_t count = 0; count < 50000;) {
            ssize_t n = read(master, got, sizeof got);
            assert_true(n > 0);
            count += (size_t)n;
            settle_when(c, slave, POLLOUT);
        }
        coro_expect("wrote:50000");
        eddy_task_release(task);
        close_both(master, -1);
        c->os.os.open = refuse_open;
    }
}

static void the_master_of_a_terminal_is_not_opened_once_more(void **state)
{
    struct coro *c = *state;
    int slave, master = open_terminal(&slave);
    assert_int_equal(eddy_pipe_open(&in, &c->loop, master, 0), 0);
    assert_int_equal(in.fd, master);
    struct eddy_task *task = start_reads(c, 2);
    assert_int_equal(write(slave, "abc", 3), 3);
    settle_when(c, master, POLLIN);
    close(slave);
    settle_when(c, master, POLLIN);
    coro_expect("3:abc -5:");
    eddy_task_release(task);
    close_both(-1, -1);
}

/* ---- Files, devices, sockets ----------------------------------------------------------- */

static void a_file_is_read_and_written_at_once(void **state)
{
    struct coro *c = *state;
    FILE *file = tmpfile();
    assert_non_null(file);
    int fd = fileno(file);
    assert_int_equal(eddy_pipe_open(&out, &c->loop, fd, EDDY_PIPE_KEEP), 0);
    assert_int_equal(CORO_RUN(c, writes, .data = "some text", .size = 9), 0);
    assert_int_equal(eddy_pipe_try_write(&out, "!", 1), 1);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_int_equal(eddy_pipe_open(&in, &c->loop, fd, EDDY_PIPE_KEEP), 0);
    assert_int_equal(CORO_RUN(c, reads, .times = 2), 0);
    assert_int_equal(eddy_pipe_try_read(&in, got, 1), 0);
    coro_expect("wrote:9 10:some text! 0:");
    close_both(-1, -1);
    fclose(file);
}

static void note_wake(struct eddy_waiter *waiter)
{
    (void)waiter;
}

static void a_device_without_readiness_is_always_ready(void **state)
{
    struct coro *c = *state;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    assert_int_equal(eddy_pipe_open(&in, &c->loop, null, EDDY_PIPE_KEEP), 0);
    assert_int_equal(eddy_pipe_open(&out, &c->loop, null, EDDY_PIPE_KEEP), 0);
    assert_int_equal(CORO_RUN(c, reads, .times = 1), 0);
    assert_int_equal(CORO_RUN(c, writes, .data = large, .size = LARGE), 0);
    coro_expect("0: wrote:300000");
    static struct eddy_reader reader;
    static struct eddy_slice line;
    eddy_reader_init(&reader, &c->loop, eddy_pipe_transport(&in), 0);
    struct eddy_waiter waiter;
    eddy_waiter_init(&waiter, &c->loop, note_wake);
    assert_int_equal(eddy_reader_line(&reader, &line, &waiter), 0);
    eddy_reader_fini(&reader);
    close_both(null, -1);
}

static void a_socket_is_a_stream_too(void **state)
{
    struct coro *c = *state;
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    assert_int_equal(eddy_pipe_open(&in, &c->loop, fds[0], 0), 0);
    struct eddy_task *task = start_reads(c, 2);
    assert_int_equal(write(fds[1], "abc", 3), 3);
    coro_settle(c);
    struct eddy_transport transport = eddy_pipe_transport(&in);
    assert_int_equal(eddy_transport_shutdown(transport), 0);
    assert_int_equal(eddy_transport_shutdown(transport), -ESHUTDOWN);
    assert_int_equal(eddy_transport_try_write(transport, "x", 1), -ESHUTDOWN);
    char one;
    assert_int_equal(read(fds[1], &one, 1), 0);
    close(fds[1]);
    coro_settle(c);
    coro_expect("3:abc 0:");
    eddy_task_release(task);
    eddy_transport_close(transport);
}

static void what_is_no_stream_is_refused(void **state)
{
    struct coro *c = *state;
    int fds[2], directory = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(eddy_pipe_open(&in, &c->loop, directory, 0), -EINVAL);
    assert_int_equal(eddy_pipe_read(&in, got, 1, NULL), -ESHUTDOWN);
    close_both(directory, -1);
    assert_int_equal(eddy_pipe_open(&in, &c->loop, directory, 0), -EBADF);
    assert_int_equal(eddy_pipe_open(&in, &c->loop, -1, 0), -EBADF);
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    assert_int_equal(eddy_pipe_open(&in, &c->loop, fds[0], 2), -EINVAL);
    c->os.os.open = lack_descriptors;
    assert_int_equal(eddy_pipe_open(&in, &c->loop, fds[0], 0), -EMFILE);
    c->os.os.open = refuse_open;
    assert_int_equal(eddy_pipe_open(&out, &c->loop, fds[1], 0), 0);
    assert_int_equal(eddy_transport_shutdown(eddy_pipe_transport(&out)), -EOPNOTSUPP);
    assert_int_equal(eddy_pipe_try_read(&out, got, 1), -EBADF);
    close_both(fds[0], -1);
}

/* ---- A program in a pipeline ----------------------------------------------------------- */

/* Copies the lines of its input to its output. */
struct copies {
    EDDY_FRAME_RET(int);
    struct eddy_pipe in;
    struct eddy_pipe out;
    struct eddy_reader reader;
    struct eddy_writer writer;
    struct eddy_slice line;
    ssize_t n;
};

EDDY_CORO(copies)
{
    EDDY_BEGIN(copies) {
        EDDY_TRY(my->n, eddy_pipe_open(&my->in, eddy_loop_current(), STDIN_FILENO, EDDY_PIPE_KEEP));
        EDDY_TRY(my->n, eddy_pipe_open(&my->out, eddy_loop_current(), STDOUT_FILENO, EDDY_PIPE_KEEP));
        eddy_reader_init(&my->reader, eddy_loop_current(), eddy_pipe_transport(&my->in), 0);
        EDDY_TRY(my->n, eddy_writer_init(&my->writer, eddy_loop_current(), eddy_pipe_transport(&my->out), NULL));
        for (;;) {
            EDDY_TRY(my->n, eddy_reader_line(&my->reader, &my->line, me));
            if (my->n == 0) {
                break;
            }
            EDDY_TRY(my->n, eddy_writer_printf(&my->writer, "%s\n", my->line.data));
            EDDY_TRY(my->n, eddy_writer_drain(&my->writer, me));
        }
        EDDY_TRY(my->n, eddy_writer_flush(&my->writer, me));
    }
    EDDY_FINALLY
    {
        eddy_reader_fini(&my->reader);
        eddy_writer_fini(&my->writer);
        eddy_pipe_close(&my->in);
        eddy_pipe_close(&my->out);
    }
}

static void run_shell(const char *format)
{
    char command[1000];
    int size = snprintf(command, sizeof command, format, program);
    assert_true(size > 0 && size < (int)sizeof command);
    char *arguments[] = {"sh", "-c", command, NULL};
    pid_t child = fork();
    if (child == 0) {
        execv("/bin/sh", arguments);
        _exit(99);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

#define NUMBERS "seq 200000"
#define IS_ALL "cmp - $t/in"
#define IN_SHELL(text) "t=$(mktemp -d) || exit; trap 'rm -rf $t' EXIT; " NUMBERS " > $t/in; p=%s; " text

static void a_program_stands_in_a_pipeline(void **state)
{
    (void)state;
    run_shell(IN_SHELL("cat $t/in | $p --copy | cat | " IS_ALL));
    run_shell(IN_SHELL("cat $t/in | $p --copy | (sleep 0.2; " IS_ALL ")"));
    run_shell(IN_SHELL("$p --copy < $t/in > $t/out; " IS_ALL " < $t/out"));
    run_shell(IN_SHELL("mkfifo $t/fifo; cat $t/in > $t/fifo & $p --copy < $t/fifo | $p --copy | " IS_ALL));
    run_shell(IN_SHELL("$p --copy < /dev/null > $t/out; test ! -s $t/out"));
    run_shell(IN_SHELL("cat $t/in | $p --copy > /dev/null"));
}

/* ---- In a copy ------------------------------------------------------------------------- */

static struct eddy_memory end, client;
static char to_end[4096], to_client[4096];

struct copies_in {
    EDDY_FRAME;
    ssize_t n;
};

EDDY_CORO(copies_in)
{
    EDDY_BEGIN(copies_in) {
        EDDY_CALL(my->n, eddy_copy, .from = eddy_pipe_transport(&in), .to = eddy_memory_transport(&end));
        coro_say("copied:%zd", my->n);
    }
}

static void a_copy_takes_what_is_there_at_once(void **state)
{
    struct coro *c = *state;
    int fds[2];
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    c->os.os.open = refuse_open;
    eddy_memory_open(&end, to_end, sizeof to_end, &client, to_client, sizeof to_client);
    assert_int_equal(eddy_pipe_open(&in, &c->loop, fds[0], 0), 0);
    struct eddy_task *task = CORO_START(c, copies_in);
    coro_settle(c);
    assert_int_equal(write(fds[1], large, 3000), 3000);
    close(fds[1]);
    assert_int_equal(coro_end(c, task), 0);
    coro_expect("copied:3000");
    assert_true(c->os.calls[TEST_READ] < 5);
    eddy_memory_close(&end);
    eddy_memory_close(&client);
    close_both(-1, -1);
}

static void a_copy_takes_packets_whole(void **state)
{
    struct coro *c = *state;
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
    eddy_memory_open(&end, to_end, sizeof to_end, &client, to_client, sizeof to_client);
    assert_int_equal(eddy_pipe_open(&in, &c->loop, fds[0], 0), 0);
    struct eddy_task *task = CORO_START(c, copies_in);
    coro_settle(c);
    assert_int_equal(write(fds[1], "hello", 5), 5);
    close(fds[1]);
    assert_int_equal(coro_end(c, task), 0);
    coro_expect("copied:5");
    eddy_memory_close(&end);
    eddy_memory_close(&client);
    close_both(-1, -1);
}

struct relays {
    EDDY_FRAME;
    struct eddy_staple staple;
    int error;
};

EDDY_CORO(relays)
{
    EDDY_BEGIN(relays) {
        EDDY_CALL(my->error, eddy_copy_both, .a = eddy_memory_transport(&end),
                  .b = eddy_staple(&my->staple, eddy_pipe_transport(&in), eddy_pipe_transport(&out)));
        coro_say("relayed:%d", my->error);
    }
}

/* As with a child's standard input and output: it answers when it has seen the end. */
static void pipes_stapled_together_pass_an_end_on(void **state)
{
    struct coro *c = *state;
    int questions[2], answers[2];
    char text[16];
    assert_int_equal(pipe2(questions, O_CLOEXEC), 0);
    assert_int_equal(pipe2(answers, O_CLOEXEC), 0);
    eddy_memory_open(&end, to_end, sizeof to_end, &client, to_client, sizeof to_client);
    assert_int_equal(eddy_pipe_open(&in, &c->loop, answers[0], 0), 0);
    assert_int_equal(eddy_pipe_open(&out, &c->loop, questions[1], 0), 0);
    struct eddy_task *task = CORO_START(c, relays);
    assert_int_equal(eddy_memory_try_write(&client, "hello", 5), 5);
    assert_int_equal(eddy_memory_shutdown(&client), 0);
    coro_settle(c);
    assert_int_equal(read(questions[0], text, sizeof text), 5);
    struct pollfd set = {.fd = questions[0], .events = POLLIN};
    assert_int_equal(poll(&set, 1, 0), 1);
    assert_int_equal(read(questions[0], text, sizeof text), 0);
    assert_int_equal(write(answers[1], "answer", 6), 6);
    close(answers[1]);
    assert_int_equal(coro_end(c, task), 0);
    coro_expect("relayed:0");
    assert_int_equal(eddy_memory_try_read(&client, text, sizeof text), 6);
    eddy_memory_close(&end);
    eddy_memory_close(&client);
    close_both(questions[0], -1);
}

int main(int count, char **arguments)
{
    if (count > 1 && strcmp(arguments[1], "--copy") == 0) {
        return EDDY_RUN(copies) != 0;
    }
    program = arguments[0];
    const struct CMUnitTest tests[] = {
        coro_test(a_pipe_is_read_to_its_end),
        coro_test(an_open_pipe_keeps_its_loop),
        coro_test(a_long_write_goes_on_as_there_is_room),
        coro_test(a_cancelled_read_takes_nothing),
        coro_test(a_close_wakes_who_waits),
        coro_test(a_kept_descriptor_stays_open),
        coro_test(the_flags_of_a_descriptor_stay),
        coro_test(a_terminal_gives_lines),
        coro_test(a_terminal_that_is_not_read_blocks_nobody),
        coro_test(the_master_of_a_terminal_is_not_opened_once_more),
        coro_test(a_file_is_read_and_written_at_once),
        coro_test(a_device_without_readiness_is_always_ready),
        coro_test(a_socket_is_a_stream_too),
        coro_test(what_is_no_stream_is_refused),
        cmocka_unit_test(a_program_stands_in_a_pipeline),
        coro_test(a_copy_takes_what_is_there_at_once),
        coro_test(a_copy_takes_packets_whole),
        coro_test(pipes_stapled_together_pass_an_end_on),
    };
    return cmocka_run_group_tests_name("pipe", tests, NULL, NULL);
}
