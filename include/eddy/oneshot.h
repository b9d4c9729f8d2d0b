/* eddy/oneshot.h - one value, from one to one: the answer to a request.
 *
 *     eddy_oneshot_init(&my->answer);
 *     ... hand &my->answer to who knows, who calls eddy_oneshot_send(answer, value) ...
 *     EDDY_TRY(my->error, eddy_oneshot_receive(&my->answer, &my->value, me));
 */
#ifndef EDDY_ONESHOT_H
#define EDDY_ONESHOT_H

#include <eddy/waitq.h>

EDDY_BEGIN_DECLS

/* The caller owns the memory. */
struct eddy_oneshot {
    /* private */
    struct eddy_waitq receiver;
    struct eddy_waitq sender;
    void *value;
    bool is_sent;
    bool is_taken;
    bool send_closed;
    bool receive_closed;
};

/* Both ends are open, and nothing was sent. */
EDDY_API void eddy_oneshot_init(struct eddy_oneshot *oneshot);

/* -EBUSY: somebody waits. A value that was sent and not received is the caller's to know of. */
EDDY_API int eddy_oneshot_fini(struct eddy_oneshot *oneshot);

/* Send the value. 0: it is the receiver's, also after a close; -EINVAL: one was sent; -ESHUTDOWN: this side is closed;
 * -EPIPE: the receiver is. After an error it is still yours. */
EDDY_API int eddy_oneshot_send(struct eddy_oneshot *oneshot, void *value);

/* Receive it into *value. 0; -EPIPE: the sender has closed without sending; -ENODATA: it was received before;
 * -ESHUTDOWN: this side is closed; -EBUSY: somebody waits already; -ECHILD. */
EDDY_API int eddy_oneshot_receive(struct eddy_oneshot *oneshot, void **value,
                                  struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* The same without waiting. -EAGAIN. */
EDDY_API int eddy_oneshot_try_receive(struct eddy_oneshot *oneshot, void **value) EDDY_CHECK_RESULT;

/* For the sender: wait until the receiver has closed, and nobody wants the value. 0; -EBUSY; -ECHILD. */
EDDY_API int eddy_oneshot_wait_closed(struct eddy_oneshot *oneshot, struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* No value will come, or none is wanted. Allowed at any time. A value that was sent and not received by the time the receiver
 * closes is given back in *value, if value is not NULL; else NULL is. */
EDDY_API void eddy_oneshot_close_sender(struct eddy_oneshot *oneshot);
EDDY_API void eddy_oneshot_close_receiver(struct eddy_oneshot *oneshot, void **value);

EDDY_END_DECLS

#endif
