/* A foreign descriptor can be closed by its owner, and its number come to name another file that is
 * registered here, too. `owners` says which slot registered a number last, so that an interest that
 * missed the change leaves the other's registration alone. */
#include "loop/interest.h"

#include <errno.h>
#include <string.h>

#define OWNERS_STEP 64u

void eddyi_interest_init(struct eddy_interest *interest, int fd)
{
    eddy_list_init(&interest->dirty);
    interest->fd = fd;
    interest->slot = 0;
    interest->known = 0;
    interest->wanted = 0;
}

int eddyi_interest_registered(const struct eddy_poller *poller, const struct eddy_interest *interest)
{
    bool owns = interest->known != 0 && poller->owners[interest->fd] == interest->slot + 1;
    return owns ? interest->fd : -1;
}

static int reserve_owner(struct eddy_poller *poller, int fd)
{
    uint32_t old_size = poller->owners_size;
    if (fd < 0) {
        return -EBADF;
    }
    if ((uint32_t)fd < old_size) {
        return 0;
    }
    uint32_t size = ((uint32_t)fd / OWNERS_STEP + 1) * OWNERS_STEP;
    size = size < old_size * 2 ? old_size * 2 : size;
    uint32_t *owners = poller->allocator.resize(poller->allocator.context, poller->owners, old_size * sizeof *owners,
                                                size * sizeof *owners);
    if (owners == NULL) {
        return -ENOMEM;
    }
    memset(owners + old_size, 0, (size - old_size) * sizeof *owners);
    poller->owners = owners;
    poller->owners_size = size;
    return 0;
}

static int add(struct eddy_poller *poller, struct eddy_interest *interest, const struct eddyi_source_kind *kind,
               void *source, uint32_t mask)
{
    int error = reserve_owner(poller, interest->fd);
    if (error == 0) {
        error = eddyi_poller_add(poller, kind, source, interest->fd, mask, &interest->slot);
    }
    if (error == 0) {
        poller->owners[interest->fd] = interest->slot + 1;
    }
    return error;
}

int eddyi_interest_want(struct eddy_poller *poller, struct eddy_interest *interest,
                        const struct eddyi_source_kind *kind, void *source, uint32_t mask)
{
    if (interest->known != 0 && eddyi_interest_registered(poller, interest) < 0) {
        eddyi_interest_drop(poller, interest); /* the number is another's by now */
    }
    if ((mask & ~interest->known) != 0) {
        int error = interest->known == 0 ? add(poller, interest, kind, source, mask)
                                         : eddyi_poller_modify(poller, interest->slot, interest->fd, mask);
        if (error < 0) {
            return error;
        }
        interest->known = mask;
    }
    interest->wanted = mask;
    eddy_list_remove(&interest->dirty);
    if (interest->known != mask) {
        eddy_list_append(&poller->dirty, &interest->dirty);
    }
    return 0;
}

void eddyi_interest_drop(struct eddy_poller *poller, struct eddy_interest *interest)
{
    eddy_list_remove(&interest->dirty);
    if (eddyi_interest_registered(poller, interest) >= 0) {
        poller->owners[interest->fd] = 0;
        eddyi_poller_remove(poller, interest->slot, interest->fd);
    } else if (interest->known != 0) {
        eddyi_poller_forget(poller, interest->slot);
    }
    interest->known = 0;
    interest->wanted = 0;
}

void eddyi_interest_flush(struct eddy_poller *poller)
{
    struct eddy_list *link;
    while ((link = eddy_list_first(&poller->dirty)) != NULL) {
        struct eddy_interest *interest = EDDY_CONTAINER(link, struct eddy_interest, dirty);
        eddy_list_remove(link);
        if (interest->wanted == 0 || eddyi_interest_registered(poller, interest) < 0) {
            eddyi_interest_drop(poller, interest);
        } else if (eddyi_poller_modify(poller, interest->slot, interest->fd, interest->wanted) == 0) {
            interest->known = interest->wanted;
        } else { /* its owner closed it, and a copy that lives on would fire for ever */
            eddyi_interest_drop(poller, interest);
        }
    }
}
