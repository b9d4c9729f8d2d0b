/* What the example servers share: --host, --port and --unix, and the first lines they print. */
#ifndef EXAMPLES_OPTIONS_H
#define EXAMPLES_OPTIONS_H

#include <eddy/address.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The address that the arguments ask for; without any, 127.0.0.1 and `port`. False: they are wrong, and a
 * usage line was printed. */
static inline bool options_parse(int argc, char **argv, long port, struct eddy_address *address)
{
    static const struct option known[] = {{"host", required_argument, NULL, 'h'},
                                          {"port", required_argument, NULL, 'p'},
                                          {"unix", required_argument, NULL, 'u'},
                                          {0}};
    const char *host = "127.0.0.1";
    const char *path = NULL;
    bool good = true;
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        char *rest = NULL;
        host = option == 'h' ? optarg : host;
        path = option == 'u' ? optarg : path;
        port = option == 'p' ? strtol(optarg, &rest, 10) : port;
        good = good && option != '?' && (option != 'p' || (*optarg != '\0' && *rest == '\0'));
    }
    good = good && optind == argc && port >= 0 && port <= UINT16_MAX &&
           (path != NULL ? eddy_address_unix(address, path) : eddy_address_parse(address, host, (uint16_t)port)) == 0;
    if (!good) {
        fprintf(stderr, "usage: %s [--host ADDRESS] [--port NUMBER] [--unix PATH]\n", argv[0]);
    }
    return good;
}

/* "listening on ADDRESS", and the command that talks to it. */
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
