/* eddy/limiter.h - so many at once, and who they are: for pools of threads or connections.
 *
 *     EDDY_LOAN(&my->guard, &my->loan, &connections) { ... }
 *
 * Unlike a semaphore's permit, a loan belongs to its borrower, who cannot have two of one limiter. A task
 * that ends with a loan that it borrowed for itself gives it back, and the log is told.
 */
#ifndef EDDY_LIMITER_H
#define EDDY_LIMITER_H

#include <eddy/scope.h>
#include <eddy/waitq.h>

EDDY_BEGIN_DECLS

struct eddy_limiter;

/* What a borrower has. The caller owns the memory; it must not move while it is lent. */
struct eddy_loan {
    /* private */
    struct eddyi_held held;
    struct eddy_list link;        /* among the limiter's loans */
    struct eddy_limiter *limiter; /* NULL: nothing is lent */
    const void *borrower;
    bool is_lent; /* no longer waited for */
};

/* The caller owns the memory. */
struct eddy_limiter {
    /* private */
    struct eddy_waitq waiters;
    struct eddy_list loans;
    /* read-only */
    size_t total;
    size_t lent;
    size_t peak;       /* the most that ever were lent */
    uint64_t borrowed; /* how often */
};

/* A limiter of `total` loans. */
EDDY_API void eddy_limiter_init(struct eddy_limiter *limiter, size_t total);

/* -EBUSY: something is lent, or somebody waits. */
EDDY_API int eddy_limiter_fini(struct eddy_limiter *limiter);

/* Borrow for who waits, or for the borrower that an address stands for. 0: `loan` is in use until it is given back, which
 * must come before its memory goes. -EDEADLK: the borrower has a loan of this limiter, or waits for one; -ECHILD. */
EDDY_API int eddy_limiter_borrow(struct eddy_limiter *limiter, struct eddy_loan *loan,
                                 struct eddy_waiter *waiter) EDDY_CHECK_RESULT;
EDDY_API int eddy_limiter_borrow_for(struct eddy_limiter *limiter, struct eddy_loan *loan, const void *borrower,
                                     struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* The same without waiting. -EAGAIN. */
EDDY_API int eddy_limiter_try(struct eddy_limiter *limiter, struct eddy_loan *loan,
                              struct eddy_waiter *waiter) EDDY_CHECK_RESULT;
EDDY_API int eddy_limiter_try_for(struct eddy_limiter *limiter, struct eddy_loan *loan,
                                  const void *borrower) EDDY_CHECK_RESULT;

/* Give back what `borrower` has. 0; -EPERM: it has nothing. */
EDDY_API int eddy_limiter_give_back(struct eddy_limiter *limiter, const void *borrower);

/* Change how many there may be. With fewer than are lent nobody is thrown out; the next waits longer. */
EDDY_API void eddy_limiter_set_total(struct eddy_limiter *limiter, size_t total);

/* How many wait. */
EDDY_API size_t eddy_limiter_waiting(const struct eddy_limiter *limiter);

EDDY_API void eddyi_loan_end(void *loan);

EDDY_END_DECLS

#ifndef __cplusplus

/* EDDY_LOAN(&my->guard, &my->loan, &limiter) { }: have a loan in the block. */
#define EDDY_LOAN(guard, loan, limiter)                                                                          \
    EDDYI_WITH(__COUNTER__, "EDDY_LOAN(" #loan ", " #limiter ")", guard, eddy_limiter_borrow(limiter, loan, me), \
               eddyi_loan_end, loan)

#endif

#endif
