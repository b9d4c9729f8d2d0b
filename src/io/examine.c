#define _GNU_SOURCE
#include "io/pipe.h"

#include <eddy/loop.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

/* Not the master side, of which to open it makes another. */
static bool is_terminal(const struct stat *status)
{
    unsigned major = (unsigned)(status->st_rdev >> 8) & 0xfff, minor = (unsigned)status->st_rdev & 0xff;
    return S_ISCHR(status->st_mode) && (major == 4 || (major == 5 && minor < 2) || (major >= 136 && major <= 143));
}

/* The descriptor to use: `fd` itself, or the same file opened once more, not to block; or an error. */
static int reopen(const struct eddy_os *os, int fd, int mode)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int again = os->open(os->context, path, (mode & O_ACCMODE) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    bool is_shortage = again == -EMFILE || again == -ENFILE || again == -ENOMEM;
    return again >= 0 || is_shortage ? again : fd;
}

static uint32_t access_state(int mode)
{
    switch (mode & O_ACCMODE) {
    case O_RDONLY:
        return EDDYI_PIPE_READS;
    case O_WRONLY:
        return EDDYI_PIPE_WRITES;
    default:
        return EDDYI_PIPE_READS | EDDYI_PIPE_WRITES;
    }
}

int eddyi_pipe_examine(struct eddy_pipe *pipe)
{
    const struct eddy_os *os = pipe->loop->os;
    struct stat status;
    int error = os->fstat(os->context, pipe->given, &status);
    int mode = error == 0 ? os->fcntl(os->context, pipe->given, F_GETFL, 0) : error;
    if (mode < 0 || S_ISDIR(status.st_mode)) {
        return mode < 0 ? mode : -EINVAL;
    }
    pipe->state |= access_state(mode);
    pipe->state |= S_ISSOCK(status.st_mode) ? EDDYI_PIPE_IS_SOCKET : S_ISFIFO(status.st_mode) ? EDDYI_PIPE_IS_FIFO : 0u;
    int fd = pipe->given;
    if (S_ISFIFO(status.st_mode) || is_terminal(&status)) {
        fd = reopen(os, fd, mode);
    }
    bool waits = !S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode) && !S_ISSOCK(status.st_mode);
    if (waits && fd == pipe->given && (mode & O_NONBLOCK) == 0) {
        pipe->state |= EDDYI_PIPE_BLOCKS;
    }
    return fd;
}
