/* 11_proxy [--host H] [--port N] [--unix PATH] [--to HOST:PORT] - a proxy: to one place, or, without --to, to wherever the
 * client asks to be taken (SOCKS5, RFC 1928, without passwords). Bytes are spliced, never copied through the program.
 * Who can connect to it reaches what this machine reaches, its own loopback and inner networks included: it stands on
 * 127.0.0.1 unless --host or --unix say otherwise.
 * SIGINT or SIGTERM: take nobody new, give those who are being served 5 s, exit 0. */
#include "serve.h"

#include <arpa/inet.h>
#include <eddy.h>
#include <errno.h>
#include <unistd.h>

#define HANDSHAKE EDDY_SEC(10)
#define CONNECT EDDY_SEC(10)
#define SILENCE EDDY_SEC(600) /* how long a direction may be silent */
#define DRAIN EDDY_SEC(5)
#define SPARE 40 /* descriptors for all else: the loop, listeners, names that are looked up, a few pipes */

/* What SOCKS answers (RFC 1928, section 6). */
enum { SUCCEEDED, FAILED, NOT_ALLOWED, NET_UNREACHABLE, HOST_UNREACHABLE, REFUSED, EXPIRED, NO_COMMAND, NO_ADDRESS };

struct place {
    char host[EDDY_HOST_MAX];
    uint16_t port;
};

/* One client, and where it is taken. */
struct tunnel {
    EDDY_FRAME;
    struct eddy_connection *connection;
    struct eddy_stream far;
    struct eddy_reader reader;
    struct eddy_slice slice;
    struct eddy_dial_report report;
    const struct place *fixed; /* or NULL: the client says where to */
    struct place to;
    size_t size;
    ssize_t n;
    int error;
    unsigned char answer[10];
};

static int socks_status(int error)
{
    switch (-error) {
    case 0:
        return SUCCEEDED;
    case ENETUNREACH:
        return NET_UNREACHABLE;
    case EHOSTUNREACH:
    case ENOENT:
        return HOST_UNREACHABLE;
    case ECONNREFUSED:
        return REFUSED;
    case ETIMEDOUT:
        return EXPIRED;
    default:
        return FAILED;
    }
}

/* How long the request is that begins with these five bytes; 0: it is none that we serve, and *status says why. */
static size_t request_size(const unsigned char *request, int *status)
{
    *status = request[0] != 5 ? FAILED : request[1] != 1 ? NO_COMMAND : NO_ADDRESS;
    if (*status != NO_ADDRESS) {
        return 0;
    }
    switch (request[3]) {
    case 1:
        return 4 + 4 + 2;
    case 3:
        return 4 + 1 + (size_t)request[4] + 2;
    case 4:
        return 4 + 16 + 2;
    default:
        return 0;
    }
}

/* Where a whole request wants to go. False: to no name; what is logged as one must not be obeyed by a terminal. */
static bool read_place(struct place *place, const unsigned char *request, size_t size)
{
    size_t length = request[4];
    place->port = (uint16_t)(request[size - 2] << 8 | request[size - 1]);
    if (request[3] != 3) {
        inet_ntop(request[3] == 1 ? AF_INET : AF_INET6, request + 4, place->host, sizeof place->host);
        return true;
    }
    for (size_t i = 0; i < length; i++) {
        if (request[5 + i] <= ' ' || request[5 + i] >= 0x7f) {
            return false;
        }
    }
    memcpy(place->host, request + 5, length);
    place->host[length] = '\0';
    return length > 0;
}

/* Ask where to, in `my->to`. Fails the task if the client does not speak SOCKS5. */
struct ask {
    EDDY_FRAME_RET(int);
    struct tunnel *tunnel;
    struct eddy_slice slice;
    size_t size;
    ssize_t n;
    int status;
};

EDDY_CORO(ask)
{
    EDDY_BEGIN(ask) {
        EDDY_TRY(my->n, eddy_reader_peek(&my->tunnel->reader, 2, &my->slice, me));
        if (my->n < 2 || my->slice.data[0] != 5) {
            EDDY_FAIL(-EPROTO, "not SOCKS5");
        }
        my->size = 2 + (size_t)(unsigned char)my->slice.data[1];
        EDDY_TRY(my->n, eddy_reader_peek(&my->tunnel->reader, my->size, &my->slice, me));
        my->status = my->n >= (ssize_t)my->size && memchr(my->slice.data + 2, 0, my->size - 2) != NULL ? 0 : 0xff;
        eddy_reader_consume(&my->tunnel->reader, my->size);
        my->tunnel->answer[0] = 5;
        my->tunnel->answer[1] = (unsigned char)my->status;
        EDDY_TRY(my->n, eddy_stream_write(&my->tunnel->connection->stream, my->tunnel->answer, 2, me));
        if (my->status != 0) {
            EDDY_FAIL(-EACCES, "the client wants a password");
        }
        EDDY_TRY(my->n, eddy_reader_peek(&my->tunnel->reader, 5, &my->slice, me));
        my->size = my->n < 5 ? 0 : request_size((const unsigned char *)my->slice.data, &my->status);
        if (my->size == 0) {
            EDDY_RETURN(my->status);
        }
        EDDY_TRY(my->n, eddy_reader_peek(&my->tunnel->reader, my->size, &my->slice, me));
        if (my->n < (ssize_t)my->size) {
            EDDY_FAIL(-EPROTO, "the request ends early");
        }
        my->status = read_place(&my->tunnel->to, (const unsigned char *)my->slice.data, my->size) ? SUCCEEDED : FAILED;
        eddy_reader_consume(&my->tunnel->reader, my->size);
        EDDY_RETURN(my->status);
    }
}

/* Tell a SOCKS client how it went. */
static size_t put_answer(unsigned char answer[10], int status)
{
    memcpy(answer, (const unsigned char[10]){5, (unsigned char)status, 0, 1}, 10);
    return 10;
}

EDDY_CORO(tunnel)
{
    EDDY_BEGIN(tunnel) {
        my->fixed = my->connection->server->options.context;
        eddy_connection_phase(my->connection, HANDSHAKE + CONNECT);
        eddy_reader_init(&my->reader, eddy_loop_current(), eddy_stream_transport(&my->connection->stream), 1024);
        if (my->fixed != NULL) {
            my->to = *my->fixed;
        } else {
            EDDY_CALL(my->error, ask, .tunnel = my);
        }
        if (my->error == SUCCEEDED) {
            eddy_connection_set_idle(my->connection, false); /* or a stop would end what the client sends */
            EDDY_CALL(my->error, eddy_dial, .stream = &my->far, .host = my->to.host, .port = my->to.port,
                      .timeout = CONNECT, .report = &my->report);
            if (my->error < 0) {
                char text[512];
                fprintf(stderr, "%s\n", eddy_dial_text(&my->report, text, sizeof text));
            }
            my->error = my->error < 0 ? socks_status(my->error) : SUCCEEDED;
        }
        if (my->fixed == NULL) {
            my->size = put_answer(my->answer, my->error);
            EDDY_TRY(my->n, eddy_stream_write(&my->connection->stream, my->answer, my->size, me));
        }
        if (my->error != SUCCEEDED) {
            return;
        }
        /* What the client has sent ahead. From here on the bytes pass by the reader. */
        EDDY_TRY(my->n, eddy_reader_peek(&my->reader, 0, &my->slice, me));
        EDDY_TRY(my->n, eddy_stream_write(&my->far, my->slice.data, my->slice.size, me));
        eddy_reader_fini(&my->reader);
        eddy_connection_phase(my->connection, EDDY_FOREVER);
        eddy_stream_set_timeouts(&my->connection->stream, SILENCE, SILENCE);
        eddy_stream_set_timeouts(&my->far, SILENCE, SILENCE);
        EDDY_CALL(my->error, eddy_copy_both, .a = eddy_stream_transport(&my->connection->stream),
                  .b = eddy_stream_transport(&my->far));
    }
    EDDY_FINALLY
    {
        eddy_reader_fini(&my->reader);
        eddy_stream_close(&my->far);
    }
}

/* "example.org:80" or "[::1]:80". */
static bool parse_place(const char *text, struct place *place)
{
    const char *colon = strrchr(text, ':');
    char *rest = NULL;
    long port = colon != NULL ? strtol(colon + 1, &rest, 10) : 0;
    bool bracketed = text[0] == '[' && colon != NULL && colon > text && colon[-1] == ']';
    size_t size = colon != NULL ? (size_t)(colon - text) - (bracketed ? 2 : 0) : 0;
    if (size == 0 || size >= sizeof place->host || *rest != '\0' || port < 1 || port > UINT16_MAX) {
        return false;
    }
    memcpy(place->host, text + (bracketed ? 1 : 0), size);
    place->host[size] = '\0';
    place->port = (uint16_t)port;
    return true;
}

/* How many clients at once: each has two descriptors, and should find them. More wait in the backlog. */
static size_t clients_max(void)
{
    long descriptors = sysconf(_SC_OPEN_MAX);
    return descriptors > 2 * SPARE ? (size_t)(descriptors - SPARE) / 2 : SPARE / 4;
}

int main(int argc, char **argv)
{
    struct options_own own[] = {{"to", "HOST:PORT", ""}, {0}};
    struct eddy_address address;
    struct place to;
    if (!options_parse_own(argc, argv, 1080, &address, own)) {
        return 2;
    }
    bool is_fixed = own[0].text[0] != '\0';
    if (is_fixed && !parse_place(own[0].text, &to)) {
        return options_usage(argv[0], own);
    }
    struct eddy_server_options options = {.context = is_fixed ? &to : NULL, .connections = clients_max()};
    return EDDY_RUN(serve, .program = argv[0], .address = &address, .handler = EDDY_HANDLER(tunnel), .options = options,
                    .grace = DRAIN) != 0;
}
