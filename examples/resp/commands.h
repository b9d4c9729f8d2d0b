/* What 12_resp does for each command. */
#ifndef EXAMPLES_RESP_COMMANDS_H
#define EXAMPLES_RESP_COMMANDS_H

#include "parse.h"
#include "store.h"

#include <eddy/writer.h>

enum { RESP_ANSWER_MAX = 2 * 1024 * 1024 }; /* bytes of one answer, about */

/* A client, who sends commands and gets answers. */
struct resp_client {
    struct resp_store *store;
    struct eddy_writer *writer;
    eddy_ns now;
    const struct eddy_slice *word; /* of the command that is done */
    size_t count;                  /* of them */
    int64_t number;
    int error;  /* what the writer refused an answer with; nothing more is put */
    bool quits; /* it is closed once its answers are sent */
    bool armed; /* a key has got a deadline: sweep again */
};

/* Do what `command`, which has a word or more, says, and put the answer. */
void resp_execute(struct resp_client *client, const struct resp_command *command);

#endif
