/* client.h - clients of the echo server: one at a time, or thousands in one process. */
#ifndef SERVER_CLIENT_H
#define SERVER_CLIENT_H

#include "harness.h"

/* A connected socket; calls on it give up after 20 s. */
int client_connect(const struct server *server);

/* The same from a loopback address of its own, of which there are many, so that ports do not
 * run out. -1 and errno: not connected. */
int client_connect_from(const struct server *server, unsigned number);

/* Be served once, and leave: how many descriptors the server has open without any client. */
unsigned client_count_descriptors(const struct server *server);

/* Send all; receive exactly this; send and receive it. */
void client_send(int fd, const void *data, size_t size);
void client_expect(int fd, const void *data, size_t size);
void client_echo(int fd, const char *text);

/* The server closed it in order, with nothing more to read. */
void client_expect_end(int fd);

/* Send pattern bytes until nothing more is taken for `quiet_ms`: how many. A server that takes
 * STUFF_MAX from somebody who reads nothing hoards them or throws them away. */
#define STUFF_MAX ((size_t)64 << 20)
size_t client_stuff(int fd, unsigned seed, int quiet_ms);

/* Closing it sends a reset instead of an end. */
void client_reset_on_close(int fd);

void client_set_blocking(int fd, bool blocking);

/* `size` bytes of the stream that belongs to `seed`, from `offset` on; at most PATTERN_MAX. */
#define PATTERN_MAX 65536
const char *pattern(unsigned seed, size_t offset);

/* Many connections at once, each sending `bytes` and expecting them back. */
struct crowd {
    const struct server *server;
    unsigned count;
    size_t bytes;
    unsigned seed;
    bool half_close; /* each finishes sending after its last byte, and expects the end */
    int ready_fd;    /* if > 0: gets a byte once all are connected, */
    int go_fd;       /* and the bytes go out when this is readable */
};

/* How many got everything back, byte for byte; says on stderr what went wrong. */
unsigned crowd_run(const struct crowd *crowd);

#endif
