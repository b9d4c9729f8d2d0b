/* The queue that other threads push on. */
#ifndef EDDYI_BASE_POST_H
#define EDDYI_BASE_POST_H

#include <eddy/post.h>
#include <stdbool.h>
#include <stddef.h>

/* `head` is the queue: the newest post, NULL, or the mark of a loop that sleeps. */

/* Any thread: push `node`. True: the loop sleeps and must be woken, by this caller alone. */
bool eddyi_posts_push(struct eddy_post **head, struct eddy_post *node);

/* The loop goes to sleep. False: it must not, there are posts. */
bool eddyi_posts_doze(struct eddy_post **head);

/* The loop is awake again: posts need not wake it. */
void eddyi_posts_rise(struct eddy_post **head);

/* The loop's thread: take `node` back. False: it is not in the queue. */
bool eddyi_posts_remove(struct eddy_post **head, struct eddy_post *node);

/* Whether there are posts. */
bool eddyi_posts_waiting(struct eddy_post *const *head);

/* Run what was posted so far, oldest first; what comes meanwhile stays. Ends when
 * *alive is cleared: one of them forked, and this is the child. `before`, unless NULL, is called before each. Returns how
 * many were run. */
size_t eddyi_posts_run(struct eddy_post **head, const unsigned char *alive,
                       void (*before)(void *context, const struct eddy_post *post), void *context);

#endif
