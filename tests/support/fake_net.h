/* A network of the test's own, under a loop with a virtual clock: names, and hosts that answer when the test says.
 * Who is connected to at last is real: a listener on loopback. No threads.
 *
 *     static const struct fake_host hosts[] = {{"192.0.2.1", EDDY_MS(5), -ECONNREFUSED}, {NULL, 0, 0}};
 *     fake_net_begin(&loop, hosts);
 *     ...
 *     fake_net_end();
 */
#ifndef TEST_FAKE_NET_H
#define TEST_FAKE_NET_H

#include <eddy.h>

enum { FAKE_MEETS_ITSELF = 1 };

/* A name has the addresses of all hosts, in this order, up to a NULL. */
struct fake_host {
    const char *address;
    eddy_ns after; /* how long it takes to answer; 0: at once, within the call; EDDY_FOREVER: never */
    int error;     /* 0: it takes the connection; FAKE_MEETS_ITSELF; else a -errno */
};

/* Between init and fini of the loop; also from inside it. */
void fake_net_begin(struct eddy_loop *loop, const struct fake_host *hosts);
void fake_net_end(void);

/* What the next lookups end with: an EAI_ code. */
void fake_net_lookup_error(int error);

/* Sockets that are open though their connection was not made. */
int fake_net_pending(void);

#endif
