/* What the tests of servers share: a server on the loop of a struct coro, whose handler does what its client says, letter
 * by letter. Includes support/coro.h.
 *
 *     struct host host;
 *     host_start(&host, c, NULL, 1);
 *     int client = host_call(&host, 0);
 *     host_say(&host, client, "e");
 *     host_expect(client, "e");
 *     eddy_server_stop(&host.server, EDDY_SEC(1));
 *     assert_int_equal(host_end(&host), 0);
 */
#ifndef TEST_SERVE_H
#define TEST_SERVE_H

#include "support/coro.h"

enum { HOST_LISTENERS = 4 };

/* The letters:
 *   e  echo it                      b  is busy: not idle            S  stop the server, 0 s
 *   f  fail with -EPROTO            i  is idle                      T  stop the server, 10 s
 *   F  fail with -ECONNRESET        y  is ready                     w  write until that fails, then fail with its error
 *   r  return                       p  has a phase of 1 s           l  the EDDY_FINALLY will sleep for 1 s
 *   z  sleep for ever               P  has none any more
 *   t  read, and fail with its error
 */
struct host {
    struct eddy_server server;
    struct eddy_address addresses[HOST_LISTENERS];
    const struct eddy_handler *handler;
    struct coro *c;
    struct eddy_task *task;
    int result;  /* of eddy_serve; EDDY_PENDING: none yet */
    int started; /* handlers */
    int ended;   /* their EDDY_FINALLYs */
    int reason;  /* of the last cancel */
};

/* The handler that does what its client says. */
const struct eddy_handler *host_handler(void);

/* Prepare, without listening or serving. */
void host_init(struct host *host, struct coro *c, const struct eddy_server_options *options);

/* Listen on one more abstract Unix socket. */
void host_listen(struct host *host, int number);

/* Serve, in a task of its own, which ends the server when it is over. */
void host_serve(struct host *host);

/* All of these, with so many listeners; and a turn. */
void host_start(struct host *host, struct coro *c, const struct eddy_server_options *options, int listeners);

/* A client of listener `number`: a non-blocking descriptor. Lets the server have its turns. */
int host_call(struct host *host, int number);

/* Send this, and let the server have its turns. */
void host_say(struct host *host, int client, const char *text);

/* What has come is exactly this. */
void host_expect(int client, const char *text);

/* The other end has closed, and nothing was left to read. */
void host_expect_closed(int client);

/* Run until all has ended: the result of eddy_serve, or the status of its task if that is not 0. */
int host_end(struct host *host);

#endif
