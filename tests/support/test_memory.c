/* The counting allocator, and the accounts of what is open. */
#include "support/test_os.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In front of each block stands its size, so that a wrong old_size is found; 16 bytes, to keep
 * malloc's alignment. */
union header {
    size_t size;
    max_align_t align;
};

static void insist(bool is_so, const char *what)
{
    if (!is_so) {
        fprintf(stderr, "allocator: %s\n", what);
        abort();
    }
}

void *test_os_resize(void *context, void *block, size_t old_size, size_t new_size)
{
    struct test_os *os = context;
    union header *header = block == NULL ? NULL : (union header *)block - 1;
    insist(header == NULL ? old_size == 0 : header->size == old_size, "old_size is not what was asked for before");
    if (new_size == 0) {
        insist(header != NULL, "nothing is freed");
        memset(block, 0xA5, old_size); /* who still looks there sees it */
        free(header);
        os->blocks--;
        os->bytes -= (long)old_size;
        return NULL;
    }
    if (test_os_strike(os, TEST_ALLOCATE) < 0) {
        return NULL;
    }
    union header *fresh = malloc(sizeof *fresh + new_size); /* moves always: who kept the old address finds out */
    insist(fresh != NULL, "the system is out of memory");
    fresh->size = new_size;
    memset(fresh + 1, 0x5A, new_size);
    if (header != NULL) {
        memcpy(fresh + 1, block, old_size < new_size ? old_size : new_size);
        memset(block, 0xA5, old_size);
        free(header);
    } else {
        os->blocks++;
    }
    os->bytes += (long)new_size - (long)old_size;
    return fresh + 1;
}

static int count_fds(void)
{
    DIR *directory = opendir("/proc/self/fd");
    if (directory == NULL) {
        return -1;
    }
    int count = -3; /* ".", ".." and the directory itself */
    while (readdir(directory) != NULL) {
        count++;
    }
    closedir(directory);
    return count;
}

static int count_registrations(int epfd)
{
    char path[64];
    char line[256];
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", epfd);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return -1;
    }
    int count = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        count += strncmp(line, "tfd:", 4) == 0;
    }
    fclose(file);
    return count;
}

struct test_snapshot test_snapshot_take(const struct test_os *os, const struct eddy_loop *loop)
{
    return (struct test_snapshot){
        .fds = count_fds(),
        .registrations = loop != NULL ? count_registrations(loop->poller.epfd) : 0,
        .blocks = os->blocks,
        .bytes = os->bytes,
    };
}

const char *test_snapshot_compare(const struct test_snapshot *before, const struct test_snapshot *after)
{
    static char text[160];
    bool lives = after->registrations > 0;
    bool same_memory = lives || (before->blocks == after->blocks && before->bytes == after->bytes);
    if (before->fds == after->fds && before->registrations == after->registrations && same_memory) {
        return NULL;
    }
    snprintf(text, sizeof text,
             "leaked: descriptors %d -> %d, registrations %d -> %d, blocks %ld -> %ld, bytes %ld -> %ld", before->fds,
             after->fds, before->registrations, after->registrations, before->blocks, after->blocks, before->bytes,
             after->bytes);
    return text;
}
