/* 07_locks - what must not be seen half done, and how many may do a thing at once.
 *
 * Between two awaits nobody else runs, so a lock is only needed where an await stands in the middle: here a
 * transfer that asks the bank in between. A clerk's desk is a semaphore; the books are closed when a condition
 * says that all transfers are done. */
#include <eddy.h>
#include <errno.h>
#include <stdio.h>

enum { ACCOUNTS = 3, TRANSFERS = 6, DESKS = 2 };

struct account {
    struct eddy_lock lock;
    const char *name;
    int balance;
};

static struct account accounts[ACCOUNTS] = {
    {.name = "Ada", .balance = 100}, {.name = "Brian", .balance = 100}, {.name = "Dennis", .balance = 100}};
static struct eddy_semaphore desks;
static struct eddy_lock books;
static struct eddy_condition entered;
static int entries, at_desks, most_at_desks;

struct transfer {
    EDDY_FRAME;
    struct account *from, *to;
    int amount;
    struct eddy_guard desk, first, second, book;
};

/* Who locks two things locks them in one order, or two of them wait for each other. */
static struct account *lower(struct account *a, struct account *b)
{
    return a < b ? a : b;
}

static struct account *higher(struct account *a, struct account *b)
{
    return a < b ? b : a;
}

EDDY_CORO(transfer)
{
    EDDY_BEGIN(transfer) {
        EDDY_PERMIT(&my->desk, &desks) {
            at_desks++;
            most_at_desks = at_desks > most_at_desks ? at_desks : most_at_desks;
            EDDY_LOCK(&my->first, &lower(my->from, my->to)->lock) {
                EDDY_LOCK(&my->second, &higher(my->from, my->to)->lock) {
                    my->from->balance -= my->amount;
                    EDDY_AWAIT(eddy_sleep(EDDY_MS(10), me)); /* the bank: nobody may look now */
                    my->to->balance += my->amount;
                    printf("%s paid %s %d\n", my->from->name, my->to->name, my->amount);
                }
            }
            at_desks--;
        }
        EDDY_LOCK(&my->book, &books) {
            entries++;
            eddy_condition_notify_all(&entered);
        }
    }
}

struct careless {
    EDDY_FRAME;
    struct eddy_lock *one, *other;
    struct eddy_guard first, second;
    struct eddy_catch caught;
};

/* The wrong order, to see what happens: the one who would make the ring is refused. */
EDDY_CORO(careless)
{
    EDDY_BEGIN(careless) {
        EDDY_CATCH(&my->caught) {
            EDDY_LOCK(&my->first, my->one) {
                EDDY_AWAIT(eddy_yield(me));
                EDDY_LOCK(&my->second, my->other) {
                    puts("careless: got both");
                }
            }
        }
        if (my->caught.error == -EDEADLK) {
            puts("careless: refused, since that would be a deadlock");
        }
    }
}

static void be_quiet(const struct eddy_log_record *record, void *context)
{
    (void)record; /* it says who waits where; the example prints its own line */
    (void)context;
}

struct bank {
    EDDY_FRAME_RET(int);
    struct eddy_group all;
    struct eddy_guard book;
    int i, error;
};

EDDY_CORO(bank)
{
    EDDY_BEGIN(bank) {
        for (my->i = 0; my->i < ACCOUNTS; my->i++) {
            eddy_lock_init(&accounts[my->i].lock);
        }
        eddy_semaphore_init(&desks, DESKS, DESKS);
        eddy_lock_init(&books);
        eddy_condition_init(&entered, &books);
        EDDY_GROUP(&my->all) {
            for (my->i = 0; my->i < TRANSFERS; my->i++) {
                EDDY_TRY(my->error, EDDY_SPAWN(&my->all, transfer, .from = &accounts[my->i % ACCOUNTS],
                                               .to = &accounts[(my->i + 1) % ACCOUNTS], .amount = 10 * (my->i + 1)));
            }
            EDDY_LOCK(&my->book, &books) {
                while (entries < TRANSFERS) {
                    EDDY_AWAIT(eddy_condition_wait(&entered, me));
                }
            }
        }
        for (my->i = 0; my->i < ACCOUNTS; my->i++) {
            printf("%s has %d\n", accounts[my->i].name, accounts[my->i].balance);
        }
        printf("at most %d at the %d desks; %d entries\n", most_at_desks, DESKS, entries);

        eddy_loop_set_log(eddy_loop_current(), be_quiet, NULL);
        EDDY_GROUP(&my->all) {
            EDDY_TRY(my->error, EDDY_SPAWN(&my->all, careless, .one = &accounts[0].lock, .other = &accounts[1].lock));
            EDDY_TRY(my->error, EDDY_SPAWN(&my->all, careless, .one = &accounts[1].lock, .other = &accounts[0].lock));
        }
    }
}

int main(void)
{
    return EDDY_RUN(bank) != 0;
}
