#include <eddy/oneshot.h>

#include "base/wait.h"

#include <errno.h>

static const struct eddy_wait_kind oneshot_kind = {
    .name = "oneshot", .unpark = eddy_waitq_unpark, .expiry = -ETIMEDOUT};
static const struct eddy_wait_kind oneshot_closed_kind = {
    .name = "close of a oneshot", .unpark = eddy_waitq_unpark, .expiry = -ETIMEDOUT};

void eddy_oneshot_init(struct eddy_oneshot *oneshot)
{
    *oneshot = (struct eddy_oneshot){.value = NULL};
    eddy_waitq_init(&oneshot->receiver);
    eddy_waitq_init(&oneshot->sender);
}

int eddy_oneshot_fini(struct eddy_oneshot *oneshot)
{
    return eddy_waitq_is_empty(&oneshot->receiver) && eddy_waitq_is_empty(&oneshot->sender) ? 0 : -EBUSY;
}

int eddy_oneshot_send(struct eddy_oneshot *oneshot, void *value)
{
    if (oneshot->is_sent) {
        return -EINVAL;
    }
    if (oneshot->send_closed || oneshot->receive_closed) {
        return oneshot->send_closed ? -ESHUTDOWN : -EPIPE;
    }
    oneshot->is_sent = true;
    struct eddy_waiter *receiver = eddy_waitq_first(&oneshot->receiver);
    if (receiver != NULL) {
        *(void **)receiver->queue = value;
        oneshot->is_taken = true;
        eddy_waitq_wake(receiver, 0);
    } else {
        oneshot->value = value;
    }
    return 0;
}

int eddy_oneshot_try_receive(struct eddy_oneshot *oneshot, void **value)
{
    if (oneshot->receive_closed || oneshot->is_taken) {
        return oneshot->receive_closed ? -ESHUTDOWN : -ENODATA;
    }
    if (!oneshot->is_sent) {
        return oneshot->send_closed ? -EPIPE : -EAGAIN;
    }
    *value = oneshot->value;
    oneshot->value = NULL;
    oneshot->is_taken = true;
    return 0;
}

int eddy_oneshot_receive(struct eddy_oneshot *oneshot, void **value, struct eddy_waiter *waiter)
{
    if (eddyi_is_forked(waiter->scheduler)) {
        return -ECHILD;
    }
    if (!eddy_waitq_is_empty(&oneshot->receiver)) {
        return -EBUSY;
    }
    int result = eddy_oneshot_try_receive(oneshot, value);
    if (result == -EAGAIN) {
        return eddy_waitq_park(&oneshot->receiver, waiter, &oneshot_kind, value);
    }
    return result == 0 ? (int)eddyi_wait_settle(waiter, 0) : result;
}

int eddy_oneshot_wait_closed(struct eddy_oneshot *oneshot, struct eddy_waiter *waiter)
{
    if (eddyi_is_forked(waiter->scheduler)) {
        return -ECHILD;
    }
    if (oneshot->receive_closed) {
        return (int)eddyi_wait_settle(waiter, 0);
    }
    if (!eddy_waitq_is_empty(&oneshot->sender)) {
        return -EBUSY;
    }
    return eddy_waitq_park(&oneshot->sender, waiter, &oneshot_closed_kind, NULL);
}

void eddy_oneshot_close_sender(struct eddy_oneshot *oneshot)
{
    oneshot->send_closed = true;
    if (!oneshot->is_sent) {
        eddy_waitq_wake_all(&oneshot->receiver, -EPIPE);
    }
}

void eddy_oneshot_close_receiver(struct eddy_oneshot *oneshot, void **value)
{
    oneshot->receive_closed = true;
    if (value != NULL) {
        *value = oneshot->value;
    }
    oneshot->value = NULL;
    eddy_waitq_wake_all(&oneshot->receiver, -ESHUTDOWN);
    eddy_waitq_wake_all(&oneshot->sender, 0);
}
