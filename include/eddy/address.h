/* eddy/address.h - a socket address: made from text, and back.
 *
 *     struct eddy_address address;
 *     int error = eddy_address_parse(&address, "127.0.0.1", 7777);
 *     printf("%s\n", eddy_address_text(&address, text));    127.0.0.1:7777
 */
#ifndef EDDY_ADDRESS_H
#define EDDY_ADDRESS_H

#include <eddy/api.h>
#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

EDDY_BEGIN_DECLS

struct eddy_address {
    socklen_t size;
    union {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
        struct sockaddr_un un;
    };
};

/* Which file a Unix socket in the file system is; inode == 0: none. */
struct eddy_socket_file {
    dev_t device;
    ino_t inode;
};

/* Room for every address's text and its closing NUL. */
#define EDDY_ADDRESS_TEXT 128

/* The numeric IPv4 or IPv6 address `host`, or "localhost" (127.0.0.1), with `port`. No name is
 * looked up. 0; -EINVAL: not such an address. */
EDDY_API int eddy_address_parse(struct eddy_address *address, const char *host, uint16_t port) EDDY_CHECK_RESULT;

/* The Unix socket at `path`; a first character '@' stands for the abstract name space.
 * 0; -EINVAL: empty; -ENAMETOOLONG: over 107 bytes. */
EDDY_API int eddy_address_unix(struct eddy_address *address, const char *path) EDDY_CHECK_RESULT;

/* The port of an IPv4 or IPv6 address; 0 for any other. */
EDDY_API uint16_t eddy_address_port(const struct eddy_address *address);

/* "127.0.0.1:80", "[::1]:80", "/run/echo.sock", "@echo", "unnamed" or "unknown", in `text`, which is
 * returned. */
EDDY_API const char *eddy_address_text(const struct eddy_address *address, char text[EDDY_ADDRESS_TEXT]);

EDDY_END_DECLS

#endif
