#define _GNU_SOURCE
#include "support/serve.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- The handler ----------------------------------------------------------------------- */

struct act {
    EDDY_FRAME;
    struct eddy_connection *connection;
    ssize_t n;
    char letter;
    bool lingers;
    char page[4096];
};

static struct host *host_of(const struct act *act)
{
    return act->connection->server->options.context;
}

/* The letters that take no time. */
static void do_at_once(struct act *act)
{
    struct eddy_connection *connection = act->connection;
    switch (act->letter) {
    case 'b':
    case 'i':
        eddy_connection_set_idle(connection, act->letter == 'i');
        break;
    case 'y':
        eddy_connection_ready(connection);
        break;
    case 'p':
    case 'P':
        eddy_connection_phase(connection, act->letter == 'p' ? EDDY_SEC(1) : EDDY_FOREVER);
        break;
    case 'S':
    case 'T':
        eddy_server_stop(connection->server, act->letter == 'S' ? 0 : EDDY_SEC(10));
        break;
    case 'l':
        act->lingers = true;
        break;
    default:
        break;
    }
}

EDDY_CORO(act)
{
    EDDY_BEGIN(act) {
        host_of(my)->started++;
        for (;;) {
            EDDY_AWAIT(my->n, eddy_stream_read(&my->connection->stream, &my->letter, 1, me));
            if (my->n <= 0 || my->letter == 'r') {
                break;
            }
            do_at_once(my);
            if (my->letter == 'e') {
                EDDY_TRY(my->n, eddy_stream_write(&my->connection->stream, &my->letter, 1, me));
            } else if (my->letter == 'f') {
                EDDY_FAIL(-EPROTO, "%s", "told to");
            } else if (my->letter == 'F') {
                EDDY_FAIL(-ECONNRESET);
            } else if (my->letter == 'z') {
                EDDY_AWAIT(eddy_sleep(EDDY_FOREVER, me));
            } else if (my->letter == 't') {
                EDDY_TRY(my->n, eddy_stream_read(&my->connection->stream, &my->letter, 1, me));
            }
            while (my->letter == 'w') {
                EDDY_TRY(my->n, eddy_stream_write(&my->connection->stream, my->page, sizeof my->page, me));
            }
        }
    }
    EDDY_FINALLY
    {
        host_of(my)->reason = eddy_task_of(me)->reason;
        if (my->lingers) {
            EDDY_AWAIT(eddy_sleep(EDDY_SEC(1), me));
        }
        host_of(my)->ended++;
    }
}

const struct eddy_handler *host_handler(void)
{
    return EDDY_HANDLER(act);
}

/* ---- The server ------------------------------------------------------------------------ */

struct serving {
    EDDY_FRAME;
    struct host *host;
};

EDDY_CORO(serving)
{
    EDDY_BEGIN(serving) {
        EDDY_CALL(my->host->result, eddy_serve, .server = &my->host->server, .handler = my->host->handler);
    }
    EDDY_FINALLY
    {
        if (eddy_server_fini(&my->host->server) != 0) {
            my->host->result = -EBUSY;
        }
    }
}

void host_init(struct host *host, struct coro *c, const struct eddy_server_options *options)
{
    struct eddy_server_options mine = options != NULL ? *options : (struct eddy_server_options){.context = NULL};
    memset(host, 0, sizeof *host);
    mine.context = host;
    host->c = c;
    host->handler = host_handler();
    host->result = EDDY_PENDING;
    assert_int_equal(eddy_server_init(&host->server, &c->loop, &mine), 0);
}

void host_listen(struct host *host, int number)
{
    char name[64];
    snprintf(name, sizeof name, "@eddy-serve-%d-%d", (int)getpid(), number);
    assert_int_equal(eddy_address_unix(&host->addresses[number], name), 0);
    assert_int_equal(eddy_server_listen(&host->server, &host->addresses[number], NULL), 0);
}

void host_serve(struct host *host)
{
    host->task = CORO_START(host->c, serving, .host = host);
}

void host_start(struct host *host, struct coro *c, const struct eddy_server_options *options, int listeners)
{
    host_init(host, c, options);
    for (int i = 0; i < listeners; i++) {
        host_listen(host, i);
    }
    host_serve(host);
    coro_settle(c);
}

int host_end(struct host *host)
{
    int status = coro_end(host->c, host->task);
    return status < 0 ? status : host->result;
}

/* ---- Clients --------------------------------------------------------------------------- */

int host_call(struct host *host, int number)
{
    const struct eddy_address *address = &host->addresses[number];
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, &address->any, address->size), 0);
    coro_settle(host->c);
    return fd;
}

void host_say(struct host *host, int client, const char *text)
{
    assert_int_equal(send(client, text, strlen(text), MSG_NOSIGNAL), strlen(text));
    coro_settle(host->c);
}

void host_expect(int client, const char *text)
{
    char buffer[256];
    ssize_t n = recv(client, buffer, sizeof buffer - 1, 0);
    buffer[n > 0 ? n : 0] = '\0';
    assert_string_equal(buffer, text);
}

void host_expect_closed(int client)
{
    char byte;
    ssize_t n = recv(client, &byte, 1, 0);
    assert_true(n == 0 || (n < 0 && errno == ECONNRESET));
}
