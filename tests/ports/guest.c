/* Preloaded into a guest of qemu-user, this does two things that Linux does and it does not:
 * - the pages that madvise() is given MADV_WIPEONFORK for are zero in a child of fork (at most MARKS of each thread);
 * - /proc/self/exe can be executed: it is the script EMULATED, see emulate.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

enum { MARKS = 256 };

static _Thread_local struct {
    void *page;
    size_t size;
} marks[MARKS];

static void replace(const void *page, void *by, size_t size)
{
    for (size_t i = 0; i < MARKS; i++) {
        if (marks[i].page == page) {
            marks[i].page = by;
            marks[i].size = size;
            return;
        }
    }
}

int madvise(void *page, size_t size, int advice)
{
    if (advice == MADV_WIPEONFORK) {
        replace(NULL, page, size);
    }
    return (int)syscall(SYS_madvise, page, size, advice);
}

int munmap(void *page, size_t size)
{
    replace(page, NULL, 0);
    return (int)syscall(SYS_munmap, page, size);
}

pid_t fork(void)
{
    pid_t (*real)(void) = (pid_t(*)(void))dlsym(RTLD_NEXT, "fork");
    pid_t child = real();
    for (size_t i = 0; child == 0 && i < MARKS; i++) {
        if (marks[i].page) {
            memset(marks[i].page, 0, marks[i].size);
        }
    }
    return child;
}

int execv(const char *path, char *const arguments[])
{
    int (*real)(const char *, char *const[]) = (int (*)(const char *, char *const[]))dlsym(RTLD_NEXT, "execv");
    const char *script = getenv("EMULATED");
    return real(script && strcmp(path, "/proc/self/exe") == 0 ? script : path, arguments);
}

/* Programs of this machine, which a guest may start, cannot load it. */
__attribute__((constructor)) static void begin(void)
{
    unsetenv("LD_PRELOAD");
}
