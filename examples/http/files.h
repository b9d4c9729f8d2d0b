/* The files that 10_http serves: what a request's target names below a directory, and never anything else. */
#ifndef EXAMPLES_HTTP_FILES_H
#define EXAMPLES_HTTP_FILES_H

#include <sys/types.h>

struct http_file {
    int fd; /* to be closed */
    off_t size;
    const char *type; /* "text/html; charset=utf-8" */
};

/* Open what `target` ("/a%20b.txt?x") names below the directory `root`; for a directory its index.html. 200, or the
 * status that says why not: 400, 403, 404, 500 or 503; then nothing is open. A symbolic link is followed as long as
 * it stays below; on systems before Linux 5.6, none is. */
int http_files_open(int root, const char *target, struct http_file *file);

#endif
