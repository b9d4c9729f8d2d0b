/* The browser's way into 09_chat: GET / is the page; GET /events?room=R&name=N joins, and stays open for server-sent
 * events, the first of which is a ticket; POST /say?ticket=T&text=... says something. */
#ifndef EXAMPLES_CHAT_WEB_H
#define EXAMPLES_CHAT_WEB_H

#include "../http/request.h"
#include "rooms.h"

struct browser {
    EDDY_FRAME;
    struct eddy_connection *connection;
    struct chat *chat;
    struct eddy_reader reader;
    struct eddy_writer writer;
    struct eddy_slice in;
    struct member member;
    struct eddy_scope ping;
    ssize_t n;
    int error;
    struct http_request request;
};

EDDY_CORO_DECLARE(browser);

#endif
