/* Level-triggered registrations whose mask changes, for watches and listeners. */
#ifndef EDDYI_LOOP_INTEREST_H
#define EDDYI_LOOP_INTEREST_H

#include "loop/poller.h"

/* Make the interest one in nothing. */
void eddyi_interest_init(struct eddy_interest *interest, int fd);

/* Want `mask` from now on (0: nothing). Growing can fail, with -errno of epoll_ctl or -ENOMEM, and then
 * the interest is as it was; shrinking cannot. */
int eddyi_interest_want(struct eddy_poller *poller, struct eddy_interest *interest,
                        const struct eddyi_source_kind *kind, void *source, uint32_t mask);

/* The descriptor that is in epoll for this interest; -1: none. */
int eddyi_interest_registered(const struct eddy_poller *poller, const struct eddy_interest *interest);

/* Out of epoll, now. */
void eddyi_interest_drop(struct eddy_poller *poller, struct eddy_interest *interest);

/* Before a poll: tell epoll of all that shrank since the last. */
void eddyi_interest_flush(struct eddy_poller *poller);

#endif
