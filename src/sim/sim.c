#include <eddy/sim.h>

#include <errno.h>
#include <stdlib.h>

#define STUCK_MS 2000
#define DESCRIPTORS 4096

static const struct eddy_os *const kernel = &eddy_os_linux;

/* ---- Time ------------------------------------------------------------------------------ */

static eddy_ns sim_clock(void *context)
{
    return ((struct eddy_sim *)context)->now;
}

static void move_to(struct eddy_sim *sim, eddy_ns instant)
{
    bool rings = sim->on_alarm != NULL && sim->alarm > sim->now && sim->alarm <= instant;
    sim->now = rings ? sim->alarm : instant;
    if (sim->on_time != NULL) {
        sim->on_time(sim->context, sim->now);
    }
    if (rings) {
        sim->on_alarm(sim->context);
    }
}

static int sim_wait(struct eddy_sim *sim, int epfd, struct epoll_event *events, int size, eddy_ns span)
{
    int count = kernel->epoll_wait(NULL, epfd, events, size, 0);
    if (count != 0 || span == 0) {
        return count;
    }
    if (span != EDDY_FOREVER) {
        move_to(sim, eddy_ns_add(sim->now, span));
        return 0;
    }
    if (sim->on_alarm != NULL && sim->alarm > sim->now) { /* nothing else will move time */
        move_to(sim, sim->alarm);
        return 0;
    }
    count = kernel->epoll_wait(NULL, epfd, events, size, STUCK_MS);
    sim->stuck = sim->stuck || count == 0;
    return count == 0 ? -EBADF : count;
}

static int sim_epoll_wait(void *context, int epfd, struct epoll_event *events, int count, int timeout_ms)
{
    return sim_wait(context, epfd, events, count, timeout_ms < 0 ? EDDY_FOREVER : EDDY_MS(timeout_ms));
}

static int sim_epoll_pwait2(void *context, int epfd, struct epoll_event *events, int count, eddy_ns span)
{
    return sim_wait(context, epfd, events, count, span);
}

/* ---- Counting -------------------------------------------------------------------------- */

static bool is_counted(int fd)
{
    return fd >= 0 && fd < DESCRIPTORS;
}

static int opened(struct eddy_sim *sim, int fd)
{
    if (is_counted(fd)) {
        sim->opened[fd / 64] |= UINT64_C(1) << fd % 64;
        sim->descriptors++;
    }
    return fd;
}

static int sim_epoll_create(void *context)
{
    return opened(context, kernel->epoll_create(NULL));
}

static int sim_eventfd(void *context)
{
    return opened(context, kernel->eventfd(NULL));
}

static int sim_signalfd(void *context, int fd, const sigset_t *set)
{
    int result = kernel->signalfd(NULL, fd, set);
    return fd == -1 ? opened(context, result) : result;
}

static int sim_socket(void *context, int domain, int type, int protocol)
{
    return opened(context, kernel->socket(NULL, domain, type, protocol));
}

static int sim_accept(void *context, int fd, struct sockaddr *address, socklen_t *size)
{
    return opened(context, kernel->accept(NULL, fd, address, size));
}

static int sim_open(void *context, const char *path, int flags)
{
    return opened(context, kernel->open(NULL, path, flags));
}

static int sim_pipe(void *context, int fds[2])
{
    int error = kernel->pipe(NULL, fds);
    if (error == 0) {
        opened(context, fds[0]);
        opened(context, fds[1]);
    }
    return error;
}

static int sim_close(void *context, int fd)
{
    struct eddy_sim *sim = context;
    uint64_t bit = is_counted(fd) ? UINT64_C(1) << fd % 64 : 0;
    if (bit != 0 && (sim->opened[fd / 64] & bit) != 0) {
        sim->opened[fd / 64] &= ~bit;
        sim->descriptors--;
    }
    return kernel->close(NULL, fd);
}

static int sim_fork_mark(void *context, unsigned char **mark)
{
    int error = kernel->fork_mark(NULL, mark);
    ((struct eddy_sim *)context)->blocks += error == 0;
    return error;
}

static void sim_fork_unmark(void *context, unsigned char *mark)
{
    ((struct eddy_sim *)context)->blocks--;
    kernel->fork_unmark(NULL, mark);
}

static void *sim_resize(void *context, void *block, size_t old_size, size_t new_size)
{
    struct eddy_sim *sim = context;
    void *result = eddy_allocator_default.resize(eddy_allocator_default.context, block, old_size, new_size);
    if (result != NULL || new_size == 0) {
        sim->bytes += (long)new_size - (long)old_size;
        sim->blocks += (long)(new_size > 0) - (long)(block != NULL);
    }
    return result;
}

void eddy_sim_init(struct eddy_sim *sim)
{
    *sim = (struct eddy_sim){.os = *kernel, .now = EDDY_SEC(1000)};
    sim->os.context = sim;
    sim->os.clock = sim_clock;
    sim->os.clock_coarse = sim_clock;
    sim->os.epoll_wait = sim_epoll_wait;
    sim->os.epoll_pwait2 = sim_epoll_pwait2;
    sim->os.epoll_create = sim_epoll_create;
    sim->os.eventfd = sim_eventfd;
    sim->os.signalfd = sim_signalfd;
    sim->os.socket = sim_socket;
    sim->os.accept = sim_accept;
    sim->os.open = sim_open;
    sim->os.pipe = sim_pipe;
    sim->os.close = sim_close;
    sim->os.fork_mark = sim_fork_mark;
    sim->os.fork_unmark = sim_fork_unmark;
    sim->allocator = (struct eddy_allocator){.resize = sim_resize, .context = sim};
}

void eddy_sim_advance(struct eddy_sim *sim, eddy_ns span)
{
    eddy_ns end = eddy_ns_add(sim->now, span);
    while (sim->now < end) {
        move_to(sim, end);
    }
}
