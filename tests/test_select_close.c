/* Ends that close, and queues that are asked both ways, while arms of one select wait side by side. */
#include "support/coro.h"

#include <errno.h>

static struct eddy_select selecting;
static struct eddy_arm arms[3];
static struct eddy_waiter principal;
static struct eddy_channel channel;
static struct eddy_queue_slot slots[1];
static int items[3];

static void on_winner(struct eddy_waiter *waiter)
{
    coro_say("%d", (int)waiter->result);
}

static void begin(struct coro *c)
{
    eddy_waiter_init(&principal, &c->loop, on_winner);
    eddy_select_begin(&selecting, &principal);
}

static void closing_an_end_with_which_two_arms_wait_wakes_their_select_once(void **state)
{
    struct coro *c = *state;
    struct eddy_sender to;
    eddy_channel_init(&channel, slots, 1, NULL);
    eddy_sender_open(&to, &channel);
    assert_int_equal(eddy_channel_try_send(&to, &items[0]), 0);
    begin(c);
    EDDY_ARM(&selecting, &arms[0], eddy_channel_send(&to, &items[1], &arms[0].waiter));
    EDDY_ARM(&selecting, &arms[1], eddy_channel_send(&to, &items[2], &arms[1].waiter));
    assert_int_equal(eddy_select_wait(&selecting, &principal), EDDY_PENDING);
    eddy_sender_close(&to);
    coro_settle(c);
    coro_expect("0");
    assert_int_equal(arms[0].result, -ESHUTDOWN);
    eddy_select_end(&selecting);
    assert_int_equal(eddy_channel_fini(&channel), 0);
}

static void a_select_does_not_put_and_get_the_same_item(void **state)
{
    struct coro *c = *state;
    static struct eddy_queue queue;
    static void *item;
    item = NULL;
    eddy_queue_init(&queue, NULL, 0, EDDY_FIFO, NULL);
    begin(c);
    EDDY_ARM(&selecting, &arms[0], eddy_queue_get(&queue, &item, &arms[0].waiter));
    EDDY_ARM(&selecting, &arms[1], eddy_queue_put(&queue, &items[1], &arms[1].waiter));
    int which = eddy_select_wait(&selecting, &principal);
    assert_false(which == 1 && item == &items[1]); /* exactly one operation has happened */
    eddy_select_end(&selecting);
    (void)eddy_wait_withdraw(&principal);
    assert_int_equal(eddy_queue_fini(&queue), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        coro_test(a_select_does_not_put_and_get_the_same_item),
        coro_test(closing_an_end_with_which_two_arms_wait_wakes_their_select_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
