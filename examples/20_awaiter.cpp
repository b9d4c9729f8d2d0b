/* An echo server and its clients as C++20 coroutines. Locals live across co_await, and destructors are the cleanup: also
 * of the connection whose client never says a word. */
#include <eddy.h>
#include <eddy/task.hpp>

#include <cstdio>
#include <cstring>
#include <deque>

using eddy::await;
using eddy::task;

/* A socket that closes itself. */
struct stream : eddy_stream {
    stream() : eddy_stream{}
    {
    }
    stream(const stream &) = delete;
    ~stream()
    {
        eddy_stream_close(this);
    }
};

struct connection {
    stream peer;
    eddy::spawned<> task;
};

static task<> serve(eddy_stream *peer, int number)
{
    char buffer[64];
    ssize_t n;
    while ((n = co_await await(eddy_stream_read, peer, buffer, sizeof buffer).within(EDDY_MS(200))) > 0) {
        n = co_await await(eddy_stream_write, peer, buffer, static_cast<size_t>(n));
        if (n < 0) {
            break;
        }
    }
    std::printf("server: client %d %s\n", number, n == 0 ? "is done" : std::strerror(static_cast<int>(-n)));
    eddy_stream_close(peer);
}

/* The connections are the acceptor's: when it ends, whatever is left of them ends before. */
static task<> accept_all(eddy_loop *loop, eddy_listener *listener)
{
    std::deque<connection> connections;
    for (int number = 1;; number++) {
        connection &next = connections.emplace_back();
        if (co_await await(eddy_listener_accept, listener, &next.peer) < 0 ||
            next.task.start(loop, serve(&next.peer, number)) < 0) {
            co_return;
        }
    }
}

static task<int> say(eddy_loop *loop, const eddy_address *server, const char *word)
{
    stream peer;
    int error = co_await await(eddy_stream_connect, &peer, loop, server);
    ssize_t n = error < 0 ? error : co_await await(eddy_stream_write, &peer, word, std::strlen(word));
    char answer[64];
    if (n >= 0) {
        n = co_await await(eddy_stream_read, &peer, answer, sizeof answer);
    }
    if (n < 0) {
        co_return static_cast<int>(n);
    }
    std::printf("client: \"%.*s\"\n", static_cast<int>(n), answer);
    co_return 0;
}

static task<int> talk(eddy_loop *loop, eddy_listener *listener)
{
    eddy::spawned<> server;
    int error = server.start(loop, accept_all(loop, listener));
    for (const char *word : {"hello", "goodbye", ""}) { /* the last one waits until the server has lost its patience */
        error = error < 0 ? error : co_await say(loop, eddy_listener_address(listener), word);
    }
    server.cancel(); /* destroys what accept_all() has, in its own turn */
    (void)co_await await(server);
    co_return error;
}

static task<int> program()
{
    eddy_loop *loop = eddy_loop_current();
    eddy_address address;
    eddy_listener listener;
    int error = eddy_address_parse(&address, "127.0.0.1", 0);
    error = error < 0 ? error : eddy_listener_open(&listener, loop, &address, nullptr);
    if (error < 0) {
        co_return error;
    }
    error = co_await talk(loop, &listener);
    eddy_listener_close(&listener);
    co_return error;
}

int main()
{
    return eddy::run(program()) != 0;
}
