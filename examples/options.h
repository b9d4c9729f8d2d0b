/* What the example servers share: --host, --port and --unix, options of their own, and the first lines they print. */
#ifndef EXAMPLES_OPTIONS_H
#define EXAMPLES_OPTIONS_H

#include <eddy/address.h>
#include <eddy/time.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTIONS_OWN_MAX = 16, OPTIONS_OWN_FIRST = 1000 };

/* An option that one example has beside those of all: --NAME VALUE. A list of them ends with a zeroed one. */
struct options_own {
    const char *name;
    const char *value; /* what the usage calls it: "DIR" */
    const char *text;  /* what stands there before is the default; then what was given */
};

/* Print the usage. The exit status. */
static inline int options_usage(const char *program, const struct options_own *own)
{
    fprintf(stderr, "usage: %s [--host ADDRESS] [--port NUMBER] [--unix PATH]", program);
    for (; own != NULL && own->name != NULL; own++) {
        fprintf(stderr, own->text != NULL ? " [--%s %s]" : " --%s %s", own->name, own->value);
    }
    fputc('\n', stderr);
    return 2;
}

/* The address that the arguments ask for; without any, 127.0.0.1 and `port`; and the texts of `own` options. False:
 * they are wrong, or an own option without a default was not given; a usage line was printed. */
static inline bool options_parse_own(int argc, char **argv, long port, struct eddy_address *address,
                                     struct options_own *own)
{
    struct option known[OPTIONS_OWN_MAX + 4] = {{"host", required_argument, NULL, 'h'},
                                                {"port", required_argument, NULL, 'p'},
                                                {"unix", required_argument, NULL, 'u'}};
    const struct options_own *usage = own;
    const char *host = "127.0.0.1";
    const char *path = NULL;
    bool good = true;
    int option;
    for (int i = 0; own != NULL && own[i].name != NULL && i < OPTIONS_OWN_MAX; i++) {
        known[i + 3] = (struct option){own[i].name, required_argument, NULL, OPTIONS_OWN_FIRST + i};
    }
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        char *rest = NULL;
        host = option == 'h' ? optarg : host;
        path = option == 'u' ? optarg : path;
        port = option == 'p' ? strtol(optarg, &rest, 10) : port;
        good = good && option != '?' && (option != 'p' || (*optarg != '\0' && *rest == '\0'));
        if (option >= OPTIONS_OWN_FIRST) {
            own[option - OPTIONS_OWN_FIRST].text = optarg;
        }
    }
    for (; own != NULL && own->name != NULL; own++) {
        good = good && own->text != NULL;
    }
    good = good && optind == argc && port >= 0 && port <= UINT16_MAX &&
           (path != NULL ? eddy_address_unix(address, path) : eddy_address_parse(address, host, (uint16_t)port)) == 0;
    if (!good) {
        options_usage(argv[0], usage);
    }
    return good;
}

/* The same without any of its own. */
static inline bool options_parse(int argc, char **argv, long port, struct eddy_address *address)
{
    return options_parse_own(argc, argv, port, address, NULL);
}

/* An own option's text as a whole number. False: it is none, or not from `least` to `most`. */
static inline bool options_number(const struct options_own *own, long least, long most, long *number)
{
    char *rest = NULL;
    *number = strtol(own->text, &rest, 10);
    return *own->text != '\0' && *rest == '\0' && *number >= least && *number <= most;
}

/* An own option's text as seconds, which may have a fraction. False: it is no span, or not positive. */
static inline bool options_span(const struct options_own *own, eddy_ns *span)
{
    char *rest = NULL;
    double seconds = strtod(own->text, &rest);
    bool good = *own->text != '\0' && *rest == '\0' && seconds >= 0.001 && seconds <= 1e6;
    *span = good ? (eddy_ns)(seconds * 1e9) : 0;
    return good;
}

/* "listening on ADDRESS", before anything else. */
static inline void options_listening(const struct eddy_address *address)
{
    char text[EDDY_ADDRESS_TEXT];
    printf("listening on %s\n", eddy_address_text(address, text));
    fflush(stdout);
}

/* The same, and the command that talks to it. */
static inline void options_announce(const struct eddy_address *address)
{
    char text[EDDY_ADDRESS_TEXT];
    printf("listening on %s\n", eddy_address_text(address, text));
    if (address->any.sa_family == AF_UNIX) {
        printf("try: nc -U %s\n", text);
    } else {
        char *colon = strrchr(text, ':');
        *colon = '\0';
        bool bracketed = text[0] == '[';
        printf("try: nc %.*s %s\n", (int)strlen(text) - 2 * bracketed, text + bracketed, colon + 1);
    }
    fflush(stdout);
}

/* Say why nothing listens there. The exit status. */
static inline int options_fail(const char *program, const struct eddy_address *address, int error)
{
    char text[EDDY_ADDRESS_TEXT];
    fprintf(stderr, "%s: cannot listen on %s: %s\n", program, eddy_address_text(address, text), strerror(-error));
    return 1;
}

#endif
