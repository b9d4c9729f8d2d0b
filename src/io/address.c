#include <eddy/address.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define PATH_OFFSET offsetof(struct sockaddr_un, sun_path)

int eddy_address_parse(struct eddy_address *address, const char *host, uint16_t port)
{
    memset(address, 0, sizeof *address);
    if (strcmp(host, "localhost") == 0) {
        host = "127.0.0.1";
    }
    if (inet_pton(AF_INET, host, &address->in.sin_addr) == 1) {
        address->in.sin_family = AF_INET;
        address->in.sin_port = htons(port);
        address->size = sizeof address->in;
        return 0;
    }
    if (inet_pton(AF_INET6, host, &address->in6.sin6_addr) == 1) {
        address->in6.sin6_family = AF_INET6;
        address->in6.sin6_port = htons(port);
        address->size = sizeof address->in6;
        return 0;
    }
    return -EINVAL;
}

int eddy_address_unix(struct eddy_address *address, const char *path)
{
    memset(address, 0, sizeof *address);
    size_t length = strlen(path);
    bool is_abstract = path[0] == '@';
    if (length == 0 || (is_abstract && length == 1)) {
        return -EINVAL;
    }
    if (length >= sizeof address->un.sun_path) {
        return -ENAMETOOLONG;
    }
    address->un.sun_family = AF_UNIX;
    memcpy(address->un.sun_path, path, length);
    if (is_abstract) {
        address->un.sun_path[0] = '\0'; /* the name ends where the address does, not at a NUL */
    }
    address->size = (socklen_t)(PATH_OFFSET + length + !is_abstract);
    return 0;
}

uint16_t eddy_address_port(const struct eddy_address *address)
{
    switch (address->any.sa_family) {
    case AF_INET:
        return ntohs(address->in.sin_port);
    case AF_INET6:
        return ntohs(address->in6.sin6_port);
    default:
        return 0;
    }
}

/* A Unix address may have no path (an unnamed end), and a path need not end in NUL. */
static void unix_text(const struct eddy_address *address, char text[EDDY_ADDRESS_TEXT])
{
    const char *path = address->un.sun_path;
    size_t length = address->size > PATH_OFFSET ? address->size - PATH_OFFSET : 0;
    length = length < sizeof address->un.sun_path ? length : sizeof address->un.sun_path;
    if (length == 0) {
        snprintf(text, EDDY_ADDRESS_TEXT, "unnamed");
    } else if (path[0] == '\0') {
        snprintf(text, EDDY_ADDRESS_TEXT, "@%.*s", (int)length - 1, path + 1);
    } else {
        snprintf(text, EDDY_ADDRESS_TEXT, "%.*s", (int)length, path);
    }
}

const char *eddy_address_text(const struct eddy_address *address, char text[EDDY_ADDRESS_TEXT])
{
    char host[INET6_ADDRSTRLEN] = "";
    switch (address->any.sa_family) {
    case AF_INET:
        inet_ntop(AF_INET, &address->in.sin_addr, host, sizeof host);
        snprintf(text, EDDY_ADDRESS_TEXT, "%s:%u", host, (unsigned)eddy_address_port(address));
        break;
    case AF_INET6:
        inet_ntop(AF_INET6, &address->in6.sin6_addr, host, sizeof host);
        snprintf(text, EDDY_ADDRESS_TEXT, "[%s]:%u", host, (unsigned)eddy_address_port(address));
        break;
    case AF_UNIX:
        unix_text(address, text);
        break;
    default:
        snprintf(text, EDDY_ADDRESS_TEXT, "unknown");
    }
    return text;
}
