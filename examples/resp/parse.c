#include "parse.h"

#include <stdbool.h>
#include <string.h>

struct input {
    char *at;
    char *end;
    const char *why; /* of what is malformed */
};

enum outcome { GOOD, MORE, BAD };

static enum outcome bad(struct input *input, const char *why)
{
    input->why = why;
    return BAD;
}

/* A number that ends with "\r\n", which is passed over. */
static enum outcome number(struct input *input, long most, long *value, const char *why)
{
    char *at = input->at;
    bool minus = at < input->end && *at == '-';
    long sum = 0;
    at += minus;
    char *first = at;
    while (at < input->end && *at >= '0' && *at <= '9') {
        sum = sum * 10 + (*at++ - '0');
        if (sum > most) {
            return bad(input, why);
        }
    }
    if (at == input->end || (at + 1 == input->end && *at == '\r' && at > first)) {
        return at - first > 10 ? bad(input, why) : MORE;
    }
    if (at == first || at[0] != '\r' || at[1] != '\n') {
        return bad(input, why);
    }
    *value = minus ? -sum : sum;
    input->at = at + 2;
    return GOOD;
}

static enum outcome word(struct input *input, struct eddy_slice *word, size_t *lacking)
{
    long size;
    *lacking = 1;
    if (input->at == input->end) {
        return MORE;
    }
    if (*input->at != '$') {
        return bad(input, "-ERR Protocol error: expected '$'\r\n");
    }
    input->at++;
    enum outcome outcome = number(input, RESP_WORD_MAX, &size, "-ERR Protocol error: invalid bulk length\r\n");
    if (outcome != GOOD) {
        return outcome;
    }
    if (size < 0) {
        return bad(input, "-ERR Protocol error: invalid bulk length\r\n");
    }
    size_t there = (size_t)(input->end - input->at);
    if (there < (size_t)size + 2) {
        *lacking = (size_t)size + 2 - there;
        return MORE;
    }
    *word = (struct eddy_slice){input->at, (size_t)size};
    input->at += size;
    if (input->at[0] != '\r' || input->at[1] != '\n') {
        return bad(input, "-ERR Protocol error: a bulk string without its end\r\n");
    }
    input->at += 2;
    return GOOD;
}

static enum outcome parse_array(struct input *input, struct resp_command *command, size_t *lacking)
{
    long count;
    input->at++;
    *lacking = 1;
    enum outcome outcome = number(input, RESP_WORDS_MAX, &count, "-ERR Protocol error: invalid multibulk length\r\n");
    for (; outcome == GOOD && (long)command->count < count; command->count++) {
        outcome = word(input, &command->words[command->count], lacking);
    }
    return outcome;
}

/* Words between blanks; one in quotes may contain some. */
static enum outcome parse_line(struct input *input, struct resp_command *command)
{
    size_t room = (size_t)(input->end - input->at);
    char *end = memchr(input->at, '\n', room < RESP_LINE_MAX ? room : RESP_LINE_MAX);
    if (end == NULL) {
        return room < RESP_LINE_MAX ? MORE : bad(input, "-ERR Protocol error: too big inline request\r\n");
    }
    char *at = input->at;
    input->at = end + 1;
    end -= end > at && end[-1] == '\r';
    for (;;) {
        while (at < end && (*at == ' ' || *at == '\t')) {
            at++;
        }
        if (at == end) {
            return GOOD;
        }
        if (command->count == RESP_WORDS_MAX) {
            return bad(input, "-ERR Protocol error: too many words\r\n");
        }
        char quote = *at == '"' || *at == '\'' ? *at++ : ' ';
        char *stop = memchr(at, quote, (size_t)(end - at));
        if (stop == NULL && quote != ' ') {
            return bad(input, "-ERR Protocol error: unbalanced quotes in request\r\n");
        }
        stop = stop != NULL ? stop : end;
        command->words[command->count++] = (struct eddy_slice){at, (size_t)(stop - at)};
        at = stop + (quote != ' ');
    }
}

ssize_t resp_parse(char *data, size_t size, struct resp_command *command, size_t *need, const char **why)
{
    struct input input = {data, data + size, NULL};
    size_t lacking = 1;
    command->count = 0;
    enum outcome outcome = *data == '*' ? parse_array(&input, command, &lacking) : parse_line(&input, command);
    if (outcome == GOOD) {
        return input.at - data;
    }
    *need = size + lacking;
    if (outcome == MORE && *need > RESP_COMMAND_MAX) {
        outcome = bad(&input, "-ERR Protocol error: the command is too long\r\n");
    }
    *why = input.why;
    return outcome == BAD ? -1 : 0;
}
