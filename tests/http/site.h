/* site.h - a web site to serve, in the directory of the test, and 10_http to serve it. */
#ifndef HTTP_SITE_H
#define HTTP_SITE_H

#include "command.h"
#include "peers.h"

#define SITE_BIG ((size_t)5 << 20)

/* Setup and teardown: *state is a struct server whose program is 10_http; below its directory is `site`, with
 * index.html, "a b.txt", empty.txt, sub/index.html, bare/, big.bin of SITE_BIG pattern bytes, a FIFO `fifo`, a file
 * that nobody may read, and symbolic links: in -> big.bin, out -> /etc/passwd, up -> .. */
int site_setup(void **state);
int site_teardown(void **state);

#define SITE_TEST(test) cmocka_unit_test_setup_teardown(test, site_setup, site_teardown)

/* The argument of --root. */
const char *site_root(const struct server *server);

/* Start it with these timeouts, in seconds. */
void site_start(struct server *server, const char *head, const char *idle, const char *stall);

/* GET /hello */
extern const struct manners site_manners;

#endif
