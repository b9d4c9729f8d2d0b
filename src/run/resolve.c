/* A lookup is a job on the heap that frees itself when the pool is done with it: who asked may be gone by then. */
#include <eddy/resolve.h>

#include "loop/loop.h"
#include "run/crew.h"
#include "run/worker.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <strings.h>

#define LOOKUP_THREADS 4
#define LOOKUPS_WAITING 256

/* A name's addresses, or an address's name. */
struct lookup {
    struct eddy_job job;
    struct eddy_loop *loop;
    const struct eddy_threads *table;
    int error; /* EAI_ code */
    char host[EDDY_HOST_MAX];
    struct eddy_names *names; /* whose lookup it is; not touched once nobody waits */
    char *host_out;
    int family;
    uint16_t port;
    size_t count;
    struct eddy_address addresses[EDDY_NAMES_MAX];
};

/* The system's answer as a result. */
static int result_of(int lookup_error, int system_error)
{
    switch (lookup_error) {
    case 0:
        return 0;
    case EAI_AGAIN:
        return -EAGAIN;
    case EAI_MEMORY:
        return -ENOMEM;
    case EAI_NONAME:
#ifdef EAI_NODATA
    case EAI_NODATA:
#endif
#ifdef EAI_ADDRFAMILY
    case EAI_ADDRFAMILY:
#endif
        return -ENOENT;
    case EAI_SYSTEM:
        return system_error == EMFILE || system_error == ENFILE || system_error == ENOMEM ? -system_error : -EIO;
    default:
        return -EIO;
    }
}

/* ---- On the threads -------------------------------------------------------------------- */

/* The same address, whatever its port. */
static bool is_same_address(const struct eddy_address *one, const struct eddy_address *other)
{
    if (one->any.sa_family != other->any.sa_family) {
        return false;
    }
    if (one->any.sa_family == AF_INET) {
        return one->in.sin_addr.s_addr == other->in.sin_addr.s_addr;
    }
    return IN6_ARE_ADDR_EQUAL(&one->in6.sin6_addr, &other->in6.sin6_addr) &&
           one->in6.sin6_scope_id == other->in6.sin6_scope_id;
}

static void add_address(struct lookup *lookup, const struct addrinfo *info)
{
    struct eddy_address *new = &lookup->addresses[lookup->count];
    bool is_ip = (info->ai_family == AF_INET && info->ai_addrlen == sizeof new->in) ||
                 (info->ai_family == AF_INET6 && info->ai_addrlen == sizeof new->in6);
    if (!is_ip || (lookup->family != 0 && lookup->family != info->ai_family)) {
        return;
    }
    memset(new, 0, sizeof *new);
    memcpy(&new->any, info->ai_addr, info->ai_addrlen);
    new->size = info->ai_addrlen;
    if (info->ai_family == AF_INET) {
        new->in.sin_port = htons(lookup->port);
    } else {
        new->in6.sin6_port = htons(lookup->port);
    }
    for (size_t i = 0; i < lookup->count; i++) {
        if (is_same_address(&lookup->addresses[i], new)) {
            return;
        }
    }
    lookup->count++;
}

static ssize_t look_up_name(struct eddy_job *job)
{
    struct lookup *lookup = EDDY_CONTAINER(job, struct lookup, job);
    const struct eddy_threads *table = lookup->table;
    struct addrinfo hints = {.ai_family = lookup->family, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    lookup->error = table->getaddrinfo(table->context, lookup->host, NULL, &hints, &list);
    if (lookup->error != 0) {
        return result_of(lookup->error, errno);
    }
    for (const struct addrinfo *info = list; info != NULL && lookup->count < EDDY_NAMES_MAX; info = info->ai_next) {
        add_address(lookup, info);
    }
    if (list != NULL) {
        table->freeaddrinfo(table->context, list);
    }
    return lookup->count > 0 ? 0 : -ENOENT;
}

static ssize_t look_up_address(struct eddy_job *job)
{
    struct lookup *lookup = EDDY_CONTAINER(job, struct lookup, job);
    const struct eddy_threads *table = lookup->table;
    const struct eddy_address *address = &lookup->addresses[0];
    lookup->error = table->getnameinfo(table->context, &address->any, address->size, lookup->host, sizeof lookup->host,
                                       NI_NAMEREQD);
    return result_of(lookup->error, errno);
}

/* ---- On the loop's --------------------------------------------------------------------- */

static void free_lookup(struct lookup *lookup)
{
    struct eddy_allocator allocator = lookup->loop->allocator;
    allocator.resize(allocator.context, lookup, sizeof *lookup, 0);
}

static int give_addresses(struct eddy_names *names, const struct eddy_address *addresses, size_t count)
{
    eddy_names_free(names); /* another lookup for the same may have been faster */
    names->addresses = names->allocator.resize(names->allocator.context, NULL, 0, count * sizeof *addresses);
    if (names->addresses == NULL) {
        return -ENOMEM;
    }
    memcpy(names->addresses, addresses, count * sizeof *addresses);
    names->count = count;
    return 0;
}

static ssize_t settle_lookup(struct eddy_job *job, ssize_t result)
{
    struct lookup *lookup = EDDY_CONTAINER(job, struct lookup, job);
    if (job->waiter != NULL && lookup->names != NULL) {
        lookup->names->lookup_error = lookup->error;
        result = result == 0 ? give_addresses(lookup->names, lookup->addresses, lookup->count) : result;
    } else if (job->waiter != NULL && result == 0) {
        memcpy(lookup->host_out, lookup->host, sizeof lookup->host);
    }
    free_lookup(lookup);
    return result;
}

static struct lookup *new_lookup(struct eddy_loop *loop, ssize_t (*work)(struct eddy_job *job))
{
    struct lookup *lookup = loop->allocator.resize(loop->allocator.context, NULL, 0, sizeof *lookup);
    if (lookup != NULL) {
        memset(lookup, 0, sizeof *lookup);
        lookup->job = (struct eddy_job){.work = work, .settle = settle_lookup, .mode = EDDY_JOB_ABANDON};
        lookup->loop = loop;
        lookup->table = eddyi_loop_threads(loop);
    }
    return lookup;
}

static int start_lookup(struct lookup *lookup, struct eddy_waiter *waiter)
{
    static const struct eddy_workers_options options = {.threads = LOOKUP_THREADS, .jobs = LOOKUPS_WAITING};
    struct eddy_workers *pool = eddyi_loop_pool(lookup->loop, &options, &options);
    int result = pool != NULL ? (int)eddy_work(pool, &lookup->job, waiter) : -ENOMEM;
    if (result != EDDY_PENDING) {
        free_lookup(lookup);
    }
    return result;
}

/* The addresses that need no system: RFC 6761 says which "localhost" has. Their number, or -EINVAL. */
static int parse_host(struct eddy_address addresses[2], const char *host, uint16_t port)
{
    if (strcasecmp(host, "localhost") == 0) {
        int error = eddy_address_parse(&addresses[0], "::1", port);
        return error == 0 ? 1 + (eddy_address_parse(&addresses[1], "127.0.0.1", port) == 0) : error;
    }
    int error = eddy_address_parse(&addresses[0], host, port);
    return error == 0 ? 1 : error;
}

/* 0; -ENOENT: it is an address, but not of this family; -EINVAL: it is none. */
static int resolve_numeric(struct eddy_names *names, const char *host, uint16_t port, int family)
{
    struct eddy_address addresses[2];
    int found = parse_host(addresses, host, port);
    if (found < 0) {
        return found;
    }
    for (int i = 0; i < found; i++) {
        if (family == 0 || addresses[i].any.sa_family == family) {
            bool all = family == 0;
            return give_addresses(names, &addresses[i], all ? (size_t)found : 1);
        }
    }
    return -ENOENT;
}

int eddy_resolve(struct eddy_names *names, const char *host, uint16_t port, int family, struct eddy_waiter *waiter)
{
    struct eddy_loop *loop = (struct eddy_loop *)(void *)waiter->scheduler; /* a loop begins with its scheduler */
    eddy_names_free(names);
    if (!eddyi_loop_is_usable(loop)) {
        return -ECHILD;
    }
    size_t length = strnlen(host, EDDY_HOST_MAX);
    if (length == 0 || length >= EDDY_HOST_MAX || (family != 0 && family != AF_INET && family != AF_INET6)) {
        return -EINVAL;
    }
    names->allocator = loop->allocator;
    names->lookup_error = 0;
    int error = resolve_numeric(names, host, port, family);
    if (error != -EINVAL) {
        return error == 0 ? (int)eddy_wait_settle(waiter, 0) : error;
    }
    struct lookup *lookup = new_lookup(loop, look_up_name);
    if (lookup == NULL) {
        return -ENOMEM;
    }
    memcpy(lookup->host, host, length);
    lookup->names = names;
    lookup->family = family;
    lookup->port = port;
    return start_lookup(lookup, waiter);
}

void eddy_names_free(struct eddy_names *names)
{
    if (names->addresses != NULL) {
        names->allocator.resize(names->allocator.context, names->addresses, names->count * sizeof *names->addresses, 0);
    }
    names->addresses = NULL;
    names->count = 0;
}

int eddy_resolve_address(const struct eddy_address *address, char host[EDDY_HOST_MAX], struct eddy_waiter *waiter)
{
    struct eddy_loop *loop = (struct eddy_loop *)(void *)waiter->scheduler;
    if (!eddyi_loop_is_usable(loop)) {
        return -ECHILD;
    }
    if (address->any.sa_family != AF_INET && address->any.sa_family != AF_INET6) {
        return -EINVAL;
    }
    struct lookup *lookup = new_lookup(loop, look_up_address);
    if (lookup == NULL) {
        return -ENOMEM;
    }
    lookup->addresses[0] = *address;
    lookup->host_out = host;
    return start_lookup(lookup, waiter);
}
