#define _GNU_SOURCE
#include "files.h"
#include "request.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* O_NONBLOCK: to open a FIFO must not wait for its writer. */
#define OPEN_FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

static const char index_name[] = "/index.html";

enum { PATH_ROOM = 1 + HTTP_TARGET_MAX + sizeof index_name };

/* ---- Names ----------------------------------------------------------------------------- */

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

/* One byte of the target, which moves on; -1: malformed. */
static int decode(const char **target)
{
    const char *text = *target;
    int byte = (unsigned char)*text;
    *target += 1;
    if (byte == '%') {
        int high = hex_digit(text[1]);
        int low = high < 0 ? -1 : hex_digit(text[2]);
        byte = low < 0 ? -1 : high * 16 + low;
        *target += 2;
    }
    return byte < 0x20 || byte == 0x7f ? -1 : byte;
}

static bool climbs(const char *path)
{
    for (const char *part = path; part != NULL; part = strchr(part, '/')) {
        part += *part == '/';
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0')) {
            return true;
        }
    }
    return false;
}

/* The target without its query, as a path that begins with "./". 200, or the error. */
static int path_of(const char *target, char path[PATH_ROOM])
{
    if (*target != '/') {
        return 400;
    }
    size_t size = 1;
    path[0] = '.';
    while (*target != '\0' && *target != '?' && *target != '#') {
        int byte = decode(&target);
        if (byte < 0) {
            return 400;
        }
        path[size++] = (char)byte;
    }
    path[size] = '\0';
    return climbs(path) ? 403 : 200;
}

/* ---- Opening --------------------------------------------------------------------------- */

/* Without openat2: part by part, and no symbolic link at all. */
static int open_by_parts(int root, char *path)
{
    int directory = root;
    char *part = path;
    char *slash;
    while (directory >= 0 && (slash = strchr(part, '/')) != NULL) {
        *slash = '\0';
        int next = openat(directory, part[0] == '\0' ? "." : part, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        *slash = '/';
        if (directory != root) {
            close(directory);
        }
        directory = next;
        part = slash + 1;
    }
    int fd = directory < 0 ? -1 : openat(directory, part[0] == '\0' ? "." : part, OPEN_FLAGS | O_NOFOLLOW);
    if (directory >= 0 && directory != root) {
        int error = errno;
        close(directory);
        errno = error;
    }
    return fd;
}

static int open_below(int root, char *path)
{
    static bool lacking;
    if (!lacking) {
        struct open_how how = {.flags = OPEN_FLAGS, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
        int fd;
        do { /* EAGAIN: somebody has renamed a directory meanwhile */
            fd = (int)syscall(SYS_openat2, root, path, &how, sizeof how);
        } while (fd < 0 && (errno == EINTR || errno == EAGAIN));
        if (fd >= 0 || (errno != ENOSYS && errno != EPERM)) { /* EPERM: a sandbox that does not know it */
            return fd;
        }
        lacking = true;
    }
    return open_by_parts(root, path);
}

static int status_of(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ENAMETOOLONG:
        return 404;
    case EACCES:
    case EPERM:
    case ELOOP:
    case EXDEV: /* it leads out */
    case ENXIO: /* a socket */
    case ENODEV:
        return 403;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
        return 503;
    default:
        return 500;
    }
}

/* ---- Kinds ----------------------------------------------------------------------------- */

static const char *type_of(const char *path)
{
    static const char *const types[][2] = {
        {".html", "text/html; charset=utf-8"},
        {".htm", "text/html; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".mjs", "text/javascript; charset=utf-8"},
        {".json", "application/json"},
        {".txt", "text/plain; charset=utf-8"},
        {".md", "text/plain; charset=utf-8"},
        {".c", "text/plain; charset=utf-8"},
        {".h", "text/plain; charset=utf-8"},
        {".xml", "application/xml"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".jpg", "image/jpeg"},
        {".jpeg", "image/jpeg"},
        {".gif", "image/gif"},
        {".webp", "image/webp"},
        {".ico", "image/x-icon"},
        {".woff2", "font/woff2"},
        {".wasm", "application/wasm"},
        {".pdf", "application/pdf"},
        {".mp4", "video/mp4"},
        {".mp3", "audio/mpeg"},
    };
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot != NULL && i < sizeof types / sizeof *types; i++) {
        if (strcasecmp(dot, types[i][0]) == 0) {
            return types[i][1];
        }
    }
    return "application/octet-stream";
}

int http_files_open(int root, const char *target, struct http_file *file)
{
    char path[PATH_ROOM];
    struct stat info;
    int status = path_of(target, path);
    if (status != 200) {
        return status;
    }
    for (int tries = 0; tries < 2; tries++) {
        file->fd = open_below(root, path);
        if (file->fd < 0) {
            return status_of(errno);
        }
        mode_t kind = fstat(file->fd, &info) == 0 ? info.st_mode & S_IFMT : 0;
        if (kind == S_IFREG) {
            file->size = info.st_size;
            file->type = type_of(path);
            return 200;
        }
        close(file->fd);
        if (kind != S_IFDIR) {
            return 403;
        }
        strcat(path, index_name);
    }
    return 403;
}
