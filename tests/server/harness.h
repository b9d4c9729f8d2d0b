/* harness.h - start the echo server, look at it from outside, and never leave it behind. */
#ifndef SERVER_HARNESS_H
#define SERVER_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <cmocka.h>

#ifdef __SANITIZE_ADDRESS__
#define UNDER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_ASAN 1
#endif
#endif
#ifndef UNDER_ASAN
#define UNDER_ASAN 0
#endif

struct server {
    pid_t pid;           /* 0: not running */
    const char *program; /* that is started; NULL: the echo server */
    int output;
    char first[256]; /* the two lines it prints, without their ends */
    char second[256];
    struct sockaddr_storage address;
    socklen_t address_size;
    bool traced;
    bool weighed; /* its memory will be compared: ASan must not hoard freed blocks */
    bool limited;
    unsigned descriptor_limit; /* for the next start, if `limited` */
    char directory[64];        /* for sockets and logs; removed in the end */
    char trace[96];            /* what strace writes, if `traced` */
};

/* What a program that ended by itself left. */
struct outcome {
    int status; /* of its exit; 128 + the signal that ended it */
    char output[1024];
    char errors[4096];
};

/* Setup and teardown of every test here: *state is a struct server. An alarm bounds each. */
int server_setup(void **state);
int server_teardown(void **state);

/* A test with the setup, and a group of them. */
#define SERVER_TEST(test) cmocka_unit_test_setup_teardown(test, server_setup, server_teardown)

/* Start it with these arguments, NULL last, and read its two lines. */
void server_start(struct server *server, ...) __attribute__((sentinel));

/* Run it with these arguments until it ends by itself. */
struct outcome server_run(struct server *server, ...) __attribute__((sentinel));

/* Send the signal and reap it: its exit status, or 128 + signal; fails after `seconds`. */
int server_stop(struct server *server, int signal, int seconds);

/* Reap a server that was told to stop. */
int server_wait(struct server *server, int seconds);

/* Open descriptors, resident bytes, and ns of processor time used so far. */
unsigned server_descriptors(const struct server *server);
size_t server_memory(const struct server *server);
int64_t server_processor_time(const struct server *server);

/* Wait until the server has `count` descriptors open; fails after `seconds`. */
void server_await_descriptors(const struct server *server, unsigned count, int seconds);

/* The limit of open descriptors, raised as far as it goes. */
unsigned descriptor_limit(void);

int64_t clock_ns(void);
void nap_ms(int ms);

/* Fork `child` with `context`; it ends with the value `child` returns, or with this program. */
pid_t start_process(int (*child)(void *context), void *context);

/* Reap `pid`: its exit status, or 128 + the signal. */
int reap_process(pid_t pid);

#endif
