/* The rooms of 09_chat: who is there, and what is said. Nothing here waits, so nothing here is ever half done. */
#ifndef EXAMPLES_CHAT_ROOMS_H
#define EXAMPLES_CHAT_ROOMS_H

#include <eddy.h>

enum {
    NAME_MAX_BYTES = 20,
    LINE_MAX_BYTES = 1024,
    OUTBOX = 64 * 1024, /* who has more than this unsent reads too slowly, and is dropped */
    ROOMS_MAX = 1000,
    CROWD = 100, /* of more than this, nobody is told who comes and goes */
};

struct room {
    struct eddy_list link;
    struct eddy_list members;
    size_t count;
    char name[NAME_MAX_BYTES + 1];
};

struct member {
    struct eddy_list link; /* in its room */
    struct room *room;     /* NULL: in none */
    struct eddy_task *task;
    struct eddy_writer *out;
    const char *before; /* what stands before and after each line of its stream */
    const char *after;
    uint64_t ticket; /* 0: none; who has it may speak for the member */
    bool dropped;
    char name[NAME_MAX_BYTES + 1];
};

struct chat {
    struct eddy_list rooms;
    size_t rooms_count;
    unsigned visitors; /* so far: for names */
    uint64_t dropped;
};

/* A new member, called "guestN", who is in no room. What it is told goes to `out`, each line between `before` and `after`;
 * if that takes no more, `task` is cancelled. */
void member_init(struct chat *chat, struct member *member, struct eddy_task *task, struct eddy_writer *out,
                 const char *before, const char *after);

/* A name has 1 to NAME_MAX_BYTES letters, digits, '-' and '_'. */
bool is_name(const char *text);

/* NULL: there is nobody of that name there; nobody has this ticket. */
struct member *find_member(const struct room *room, const char *name);
struct member *find_ticket(const struct chat *chat, uint64_t ticket);

/* Whether nobody there has the member's name. */
bool may_join(const struct chat *chat, const struct member *member, const char *name);

/* 0; -EEXIST: the name is taken there; -ENOBUFS: too many rooms; -ENOMEM. After an error the member is where it was. */
int join(struct chat *chat, struct member *member, const char *name);
void leave(struct chat *chat, struct member *member);

/* The same for who has been given a name: it gets another one if that is taken there. */
int join_as_guest(struct chat *chat, struct member *member, const char *name);

/* One line to one member, to a whole room, and from a member to its room. */
void tell(struct chat *chat, struct member *member, const char *line);
void tell_room(struct chat *chat, const struct room *room, const char *line);
void say(struct chat *chat, const struct member *member, const char *text, size_t size);

#endif
