/* The queue that other threads push on. */
#ifndef EDDYI_BASE_POST_H
#define EDDYI_BASE_POST_H

#include <eddy/post.h>
#include <stdbool.h>

/* `head` is the queue: the newest post, NULL, or the mark of a loop that sleeps. */

/* Any thread: push `node`. True: the loop sleeps and must be woken, by this caller alone. */
bool eddyi_posts_push(struct eddy_post **head, struct eddy_post *node);

/* The loop goes to sleep. False: it must not, there are posts. */
bool eddyi_posts_doze(struct eddy_post **head);

/* The loop is awake again: posts need not wake it. */
void eddyi_posts_rise(struct eddy_post **head);

/* Whether there are posts. */
bool eddyi_posts_waiting(struct eddy_post *const *head);

/* Run what was posted so far, oldest first; what comes meanwhile stays. Ends when
 * *alive is cleared: one of them forked, and this is the child. */
void eddyi_posts_run(struct eddy_post **head, const unsigned char *alive);

#endif
