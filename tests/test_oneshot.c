/* One value from one to one, and what each side is told when the other has closed. */
#include "support/coro.h"

#include <errno.h>

static struct eddy_oneshot oneshot;
static int value;

static struct user {
    struct eddy_waiter waiter;
    void *taken;
    int result; /* EDDY_PENDING: it has not been woken */
} receiver, sender;

static void on_wake(struct eddy_waiter *waiter)
{
    EDDY_CONTAINER(waiter, struct user, waiter)->result = (int)waiter->result;
}

static void start(struct user *user)
{
    *user = (struct user){.result = EDDY_PENDING};
    eddy_waiter_init(&user->waiter, &coro_current()->loop, on_wake);
}

static int receive(void)
{
    start(&receiver);
    return eddy_oneshot_receive(&oneshot, &receiver.taken, &receiver.waiter);
}

static int wait_closed(void)
{
    start(&sender);
    return eddy_oneshot_wait_closed(&oneshot, &sender.waiter);
}

static void a_value_that_is_there_is_received_at_once(void **state)
{
    (void)state;
    eddy_oneshot_init(&oneshot);
    void *taken = NULL;
    assert_int_equal(eddy_oneshot_try_receive(&oneshot, &taken), -EAGAIN);
    assert_int_equal(eddy_oneshot_send(&oneshot, &value), 0);
    assert_int_equal(eddy_oneshot_send(&oneshot, &value), -EINVAL);
    assert_int_equal(receive(), 0);
    assert_ptr_equal(receiver.taken, &value);
    assert_int_equal(receive(), -ENODATA);
    assert_int_equal(eddy_oneshot_try_receive(&oneshot, &taken), -ENODATA);
    assert_int_equal(eddy_oneshot_send(&oneshot, &value), -EINVAL);
    assert_int_equal(eddy_oneshot_fini(&oneshot), 0);
}

static void a_receiver_waits_for_the_value(void **state)
{
    struct coro *c = *state;
    eddy_oneshot_init(&oneshot);
    assert_int_equal(receive(), EDDY_PENDING);
    struct user second;
    start(&second);
    assert_int_equal(eddy_oneshot_receive(&oneshot, &second.taken, &second.waiter), -EBUSY);
    assert_int_equal(eddy_oneshot_fini(&oneshot), -EBUSY);
    assert_int_equal(eddy_oneshot_send(&oneshot, &value), 0);
    assert_false(eddy_wait_cancel(&receiver.waiter)); /* it has the value already */
    assert_int_equal(receiver.result, EDDY_PENDING);
    coro_settle(c);
    assert_int_equal(receiver.result, 0);
    assert_ptr_equal(receiver.taken, &value);
    assert_int_equal(eddy_oneshot_fini(&oneshot), 0);
}

static void a_receiver_that_gave_up_may_come_again(void **state)
{
    struct coro *c = *state;
    eddy_oneshot_init(&oneshot);
    assert_int_equal(receive(), EDDY_PENDING);
    eddy_wait_until(&receiver.waiter, c->os.now + 5);
    coro_finish(c);
    assert_int_equal(receiver.result, -ETIMEDOUT);
    assert_int_equal(receive(), EDDY_PENDING);
    assert_true(eddy_wait_cancel(&receiver.waiter));
    assert_int_equal(eddy_oneshot_send(&oneshot, &value), 0);
    coro_settle(c);
    assert_int_equal(receiver.result, -ECANCELED);
    assert_null(receiver.taken);
    assert_int_equal(receive(), 0);
    assert_ptr_equal(receiver.taken, &value);
}

static void a_value_that_was_sent_before_the_close_is_still_there(void **state)
{
    (void)state;
    eddy_oneshot_init(&oneshot);
    assert_int_equal(eddy_oneshot_send(&oneshot, &value), 0);
    eddy_oneshot_close_sender(&oneshot);
    assert_int_equal(receive(), 0);
    assert_ptr_equal(receiver.taken, &value);
}

static void a_value_that_was_handed_over_before_the_close_is_received(void **state)
{
    struct coro *c = *state;
    eddy_oneshot_init(&oneshot);
    assert_int_equal(receive(), EDDY_PENDING);
    assert_int_equal(eddy_oneshot_send(&oneshot, &value), 0);
    eddy_oneshot_close_sender(&oneshot);
    void *unread = &value;
    eddy_oneshot_close_receiver(&oneshot, &unread);
    assert_null(unread); /* it is the one's who waited */
    coro_settle(c);
    assert_int_equal(receiver.result, 0);
    assert_ptr_equal(receiver.taken, &value);
}

static void a_sender_that_closes_without_a_value_is_known(void **state)
{
    struct coro *c = *state;
    eddy_oneshot_init(&oneshot);
    assert_int_equal(receive(), EDDY_PENDING);
    eddy_oneshot_close_sender(&oneshot);
    eddy_oneshot_close_sender(&oneshot);
    coro_settle(c);
    assert_int_equal(receiver.result, -EPIPE);
    assert_int_equal(receive(), -EPIPE);
    void *taken;
    assert_int_equal(eddy_oneshot_try_receive(&oneshot, &taken), -EPIPE);
    assert_int_equal(eddy_oneshot_send(&oneshot, &value), -ESHUTDOWN);
}

static void a_receiver_that_closes_is_known(void **state)
{
    struct coro *c = *state;
    eddy_oneshot_init(&oneshot);
    assert_int_equal(wait_closed(), EDDY_PENDING);
    struct user second;
    start(&second);
    assert_int_equal(eddy_oneshot_wait_closed(&oneshot, &second.waiter), -EBUSY);
    assert_int_equal(receive(), EDDY_PENDING);
    void *unread = &value;
    eddy_oneshot_close_receiver(&oneshot, &unread);
    assert_null(unread);
    assert_int_equal(eddy_oneshot_send(&oneshot, &value), -EPIPE);
    coro_settle(c);
    assert_int_equal(sender.result, 0);
    assert_int_equal(receiver.result, -ESHUTDOWN);
    assert_int_equal(wait_closed(), 0);
    assert_int_equal(receive(), -ESHUTDOWN);
    assert_int_equal(eddy_oneshot_fini(&oneshot), 0);
}

static void a_receiver_that_closes_gets_the_value_that_nobody_received(void **state)
{
    (void)state;
    eddy_oneshot_init(&oneshot);
    assert_int_equal(eddy_oneshot_send(&oneshot, &value), 0);
    void *unread = NULL;
    eddy_oneshot_close_receiver(&oneshot, &unread);
    assert_ptr_equal(unread, &value);
    eddy_oneshot_close_receiver(&oneshot, &unread);
    assert_null(unread); /* given back once */
    eddy_oneshot_init(&oneshot);
    assert_int_equal(eddy_oneshot_send(&oneshot, &value), 0);
    assert_int_equal(receive(), 0);
    unread = &value;
    eddy_oneshot_close_receiver(&oneshot, &unread);
    assert_null(unread);
}

static void a_sender_may_stop_waiting_for_the_close(void **state)
{
    struct coro *c = *state;
    eddy_oneshot_init(&oneshot);
    assert_int_equal(wait_closed(), EDDY_PENDING);
    assert_int_equal(eddy_oneshot_fini(&oneshot), -EBUSY);
    assert_true(eddy_wait_cancel(&sender.waiter));
    eddy_oneshot_close_receiver(&oneshot, NULL);
    coro_settle(c);
    assert_int_equal(sender.result, -ECANCELED);
    assert_int_equal(eddy_oneshot_fini(&oneshot), 0);
}

/* ---- A request and its answer ---------------------------------------------------------- */

struct request {
    EDDY_FRAME_RET(int);
    struct eddy_scope scope;
    void *answer;
    int error;
};

EDDY_CORO(request)
{
    EDDY_BEGIN(request) {
        EDDY_TIMEOUT(&my->scope, 10) {
            EDDY_TRY(my->error, eddy_oneshot_receive(&oneshot, &my->answer, me));
        }
        EDDY_RETURN(my->answer == &value ? 1 : 0);
    }
}

struct answer {
    EDDY_FRAME;
    eddy_ns span;
};

EDDY_CORO(answer)
{
    EDDY_BEGIN(answer) {
        EDDY_AWAIT(eddy_sleep(my->span, me));
        assert_int_equal(eddy_oneshot_send(&oneshot, &value), 0);
    }
}

static void an_answer_comes_in_time_or_is_left(void **state)
{
    struct coro *c = *state;
    for (int late = 0; late < 2; late++) {
        eddy_oneshot_init(&oneshot);
        eddy_task_release(CORO_START(c, answer, .span = late ? 11 : 9));
        int result = -1;
        assert_int_equal(CORO_RUN_RET(c, &result, request), 0);
        assert_int_equal(result, late ? 0 : 1);
        void *unread = NULL;
        eddy_oneshot_close_receiver(&oneshot, &unread);
        assert_ptr_equal(unread, late ? &value : NULL);
        assert_int_equal(eddy_oneshot_fini(&oneshot), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(a_value_that_is_there_is_received_at_once),
        coro_test(a_receiver_waits_for_the_value),
        coro_test(a_receiver_that_gave_up_may_come_again),
        coro_test(a_value_that_was_sent_before_the_close_is_still_there),
        coro_test(a_value_that_was_handed_over_before_the_close_is_received),
        coro_test(a_sender_that_closes_without_a_value_is_known),
        coro_test(a_receiver_that_closes_is_known),
        coro_test(a_receiver_that_closes_gets_the_value_that_nobody_received),
        coro_test(a_sender_may_stop_waiting_for_the_close),
        coro_test(an_answer_comes_in_time_or_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
