/* Commands of the Redis protocol: arrays of bulk strings, or words on a line. Nothing is copied. */
#ifndef EXAMPLES_RESP_PARSE_H
#define EXAMPLES_RESP_PARSE_H

#include <eddy/reader.h>
#include <stddef.h>
#include <sys/types.h>

enum {
    RESP_WORDS_MAX = 1024,              /* of a command */
    RESP_WORD_MAX = 1024 * 1024,        /* bytes of a word: a key or a value */
    RESP_COMMAND_MAX = 2 * 1024 * 1024, /* bytes of a command */
    RESP_LINE_MAX = 8192,               /* bytes of a command that is a line */
};

struct resp_command {
    size_t count; /* 0: an empty line */
    struct eddy_slice words[RESP_WORDS_MAX];
};

/* The command that `data` begins with; its words point into `data`. > 0: how many bytes it has. 0: it is not all there;
 * *need is how many bytes it has at least. -1: malformed, or over a limit: *why says it, as an answer. */
ssize_t resp_parse(char *data, size_t size, struct resp_command *command, size_t *need, const char **why);

#endif
