/* peers.h - peers of any server that asks and answers: polite ones, and bad ones beside whom these must be served.
 *
 * Each function fails the test if a polite client was not served meanwhile, if descriptors did not return to their
 * starting number, or if memory grew by more than PEERS_SLACK between the rounds. */
#ifndef SERVER_PEERS_H
#define SERVER_PEERS_H

#include "client.h"

/* How one talks with the server: a request, and what its answer ends with. */
struct manners {
    const char *request;
    const char *answer;
};

#define PEERS_SLACK ((size_t)2 << 20)

/* Ask once, on a connection that stays open; fails if no answer comes. */
void peers_ask(int fd, const struct manners *manners);

/* Ask on a connection of one's own. */
void peers_serve_one(const struct server *server, const struct manners *manners);

/* How many descriptors the server has open without any client. */
unsigned peers_count_descriptors(const struct server *server, const struct manners *manners);

/* Read until the end: how many bytes came, of which the first are in `text` and a NUL. A reset counts as an end. */
size_t peers_read_all(int fd, char *text, size_t size);

/* `count` connections that are all open at once (fewer where descriptors are fewer, which is said), each of which asks
 * and is answered; three rounds. */
void peers_crowd(const struct server *server, const struct manners *manners, unsigned count);

/* Rounds of 100 clients that send `text`, wait for an answer of `reads` bytes at least, and reset. */
void peers_reset(const struct server *server, const struct manners *manners, const char *text, size_t reads);

/* `count` clients that send `text` again and again, up to 1 MiB, and never read; it must drop them all within
 * `seconds`, and its memory must stay below `memory` bytes more than before, and its processor half idle. */
void peers_never_read(const struct server *server, const struct manners *manners, const char *text, unsigned count,
                      int seconds, size_t memory);

/* Clients that send each beginning of `text` and then finish sending, or, if `resets`, reset. */
void peers_truncate(const struct server *server, const struct manners *manners, const char *text, bool resets);

/* 300 clients that send up to 20,000 random bytes. */
void peers_babble(const struct server *server, const struct manners *manners);

/* A client that sends the bytes of `text` one by one, `span_ms` apart, until the server closes; a polite one asks after
 * each. What the server said is in `said`. Fails if it takes all of `text` without closing. */
void peers_dribble(const struct server *server, const struct manners *manners, const char *text, int span_ms,
                   char *said, size_t size);

#endif
