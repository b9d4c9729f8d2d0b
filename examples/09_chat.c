/* 09_chat [--host H] [--port N] [--unix PATH] [--web N] [--monitor PATH] - rooms of people who write lines to each other:
 * by nc, or in a browser (chat/web.h). Who reads too slowly is dropped (chat/rooms.h). With a monitor, `eddy-top PATH`
 * shows what each of them waits for.
 * SIGINT or SIGTERM: say goodbye, send what is left for at most 2 s, exit 0. */
#include "chat/rooms.h"
#include "chat/web.h"
#include "serve.h"

#define DRAIN EDDY_SEC(2)

/* Somebody who writes lines. */
struct guest {
    EDDY_FRAME;
    struct eddy_connection *connection;
    struct chat *chat;
    struct eddy_reader reader;
    struct eddy_writer writer;
    struct member member;
    struct eddy_scope parting;
    struct eddy_slice line;
    ssize_t n;
    int error;
};

/* "/join lobby": whether the line is this command, and then what stands behind it. */
static bool is_command(const char *line, const char *command, const char **argument)
{
    size_t size = strlen(command);
    if (strncmp(line, command, size) != 0 || (line[size] != ' ' && line[size] != '\0')) {
        return false;
    }
    *argument = line + size + strspn(line + size, " ");
    return true;
}

static void rename_member(struct chat *chat, struct member *member, const char *name)
{
    char line[80];
    if (!is_name(name)) {
        tell(chat, member, "* a name has 1 to 20 letters, digits, - and _");
    } else if (find_member(member->room, name) != NULL) {
        tell(chat, member, "* that name is taken here");
    } else {
        snprintf(line, sizeof line, "* %s is now %s", member->name, name);
        snprintf(member->name, sizeof member->name, "%s", name);
        tell_room(chat, member->room, line);
    }
}

static void change_room(struct chat *chat, struct member *member, const char *name)
{
    int error = is_name(name) ? join(chat, member, name) : -EINVAL;
    if (error < 0) {
        tell(chat, member,
             error == -EEXIST   ? "* somebody there has your name"
             : error == -EINVAL ? "* a room's name has 1 to 20 letters, digits, - and _"
                                : "* no room for another room");
    }
}

static void list_members(struct chat *chat, struct member *member)
{
    const struct eddy_list *all = &member->room->members;
    if (member->room->count > CROWD) {
        char line[32];
        snprintf(line, sizeof line, "* %zu people", member->room->count);
        tell(chat, member, line);
        return;
    }
    for (struct eddy_list *link = all->next; link != all && !member->dropped; link = link->next) {
        tell(chat, member, EDDY_CONTAINER(link, struct member, link)->name);
    }
}

static void list_rooms(struct chat *chat, struct member *member)
{
    for (struct eddy_list *link = chat->rooms.next; link != &chat->rooms && !member->dropped; link = link->next) {
        const struct room *room = EDDY_CONTAINER(link, struct room, link);
        char line[64];
        snprintf(line, sizeof line, "%s %zu", room->name, room->count);
        tell(chat, member, line);
    }
}

/* False: the guest is leaving. */
static bool obey(struct chat *chat, struct member *member, const struct eddy_slice *line)
{
    const char *argument;
    if (line->data[0] != '/') {
        say(chat, member, line->data, line->size);
    } else if (is_command(line->data, "/nick", &argument)) {
        rename_member(chat, member, argument);
    } else if (is_command(line->data, "/join", &argument)) {
        change_room(chat, member, argument);
    } else if (is_command(line->data, "/who", &argument)) {
        list_members(chat, member);
    } else if (is_command(line->data, "/rooms", &argument)) {
        list_rooms(chat, member);
    } else if (is_command(line->data, "/quit", &argument)) {
        return false;
    } else {
        tell(chat, member, "* /nick NAME, /join ROOM, /who, /rooms, /quit; anything else is said");
    }
    return true;
}

EDDY_CORO(guest)
{
    EDDY_BEGIN(guest) {
        my->chat = my->connection->server->options.context;
        eddy_connection_ready(my->connection); /* who only listens is welcome */
        eddy_reader_init(&my->reader, eddy_loop_current(), eddy_stream_transport(&my->connection->stream),
                         LINE_MAX_BYTES);
        EDDY_TRY(my->error,
                 eddy_writer_init(&my->writer, eddy_loop_current(), eddy_stream_transport(&my->connection->stream),
                                  &(struct eddy_writer_options){.cap = OUTBOX, .high = OUTBOX / 2, .low = OUTBOX / 4}));
        member_init(my->chat, &my->member, eddy_task_of(me), &my->writer, "", "\n");
        EDDY_TRY(my->error, join_as_guest(my->chat, &my->member, "lobby"));
        do {
            EDDY_AWAIT(eddy_yield(me)); /* who has much to say says one line at a time, as the others do */
            EDDY_AWAIT(my->n, eddy_reader_line(&my->reader, &my->line, me));
        } while (my->n > 0 && obey(my->chat, &my->member, &my->line));
        if (my->n == -ENOBUFS) {
            tell(my->chat, &my->member, "* that line is too long");
        }
    }
    EDDY_FINALLY
    {
        leave(my->chat, &my->member);
        EDDY_TIMEOUT(&my->parting, EDDY_SEC(1)) {
            EDDY_AWAIT(my->error, eddy_writer_flush(&my->writer, me));
        }
        eddy_writer_fini(&my->writer);
        eddy_reader_fini(&my->reader);
    }
}

/* ---- The program ----------------------------------------------------------------------- */

static void announce_web(const struct eddy_address *address)
{
    char text[EDDY_ADDRESS_TEXT];
    printf("web page: http://%s/\n", eddy_address_text(address, text));
    fflush(stdout);
}

struct doors {
    EDDY_FRAME_RET(int);
    const char *program;
    const struct eddy_address *lines, *web;
    const char *monitor_path; /* "": there is none */
    struct eddy_monitor monitor;
    struct chat chat;
    struct eddy_scope shield; /* EDDY_RUN answers SIGINT with a cancel; both servers know what to do */
    struct eddy_group both;
    struct eddy_server_options options;
    int error;
};

EDDY_CORO(doors)
{
    EDDY_BEGIN(doors) {
        if (my->monitor_path[0] != '\0') {
            EDDY_TRY(my->error, eddy_monitor_open(&my->monitor, eddy_loop_current(), my->monitor_path));
        }
        eddy_list_init(&my->chat.rooms);
        my->options = (struct eddy_server_options){.context = &my->chat, .idle = EDDY_FOREVER};
        EDDY_SHIELD(&my->shield, EDDY_FOREVER) {
            EDDY_GROUP(&my->both) {
                EDDY_TRY(my->error, EDDY_SPAWN(&my->both, serve, .program = my->program, .address = my->lines,
                                               .handler = EDDY_HANDLER(guest), .options = my->options, .grace = DRAIN));
                my->options.idle = 0;
                EDDY_TRY(my->error, EDDY_SPAWN(&my->both, serve, .program = my->program, .address = my->web,
                                               .handler = EDDY_HANDLER(browser), .options = my->options, .grace = DRAIN,
                                               .announce = announce_web));
            }
        }
    }
    EDDY_FINALLY
    {
        eddy_monitor_close(&my->monitor);
    }
}

int main(int argc, char **argv)
{
    struct options_own own[] = {{"web", "PORT", "0"}, {"monitor", "PATH", ""}, {0}};
    struct eddy_address lines, web;
    long port;
    if (!options_parse_own(argc, argv, 7777, &lines, own)) {
        return 2;
    }
    if (!options_number(own, 0, UINT16_MAX, &port)) {
        return options_usage(argv[0], own);
    }
    bool parsed = eddy_address_parse(&web, "127.0.0.1", (uint16_t)port) == 0; /* the page is for this machine alone */
    return !parsed ||
           EDDY_RUN(doors, .program = argv[0], .lines = &lines, .web = &web, .monitor_path = own[1].text) != 0;
}
