/* Threads and names: with linux.c the only file that calls the system. Apart from the rest of the library, so that who
 * needs no threads links none. */
#define _GNU_SOURCE
#include "os/threads.h"

#include <netdb.h>
#include <pthread.h>
#include <signal.h>

static int threads_start(void *context, uintptr_t *thread, void *(*run)(void *argument), void *argument)
{
    (void)context;
    sigset_t all, old;
    sigfillset(&all); /* the loop's signals, and everybody's, are for other threads */
    pthread_sigmask(SIG_SETMASK, &all, &old);
    pthread_t started;
    int error = pthread_create(&started, NULL, run, argument);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    *thread = error == 0 ? (uintptr_t)started : 0;
    return -error;
}

static void threads_join(void *context, uintptr_t thread)
{
    (void)context;
    pthread_join((pthread_t)thread, NULL);
}

static int threads_getaddrinfo(void *context, const char *host, const char *service, const struct addrinfo *hints,
                               struct addrinfo **list)
{
    (void)context;
    return getaddrinfo(host, service, hints, list);
}

static void threads_freeaddrinfo(void *context, struct addrinfo *list)
{
    (void)context;
    freeaddrinfo(list);
}

static int threads_getnameinfo(void *context, const struct sockaddr *address, socklen_t size, char *host,
                               socklen_t host_size, int flags)
{
    (void)context;
    return getnameinfo(address, size, host, host_size, NULL, 0, flags);
}

const struct eddy_threads eddy_threads_linux = {
    .start = threads_start,
    .join = threads_join,
    .getaddrinfo = threads_getaddrinfo,
    .freeaddrinfo = threads_freeaddrinfo,
    .getnameinfo = threads_getnameinfo,
};

const char *eddyi_lookup_text(int lookup_error)
{
    return gai_strerror(lookup_error);
}

/* ---- The gate -------------------------------------------------------------------------- */

void eddyi_gate_init(struct eddyi_gate *gate)
{
    pthread_mutex_init(&gate->mutex, NULL);
    pthread_cond_init(&gate->condition, NULL);
}

void eddyi_gate_fini(struct eddyi_gate *gate)
{
    pthread_cond_destroy(&gate->condition);
    pthread_mutex_destroy(&gate->mutex);
}

void eddyi_gate_lock(struct eddyi_gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
}

void eddyi_gate_unlock(struct eddyi_gate *gate)
{
    pthread_mutex_unlock(&gate->mutex);
}

void eddyi_gate_wait(struct eddyi_gate *gate)
{
    pthread_cond_wait(&gate->condition, &gate->mutex);
}

void eddyi_gate_wake_one(struct eddyi_gate *gate)
{
    pthread_cond_signal(&gate->condition);
}

void eddyi_gate_wake_all(struct eddyi_gate *gate)
{
    pthread_cond_broadcast(&gate->condition);
}
