/* site.c - see site.h. */
#include "site.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const struct manners site_manners = {"GET /hello HTTP/1.1\r\nHost: test\r\n\r\n", "\r\n\r\nhello"};

const char *site_root(const struct server *server)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/site", server->directory);
    return path;
}

static int open_file(const struct server *server, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", site_root(server), name);
    return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
}

static bool write_file(const struct server *server, const char *name, const char *text, size_t size)
{
    int fd = open_file(server, name);
    bool good = fd >= 0 && write(fd, text, size) == (ssize_t)size;
    close(fd);
    return good;
}

static bool write_big(const struct server *server)
{
    int fd = open_file(server, "big.bin");
    bool good = fd >= 0;
    for (size_t at = 0; good && at < SITE_BIG; at += PATTERN_MAX) {
        good = write(fd, pattern(0, at), PATTERN_MAX) == PATTERN_MAX;
    }
    close(fd);
    return good;
}

int site_setup(void **state)
{
    char output[1024];
    if (server_setup(state) != 0) {
        return -1;
    }
    struct server *server = *state;
    server->program = HTTP_SERVER;
    const char *root = site_root(server);
    int status = command_run(output, sizeof output,
                             "mkdir -p %s/sub %s/bare && cd %s && mkfifo fifo && ln -s big.bin in && "
                             "ln -s /etc/passwd out && ln -s .. up && touch secret empty.txt && chmod 0 secret",
                             root, root, root);
    return status == 0 && write_file(server, "index.html", "<h1>home</h1>\n", 14) &&
                   write_file(server, "sub/index.html", "sub\n", 4) && write_file(server, "a b.txt", "blank\n", 6) &&
                   write_big(server)
               ? 0
               : -1;
}

int site_teardown(void **state)
{
    char output[1024];
    struct server *server = *state;
    command_run(output, sizeof output, "rm -r -- %s", site_root(server));
    return server_teardown(state);
}

void site_start(struct server *server, const char *head, const char *idle, const char *stall)
{
    server_start(server, "--port", "0", "--root", site_root(server), "--head", head, "--body", head, "--idle", idle,
                 "--stall", stall, "--grace", "2", NULL);
}
