/* The lock for readers and writers: one line for both. */
#include "model/probe.h"

#include <errno.h>

static struct eddy_rwlock lock;
static struct probe a, b, d, e;

static int setup(void **state)
{
    int error = coro_setup(state);
    eddy_rwlock_init(&lock);
    probe_init(&a, *state, "a");
    probe_init(&b, *state, "b");
    probe_init(&d, *state, "d");
    probe_init(&e, *state, "e");
    return error;
}

#define rwlock_test(name) cmocka_unit_test_setup_teardown(name, setup, coro_teardown)

static void many_read_at_once_and_one_writes_alone(void **state)
{
    struct coro *c = *state;
    assert_int_equal(eddy_rwlock_read(&lock, &a.waiter), 0);
    assert_int_equal(eddy_rwlock_try_read(&lock, &b.waiter), 0);
    assert_int_equal(lock.readers, 2);
    assert_int_equal(eddy_rwlock_try_write(&lock, &d.waiter), -EAGAIN);
    PARKS(eddy_rwlock_write(&lock, &d.waiter));
    assert_int_equal(eddy_rwlock_read_release(&lock), 0);
    assert_null(lock.writer);
    assert_int_equal(eddy_rwlock_read_release(&lock), 0);
    assert_ptr_equal(lock.writer, &d.waiter);
    assert_int_equal(eddy_rwlock_try_read(&lock, &a.waiter), -EAGAIN);
    assert_int_equal(eddy_rwlock_fini(&lock), -EBUSY);
    coro_settle(c);
    coro_expect("d:0");
    assert_int_equal(eddy_rwlock_write_release(&lock), 0);
    assert_int_equal(eddy_rwlock_fini(&lock), 0);
    assert_int_equal(lock.reads, 2);
    assert_int_equal(lock.writes, 1);
}

static void a_writer_that_waits_lets_no_reader_pass(void **state)
{
    assert_int_equal(eddy_rwlock_read(&lock, &a.waiter), 0);
    PARKS(eddy_rwlock_write(&lock, &b.waiter));
    assert_int_equal(eddy_rwlock_try_read(&lock, &d.waiter), -EAGAIN);
    PARKS(eddy_rwlock_read(&lock, &d.waiter));
    PARKS(eddy_rwlock_read(&lock, &e.waiter));
    assert_int_equal(eddy_rwlock_waiting(&lock), 3);
    assert_int_equal(eddy_rwlock_read_release(&lock), 0);
    assert_int_equal(lock.readers, 0);
    assert_int_equal(eddy_rwlock_write_release(&lock), 0);
    assert_int_equal(lock.readers, 2); /* the whole run at the head */
    coro_settle(*state);
    coro_expect("b:0 d:0 e:0");
}

static void a_writer_that_gives_up_lets_those_behind_it_read(void **state)
{
    struct coro *c = *state;
    assert_int_equal(eddy_rwlock_read(&lock, &a.waiter), 0);
    PARKS(eddy_rwlock_write(&lock, &b.waiter));
    PARKS(eddy_rwlock_read(&lock, &d.waiter));
    assert_true(eddy_wait_cancel(&b.waiter));
    assert_int_equal(lock.readers, 2);
    coro_settle(c);
    coro_expect("d:0 b:-125");

    PARKS(eddy_rwlock_write(&lock, &b.waiter));
    PARKS(eddy_rwlock_read(&lock, &e.waiter));
    eddy_wait_until(&b.waiter, c->os.now + EDDY_SEC(1));
    coro_advance(c, EDDY_SEC(2));
    assert_int_equal(lock.readers, 3);
    coro_expect("e:0 b:-110");

    PARKS(eddy_rwlock_write(&lock, &b.waiter));
    PARKS(eddy_rwlock_read(&lock, &d.waiter));
    assert_int_equal(eddy_wait_withdraw(&b.waiter), EDDY_PENDING);
    assert_int_equal(lock.readers, 4);
    coro_settle(c);
    coro_expect("d:0");
}

static void a_cancel_after_the_grant_changes_nothing(void **state)
{
    assert_int_equal(eddy_rwlock_read(&lock, &a.waiter), 0);
    PARKS(eddy_rwlock_write(&lock, &b.waiter));
    assert_int_equal(eddy_rwlock_read_release(&lock), 0);
    assert_false(eddy_wait_cancel(&b.waiter));
    assert_ptr_equal(lock.writer, &b.waiter);
    coro_settle(*state);
    coro_expect("b:0");
}

static void a_downgrade_lets_no_writer_between(void **state)
{
    assert_int_equal(eddy_rwlock_write(&lock, &a.waiter), 0);
    PARKS(eddy_rwlock_read(&lock, &b.waiter));
    PARKS(eddy_rwlock_write(&lock, &d.waiter));
    PARKS(eddy_rwlock_read(&lock, &e.waiter));
    assert_int_equal(eddy_rwlock_downgrade(&lock), 0);
    assert_null(lock.writer);
    assert_int_equal(lock.readers, 2); /* a and b; e stays behind the writer */
    coro_settle(*state);
    coro_expect("b:0");
    assert_int_equal(eddy_rwlock_read_release(&lock), 0);
    assert_int_equal(eddy_rwlock_read_release(&lock), 0);
    assert_ptr_equal(lock.writer, &d.waiter);
    assert_int_equal(eddy_rwlock_write_release(&lock), 0);
    assert_int_equal(lock.readers, 1);
    coro_settle(*state);
    coro_expect("d:0 e:0");
}

static void nobody_upgrades(void **state)
{
    (void)state;
    assert_int_equal(eddy_rwlock_write(&lock, &a.waiter), 0);
    assert_int_equal(eddy_rwlock_write(&lock, &a.waiter), -EDEADLK);
    assert_int_equal(eddy_rwlock_read(&lock, &a.waiter), -EDEADLK);
    assert_int_equal(eddy_rwlock_try_read(&lock, &a.waiter), -EDEADLK);
}

static void nobody_else_may_release(struct probe *probe)
{
    assert_ptr_not_equal(lock.writer, &probe->waiter);
    assert_int_equal(eddy_rwlock_write_release(&lock), -EPERM);
    assert_int_equal(eddy_rwlock_downgrade(&lock), -EPERM);
    assert_int_equal(eddy_rwlock_read_release(&lock), -EPERM);
}

static void only_the_writer_releases_it(void **state)
{
    assert_int_equal(eddy_rwlock_read_release(&lock), -EPERM);
    assert_int_equal(eddy_rwlock_write_release(&lock), -EPERM);
    assert_int_equal(eddy_rwlock_write(&lock, &a.waiter), 0);
    probe_run(&b, *state, nobody_else_may_release);
    assert_ptr_equal(lock.writer, &a.waiter);
    assert_int_equal(eddy_rwlock_write_release(&lock), 0);
}

/* ---- In coroutines --------------------------------------------------------------------- */

struct mover {
    EDDY_FRAME;
    struct eddy_guard guard;
};

EDDY_CORO(mover)
{
    EDDY_BEGIN(mover) {
        EDDY_WRITE_LOCK(&my->guard, &lock) {
            assert_int_equal(eddy_rwlock_downgrade(&lock), 0);
            EDDY_AWAIT(eddy_yield(me));
        }
    }
}

static void a_block_that_was_downgraded_gives_the_reading_back(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, mover), 0);
    assert_int_equal(lock.readers, 0);
    assert_int_equal(eddy_rwlock_fini(&lock), 0);
}

struct chooser {
    EDDY_FRAME;
    struct eddy_select select;
    struct eddy_arm arms[2];
    int which;
};

EDDY_CORO(chooser)
{
    EDDY_BEGIN(chooser) {
        EDDY_SELECT(&my->select) {
            EDDY_ARM(&my->select, &my->arms[0], eddy_rwlock_write(&lock, &my->arms[0].waiter));
            EDDY_ARM(&my->select, &my->arms[1], eddy_sleep(EDDY_SEC(1), &my->arms[1].waiter));
            EDDY_AWAIT(my->which, eddy_select_wait(&my->select, me));
        }
        coro_say("%d", my->which);
        if (my->which == 0) {
            assert_ptr_equal(lock.writer, me);
            assert_int_equal(eddy_rwlock_write_release(&lock), 0);
        }
    }
}

static void who_selects_writes(void **state)
{
    struct coro *c = *state;
    assert_int_equal(CORO_RUN(c, chooser), 0);
    coro_expect("0");
    assert_int_equal(eddy_rwlock_read(&lock, &a.waiter), 0);
    struct eddy_task *task = CORO_START(c, chooser);
    coro_settle(c);
    PARKS(eddy_rwlock_read(&lock, &b.waiter));
    assert_int_equal(coro_end(c, task), 0);
    coro_expect("b:0 1"); /* the arm that lost lets the reader go */
    assert_int_equal(lock.readers, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rwlock_test(many_read_at_once_and_one_writes_alone),
        rwlock_test(a_writer_that_waits_lets_no_reader_pass),
        rwlock_test(a_writer_that_gives_up_lets_those_behind_it_read),
        rwlock_test(a_cancel_after_the_grant_changes_nothing),
        rwlock_test(a_downgrade_lets_no_writer_between),
        rwlock_test(nobody_upgrades),
        rwlock_test(only_the_writer_releases_it),
        rwlock_test(a_block_that_was_downgraded_gives_the_reading_back),
        rwlock_test(who_selects_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
