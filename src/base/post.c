/* A stack that posters push on and the loop takes whole and turns over (R. K. Treiber, 1986). Its
 * head also says whether the loop sleeps: a loop that finds it empty puts a mark there, and who
 * replaces the mark wakes the loop. One word carries both, so there is no gap between looking
 * and sleeping. */
#include "base/post.h"

#include <stddef.h>
#include <stdint.h>

#define ASLEEP ((struct eddy_post *)(uintptr_t)1)

bool eddyi_posts_push(struct eddy_post **head, struct eddy_post *node)
{
    struct eddy_post *old = __atomic_load_n(head, __ATOMIC_RELAXED);
    do {
        node->next = old == ASLEEP ? NULL : old;
    } while (!__atomic_compare_exchange_n(head, &old, node, true, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
    return old == ASLEEP;
}

bool eddyi_posts_doze(struct eddy_post **head)
{
    struct eddy_post *old = NULL;
    return __atomic_compare_exchange_n(head, &old, ASLEEP, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED) || old == ASLEEP;
}

void eddyi_posts_rise(struct eddy_post **head)
{
    struct eddy_post *mark = ASLEEP;
    if (__atomic_load_n(head, __ATOMIC_RELAXED) == mark) {
        __atomic_compare_exchange_n(head, &mark, NULL, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
    }
}

bool eddyi_posts_waiting(struct eddy_post *const *head)
{
    const struct eddy_post *now = __atomic_load_n(head, __ATOMIC_RELAXED);
    return now != NULL && now != ASLEEP;
}

bool eddyi_posts_remove(struct eddy_post **head, struct eddy_post *node)
{
    struct eddy_post *first = node;
    if (__atomic_compare_exchange_n(head, &first, node->next, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
        return true;
    }
    if (first == ASLEEP) {
        return false;
    }
    for (struct eddy_post *at = first; at != NULL; at = at->next) { /* posters touch but the head */
        if (at->next == node) {
            at->next = node->next;
            return true;
        }
    }
    return false;
}

size_t eddyi_posts_run(struct eddy_post **head, const unsigned char *alive,
                       void (*before)(void *context, const struct eddy_post *post), void *context)
{
    if (__atomic_load_n(head, __ATOMIC_RELAXED) == NULL) {
        return 0;
    }
    struct eddy_post *newest = __atomic_exchange_n(head, NULL, __ATOMIC_ACQ_REL);
    if (newest == ASLEEP) {
        return 0;
    }
    struct eddy_post *oldest = NULL;
    while (newest != NULL) {
        struct eddy_post *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    size_t count = 0;
    for (; oldest != NULL && *alive != 0; count++) {
        struct eddy_post *next = oldest->next; /* the node is its owner's once it runs */
        if (before != NULL) {
            before(context, oldest);
        }
        oldest->run(oldest);
        oldest = next;
    }
    return count;
}
