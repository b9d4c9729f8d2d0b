/* A transport that a test feeds: bytes arrive when it says so. It is read only, and made as a user would make one.
 *
 *     struct source source = {.loop = &c->loop, .data = "abc", .size = 3, .waits = true};
 *     eddy_reader_init(&reader, &c->loop, source_transport(&source), 0);
 *     source_feed(&source, 1);
 */
#ifndef TEST_SOURCE_H
#define TEST_SOURCE_H

#include <eddy/transport.h>

struct source {
    /* set by the test */
    const char *data;
    size_t size;
    size_t most;  /* bytes of one read; 0: no limit */
    bool waits;   /* it has `wait` */
    bool has_end; /* the end comes after the last byte */
    bool is_shy;  /* try_read never finds anything, read does */
    int error;    /* or -errno, of all reads from now on */
    /* read by the test */
    size_t arrived;
    size_t at;
    unsigned reads; /* that brought something, or the end */
    struct eddy_waiter *waiter;
};

struct eddy_transport source_transport(struct source *source);

/* Let up to `size` more bytes arrive; after the last, and with 0 then, the end. */
void source_feed(struct source *source, size_t size);

/* All reads fail from now on; 0: no longer. */
void source_fail(struct source *source, int error);

#endif
