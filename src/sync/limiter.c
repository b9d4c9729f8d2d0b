#include <eddy/limiter.h>

#include "base/wait.h"
#include "sync/held.h"
#include "sync/select.h"

#include <errno.h>

static void unpark_limiter(struct eddy_waiter *waiter);

static const struct eddy_wait_kind limiter_kind = {.name = "limiter", .unpark = unpark_limiter, .expiry = -ETIMEDOUT};

/* ---- Loans ----------------------------------------------------------------------------- */

static void end_loan(struct eddy_loan *loan)
{
    eddyi_held_give(&loan->held);
    eddy_list_remove(&loan->link);
    loan->limiter = NULL;
}

static void serve_limiter(struct eddy_limiter *limiter);

/* A task has ended with a loan. */
static void abandon_loan(struct eddyi_held *held)
{
    struct eddy_loan *loan = EDDY_CONTAINER(held, struct eddy_loan, held);
    struct eddy_limiter *limiter = loan->limiter;
    const struct eddy_task *task = loan->borrower;
    eddyi_held_tell(task, "ended without giving a loan back");
    end_loan(loan);
    limiter->lent--;
    serve_limiter(limiter);
}

/* The loan counts as lent; `owner`, if it is a task, is who has it. */
static void lend(struct eddy_limiter *limiter, struct eddy_loan *loan, struct eddy_waiter *owner)
{
    limiter->lent++;
    limiter->borrowed++;
    limiter->peak = limiter->lent > limiter->peak ? limiter->lent : limiter->peak;
    loan->is_lent = true;
    if (owner != NULL && loan->borrower == owner) {
        eddyi_held_take(&loan->held, owner, abandon_loan);
    }
}

/* Every loan, lent or waited for, stands in the list, so that nobody borrows twice. O(loans). */
static struct eddy_loan *find_loan(const struct eddy_limiter *limiter, const void *borrower)
{
    for (struct eddy_list *link = limiter->loans.next; link != &limiter->loans; link = link->next) {
        struct eddy_loan *loan = EDDY_CONTAINER(link, struct eddy_loan, link);
        if (loan->borrower == borrower) {
            return loan;
        }
    }
    return NULL;
}

static void begin_loan(struct eddy_limiter *limiter, struct eddy_loan *loan, const void *borrower)
{
    loan->limiter = limiter;
    loan->borrower = borrower;
    loan->is_lent = false;
    loan->held.place = NULL;
    eddy_list_append(&limiter->loans, &loan->link);
}

static void serve_limiter(struct eddy_limiter *limiter)
{
    struct eddy_waiter *waiter;
    while (limiter->lent < limiter->total && (waiter = eddy_waitq_first(&limiter->waiters)) != NULL) {
        lend(limiter, waiter->queue, eddyi_principal(waiter));
        eddy_waitq_wake(waiter, 0);
    }
}

static void unpark_limiter(struct eddy_waiter *waiter)
{
    eddy_list_remove(&waiter->link);
    end_loan(waiter->queue);
}

/* ---- The limiter ----------------------------------------------------------------------- */

void eddy_limiter_init(struct eddy_limiter *limiter, size_t total)
{
    *limiter = (struct eddy_limiter){.total = total};
    eddy_waitq_init(&limiter->waiters);
    eddy_list_init(&limiter->loans);
}

int eddy_limiter_fini(struct eddy_limiter *limiter)
{
    return eddy_list_is_empty(&limiter->loans) ? 0 : -EBUSY;
}

/* -EAGAIN: it would have to wait. */
static int try_loan(struct eddy_limiter *limiter, struct eddy_loan *loan, const void *borrower,
                    struct eddy_waiter *owner)
{
    if (find_loan(limiter, borrower) != NULL) {
        return -EDEADLK;
    }
    if (limiter->lent >= limiter->total || !eddy_waitq_is_empty(&limiter->waiters)) {
        return -EAGAIN;
    }
    begin_loan(limiter, loan, borrower);
    lend(limiter, loan, owner);
    return 0;
}

int eddy_limiter_try_for(struct eddy_limiter *limiter, struct eddy_loan *loan, const void *borrower)
{
    return try_loan(limiter, loan, borrower, NULL);
}

int eddy_limiter_try(struct eddy_limiter *limiter, struct eddy_loan *loan, struct eddy_waiter *waiter)
{
    struct eddy_waiter *owner = eddyi_principal(waiter);
    return eddyi_is_forked(waiter->scheduler) ? -ECHILD : try_loan(limiter, loan, owner, owner);
}

int eddy_limiter_borrow_for(struct eddy_limiter *limiter, struct eddy_loan *loan, const void *borrower,
                            struct eddy_waiter *waiter)
{
    if (eddyi_is_forked(waiter->scheduler)) {
        return -ECHILD;
    }
    int result = try_loan(limiter, loan, borrower, eddyi_principal(waiter));
    if (result == -EAGAIN) {
        begin_loan(limiter, loan, borrower);
        return eddy_waitq_park(&limiter->waiters, waiter, &limiter_kind, loan);
    }
    return result == 0 ? (int)eddyi_wait_settle(waiter, 0) : result;
}

int eddy_limiter_borrow(struct eddy_limiter *limiter, struct eddy_loan *loan, struct eddy_waiter *waiter)
{
    return eddy_limiter_borrow_for(limiter, loan, eddyi_principal(waiter), waiter);
}

int eddy_limiter_give_back(struct eddy_limiter *limiter, const void *borrower)
{
    struct eddy_loan *loan = find_loan(limiter, borrower);
    if (loan == NULL || !loan->is_lent) {
        return -EPERM;
    }
    end_loan(loan);
    limiter->lent--;
    serve_limiter(limiter);
    return 0;
}

void eddy_limiter_set_total(struct eddy_limiter *limiter, size_t total)
{
    limiter->total = total;
    serve_limiter(limiter);
}

size_t eddy_limiter_waiting(const struct eddy_limiter *limiter)
{
    return eddy_waitq_length(&limiter->waiters);
}

void eddyi_loan_end(void *subject)
{
    struct eddy_loan *loan = subject;
    if (loan->limiter != NULL) {
        (void)eddy_limiter_give_back(loan->limiter, loan->borrower);
    }
}
