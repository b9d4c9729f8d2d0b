/* eddy/resolve.h - names into addresses, and back.
 *
 *     EDDY_AWAIT(my->n, eddy_resolve(&my->names, "example.org", 80, 0, me));
 *     for (i = 0; i < my->names.count; i++) ... my->names.addresses[i] ...
 *     eddy_names_free(&my->names);
 *
 * The system's own getaddrinfo, with all that /etc says, on threads that do nothing else, four at the most: slow
 * names delay names, not other work. A lookup that is cancelled ends at once; its thread goes on alone until the
 * system answers, and eddy_loop_fini() waits for it. Numeric addresses and "localhost" need no thread.
 */
#ifndef EDDY_RESOLVE_H
#define EDDY_RESOLVE_H

#include <eddy/address.h>
#include <eddy/alloc.h>
#include <eddy/wait.h>
#include <stddef.h>

EDDY_BEGIN_DECLS

#define EDDY_NAMES_MAX 32

/* The addresses of a name, in the system's order (RFC 6724), each once. Zero it before its first use. */
struct eddy_names {
    /* read-only */
    struct eddy_address *addresses;
    size_t count;
    int lookup_error; /* getaddrinfo's own EAI_ code, for gai_strerror(); 0: it did not fail */
    /* private */
    struct eddy_allocator allocator; /* theirs; the loop may be gone */
};

/* Look up `host`, up to 255 bytes, for TCP. `family`: AF_INET, AF_INET6, or 0 for both. 0: there is at least one
 * address, EDDY_NAMES_MAX at the most. -ENOENT: no such name, or none of this family; -EAGAIN: no answer for now, or
 * no thread; -EIO: the name service failed; -EMFILE, -ENFILE; -EINVAL: an empty or overlong name, or a bad family;
 * -ENOBUFS: 256 lookups wait; -ENOMEM; -ECHILD; parked: -ECANCELED, -ETIMEDOUT. Frees what `names` had before.
 * `host` is copied; `names` is used until the result is there. */
EDDY_API int eddy_resolve(struct eddy_names *names, const char *host, uint16_t port, int family,
                          struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

/* Free the addresses. Allowed twice, and on zeroed memory; not while a lookup is going on. */
EDDY_API void eddy_names_free(struct eddy_names *names);

#define EDDY_HOST_MAX 256

/* The name of an address, into `host`, which is used until the result is there. 0; -ENOENT: it has none; -EINVAL:
 * not an IPv4 or IPv6 address; else as eddy_resolve(). */
EDDY_API int eddy_resolve_address(const struct eddy_address *address, char host[EDDY_HOST_MAX],
                                  struct eddy_waiter *waiter) EDDY_CHECK_RESULT;

EDDY_END_DECLS

#endif
