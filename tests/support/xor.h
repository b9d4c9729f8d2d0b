/* A transport as a user would make one: what goes through it is changed, byte by byte, by a key. */
#ifndef TEST_XOR_H
#define TEST_XOR_H

#include <eddy/transport.h>

struct xor_layer {
    struct eddy_transport beneath;
    char key;
    /* private */
    struct eddy_waiter receiver; /* waits for a read beneath */
    struct eddy_waiter *reader;  /* for whom */
    char kept[8];                /* what came for who waits, until his turn or the next read */
    size_t kept_start;
    ssize_t kept_end; /* or how the read beneath ended */
    bool has_kept;
    char scratch[8]; /* what is being written: no more at once */
    struct eddy_waiter sender;
    struct eddy_waiter *writer;
    const char *data;
    size_t size;
    size_t sent;
};

struct eddy_transport xor_transport(struct xor_layer *layer, struct eddy_loop *loop, struct eddy_transport beneath,
                                    char key);

#endif
