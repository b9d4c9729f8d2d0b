/* eddy/list.h - an intrusive doubly linked list: the link stands in the element.
 *
 *     struct job { int id; struct eddy_list link; };
 *     eddy_list_append(&jobs, &job->link);
 *     job = EDDY_CONTAINER(eddy_list_first(&jobs), struct job, link);
 *
 * Every call is O(1) and cannot fail.
 */
#ifndef EDDY_LIST_H
#define EDDY_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* A head, or the link in an element. A list is a ring through its head. */
struct eddy_list {
    /* private */
    struct eddy_list *next;
    struct eddy_list *prev;
};

/* The structure of `type` whose `member` stands at `pointer`. */
#define EDDY_CONTAINER(pointer, type, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

/* Make `list` an empty list, or a link that is in no list. */
static inline void eddy_list_init(struct eddy_list *list)
{
    list->next = list;
    list->prev = list;
}

static inline bool eddy_list_is_empty(const struct eddy_list *list)
{
    return list->next == list;
}

/* The oldest link, or NULL when the list is empty. */
static inline struct eddy_list *eddy_list_first(const struct eddy_list *list)
{
    return list->next == list ? NULL : list->next;
}

/* Put `link`, which is in no list, at the end of `list`. */
static inline void eddy_list_append(struct eddy_list *list, struct eddy_list *link)
{
    link->next = list;
    link->prev = list->prev;
    list->prev->next = link;
    list->prev = link;
}

/* Take `link` out of its list; it is then a link in no list. */
static inline void eddy_list_remove(struct eddy_list *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    eddy_list_init(link);
}

#endif
