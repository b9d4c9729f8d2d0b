#include "rooms.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void member_init(struct chat *chat, struct member *member, struct eddy_task *task, struct eddy_writer *out,
                 const char *before, const char *after)
{
    *member = (struct member){.task = task, .out = out, .before = before, .after = after};
    snprintf(member->name, sizeof member->name, "guest%u", ++chat->visitors);
}

/* Who cannot take it is dropped. */
void tell(struct chat *chat, struct member *member, const char *line)
{
    if (member->dropped) {
        return;
    }
    int error = eddy_writer_printf(member->out, "%s%s%s", member->before, line, member->after);
    if (error < 0) {
        member->dropped = true;
        chat->dropped++;
        fprintf(stderr, "%s is dropped: %s\n", member->name, error == -ENOBUFS ? "reads too slowly" : strerror(-error));
        eddy_task_cancel(member->task, error);
    }
}

void tell_room(struct chat *chat, const struct room *room, const char *line)
{
    for (struct eddy_list *link = room->members.next; link != &room->members; link = link->next) {
        tell(chat, EDDY_CONTAINER(link, struct member, link), line);
    }
}

bool is_name(const char *text)
{
    size_t size = strlen(text);
    for (size_t i = 0; i < size; i++) {
        if (!isalnum((unsigned char)text[i]) && text[i] != '-' && text[i] != '_') {
            return false;
        }
    }
    return size > 0 && size <= NAME_MAX_BYTES;
}

static struct room *find_room(const struct chat *chat, const char *name)
{
    for (struct eddy_list *link = chat->rooms.next; link != &chat->rooms; link = link->next) {
        struct room *room = EDDY_CONTAINER(link, struct room, link);
        if (strcmp(room->name, name) == 0) {
            return room;
        }
    }
    return NULL;
}

struct member *find_member(const struct room *room, const char *name)
{
    for (struct eddy_list *link = room->members.next; link != &room->members; link = link->next) {
        struct member *member = EDDY_CONTAINER(link, struct member, link);
        if (strcmp(member->name, name) == 0) {
            return member;
        }
    }
    return NULL;
}

struct member *find_ticket(const struct chat *chat, uint64_t ticket)
{
    for (struct eddy_list *link = chat->rooms.next; link != &chat->rooms && ticket != 0; link = link->next) {
        const struct eddy_list *all = &EDDY_CONTAINER(link, struct room, link)->members;
        for (struct eddy_list *one = all->next; one != all; one = one->next) {
            struct member *member = EDDY_CONTAINER(one, struct member, link);
            if (member->ticket == ticket) {
                return member;
            }
        }
    }
    return NULL;
}

/* Who comes and goes is told, but not to a crowd. */
static void announce(struct chat *chat, const struct room *room, const struct member *member, const char *what)
{
    if (room->count <= CROWD) {
        char line[80];
        snprintf(line, sizeof line, "* %s %s %s", member->name, what, room->name);
        tell_room(chat, room, line);
    }
}

void leave(struct chat *chat, struct member *member)
{
    struct room *room = member->room;
    if (room == NULL) {
        return;
    }
    eddy_list_remove(&member->link);
    member->room = NULL;
    if (--room->count == 0) {
        eddy_list_remove(&room->link);
        chat->rooms_count--;
        free(room);
        return;
    }
    announce(chat, room, member, "has left");
}

bool may_join(const struct chat *chat, const struct member *member, const char *name)
{
    const struct room *room = find_room(chat, name);
    return room == NULL || find_member(room, member->name) == NULL;
}

int join(struct chat *chat, struct member *member, const char *name)
{
    struct room *room = find_room(chat, name);
    if (!may_join(chat, member, name)) {
        return -EEXIST;
    }
    if (room == NULL) {
        room = chat->rooms_count < ROOMS_MAX ? calloc(1, sizeof *room) : NULL;
        if (room == NULL) {
            return chat->rooms_count < ROOMS_MAX ? -ENOMEM : -ENOBUFS;
        }
        snprintf(room->name, sizeof room->name, "%s", name);
        eddy_list_init(&room->members);
        eddy_list_append(&chat->rooms, &room->link);
        chat->rooms_count++;
    }
    room->count++; /* before it leaves the other one, which may be this one's last */
    leave(chat, member);
    eddy_list_append(&room->members, &member->link);
    member->room = room;
    announce(chat, room, member, "has come to");
    return 0;
}

int join_as_guest(struct chat *chat, struct member *member, const char *name)
{
    while (!may_join(chat, member, name)) { /* somebody has taken that name */
        snprintf(member->name, sizeof member->name, "guest%u", ++chat->visitors);
    }
    return join(chat, member, name);
}

/* Add `byte` to the line, unless it is a control character, or makes one of the byte before: UTF-8 has 32 of two bytes. */
static size_t put_plain(char *line, size_t used, char byte)
{
    unsigned char code = (unsigned char)byte;
    if (code >= 0x80 && code <= 0x9f && (unsigned char)line[used - 1] == 0xc2) {
        return used - 1;
    }
    if (code >= ' ' && code != 0x7f) {
        line[used++] = byte;
    }
    return used;
}

/* What `member` says to its room; what a terminal might obey is left out. */
void say(struct chat *chat, const struct member *member, const char *text, size_t size)
{
    char line[NAME_MAX_BYTES + 2 + LINE_MAX_BYTES + 1];
    size_t used = (size_t)snprintf(line, sizeof line, "%s: ", member->name);
    for (size_t i = 0; i < size && used + 1 < sizeof line; i++) {
        used = put_plain(line, used, text[i]);
    }
    line[used] = '\0';
    tell_room(chat, member->room, line);
}
