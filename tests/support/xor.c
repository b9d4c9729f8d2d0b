#include "support/xor.h"

#include <errno.h>

static void change(char *to, const char *from, size_t size, char key)
{
    for (size_t i = 0; i < size; i++) {
        to[i] = (char)(from[i] ^ key);
    }
}

/* ---- Reading --------------------------------------------------------------------------- */

static void keep(struct xor_layer *layer, ssize_t count)
{
    layer->has_kept = true;
    layer->kept_start = 0;
    layer->kept_end = count;
}

/* What a read beneath has brought for who waited. */
static ssize_t take_kept(struct xor_layer *layer, char *buffer, size_t size)
{
    if (layer->kept_end <= 0) {
        layer->has_kept = false;
        return layer->kept_end;
    }
    size_t count = (size_t)layer->kept_end - layer->kept_start;
    count = count < size ? count : size;
    change(buffer, layer->kept + layer->kept_start, count, layer->key);
    layer->kept_start += count;
    layer->has_kept = layer->kept_start < (size_t)layer->kept_end;
    return (ssize_t)count;
}

static ssize_t xor_try_read(void *subject, void *buffer, size_t size)
{
    struct xor_layer *layer = subject;
    if (layer->reader != NULL) {
        return -EBUSY;
    }
    if (layer->has_kept) {
        return take_kept(layer, buffer, size);
    }
    ssize_t count = eddy_transport_try_read(layer->beneath, buffer, size);
    change(buffer, buffer, count > 0 ? (size_t)count : 0, layer->key);
    return count;
}

static void unpark_xor_reader(struct eddy_waiter *waiter)
{
    struct xor_layer *layer = waiter->transfer.subject;
    layer->reader = NULL;
    if (eddy_waiter_is_waiting(&layer->receiver)) {
        ssize_t count = eddy_wait_withdraw(&layer->receiver);
        if (count != EDDY_PENDING) { /* it had happened: for the next read */
            keep(layer, count);
        }
    }
}

static ssize_t complete_xor_read(struct eddy_waiter *waiter)
{
    struct xor_layer *layer = waiter->transfer.subject;
    if (!layer->has_kept) {
        return EDDY_PENDING;
    }
    layer->reader = NULL;
    return take_kept(layer, waiter->transfer.data, waiter->size);
}

static const struct eddy_wait_kind xor_read_kind = {
    .name = "read", .unpark = unpark_xor_reader, .complete = complete_xor_read, .external = true, .expiry = -ETIMEDOUT};

static void on_received(struct eddy_waiter *waiter)
{
    struct xor_layer *layer = EDDY_CONTAINER(waiter, struct xor_layer, receiver);
    keep(layer, waiter->result);
    eddy_wait_retry(layer->reader);
}

static ssize_t xor_read(void *subject, void *buffer, size_t size, struct eddy_waiter *waiter)
{
    struct xor_layer *layer = subject;
    ssize_t count = xor_try_read(subject, buffer, size);
    if (count != -EAGAIN) {
        return count;
    }
    count = eddy_transport_read(layer->beneath, layer->kept, sizeof layer->kept, &layer->receiver);
    if (count != EDDY_PENDING) {
        keep(layer, count);
        return take_kept(layer, buffer, size);
    }
    layer->reader = waiter;
    waiter->transfer.subject = layer;
    waiter->transfer.data = buffer;
    waiter->size = (uint32_t)size;
    return eddy_wait_park(waiter, &xor_read_kind);
}

/* ---- Writing --------------------------------------------------------------------------- */

static void unpark_xor_writer(struct eddy_waiter *waiter)
{
    struct xor_layer *layer = waiter->transfer.subject;
    layer->writer = NULL;
    if (eddy_wait_withdraw(&layer->sender) == EDDY_PENDING) {
        layer->sent += eddy_transport_sent(layer->beneath);
    }
}

static const struct eddy_wait_kind xor_write_kind = {
    .name = "write", .unpark = unpark_xor_writer, .external = true, .expiry = -ETIMEDOUT};

/* Write on until all is sent, or it takes time, or fails. */
static ssize_t xor_send(struct xor_layer *layer)
{
    while (layer->sent < layer->size) {
        size_t size =
            layer->size - layer->sent < sizeof layer->scratch ? layer->size - layer->sent : sizeof layer->scratch;
        change(layer->scratch, layer->data + layer->sent, size, layer->key);
        ssize_t count = eddy_transport_write(layer->beneath, layer->scratch, size, &layer->sender);
        if (count == EDDY_PENDING) {
            return EDDY_PENDING;
        }
        layer->sent += count > 0 ? (size_t)count : eddy_transport_sent(layer->beneath);
        if (count < 0) {
            return count;
        }
    }
    return (ssize_t)layer->size;
}

static void on_sent(struct eddy_waiter *waiter)
{
    struct xor_layer *layer = EDDY_CONTAINER(waiter, struct xor_layer, sender);
    ssize_t result = waiter->result;
    layer->sent += eddy_transport_sent(layer->beneath);
    result = result < 0 ? result : xor_send(layer);
    if (result != EDDY_PENDING) {
        struct eddy_waiter *writer = layer->writer;
        layer->writer = NULL;
        eddy_wait_wake(writer, result);
    }
}

static ssize_t xor_write(void *subject, const void *data, size_t size, struct eddy_waiter *waiter)
{
    struct xor_layer *layer = subject;
    if (layer->writer != NULL) {
        return -EBUSY;
    }
    layer->data = data;
    layer->size = size;
    layer->sent = 0;
    ssize_t result = xor_send(layer);
    if (result != EDDY_PENDING) {
        return result;
    }
    layer->writer = waiter;
    waiter->transfer.subject = layer;
    return eddy_wait_park(waiter, &xor_write_kind);
}

static ssize_t xor_try_write(void *subject, const void *data, size_t size)
{
    struct xor_layer *layer = subject;
    if (layer->writer != NULL) {
        return -EBUSY;
    }
    size = size < sizeof layer->scratch ? size : sizeof layer->scratch;
    change(layer->scratch, data, size, layer->key);
    ssize_t count = eddy_transport_try_write(layer->beneath, layer->scratch, size);
    layer->sent = count > 0 ? (size_t)count : 0;
    return count;
}

static size_t xor_sent(const void *subject)
{
    const struct xor_layer *layer = subject;
    return layer->sent + (layer->writer != NULL ? eddy_transport_sent(layer->beneath) : 0);
}

static int xor_shutdown(void *subject)
{
    return eddy_transport_shutdown(((struct xor_layer *)subject)->beneath);
}

static void xor_close(void *subject)
{
    eddy_transport_close(((struct xor_layer *)subject)->beneath);
}

struct eddy_transport xor_transport(struct xor_layer *layer, struct eddy_loop *loop, struct eddy_transport beneath,
                                    char key)
{
    static const struct eddy_transport_kind kind = {
        .name = "xor",
        .read = xor_read,
        .try_read = xor_try_read,
        .write = xor_write,
        .try_write = xor_try_write,
        .sent = xor_sent,
        .shutdown = xor_shutdown,
        .close = xor_close,
    };
    *layer = (struct xor_layer){.beneath = beneath, .key = key};
    eddy_waiter_init(&layer->receiver, loop, on_received);
    eddy_waiter_init(&layer->sender, loop, on_sent);
    return (struct eddy_transport){&kind, layer};
}
