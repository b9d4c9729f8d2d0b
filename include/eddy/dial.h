/* eddy/dial.h - connect to a name: all its addresses, the first that answers.
 *
 *     EDDY_CALL(my->error, eddy_dial, .stream = &my->stream, .host = "example.org", .port = 80, .report = &my->report);
 *     if (my->error < 0) puts(eddy_dial_text(&my->report, my->text, sizeof my->text));
 *
 * Happy eyeballs (RFC 8305): IPv6 and IPv4 addresses by turns, beginning with the family that the system sorts
 * first; the next attempt begins 250 ms after the last, or at once when one fails; who is first wins, and all others
 * are closed. One deadline is over all of it, names included. The system gives the addresses of both families
 * together, so there is no resolution delay; of more addresses than EDDY_DIAL_ATTEMPTS the first are tried.
 */
#ifndef EDDY_DIAL_H
#define EDDY_DIAL_H

#include <eddy/frame.h>
#include <eddy/group.h>
#include <eddy/resolve.h>
#include <eddy/scope.h>
#include <eddy/stream.h>

EDDY_BEGIN_DECLS

#define EDDY_DIAL_ATTEMPTS 16

struct eddyi_dial;

/* What was tried, and how it went. */
struct eddy_dial_attempt {
    struct eddy_address address;
    int error;     /* 0: it won; -ECANCELED: another was faster, or time was up, or dialling was cancelled */
    eddy_ns began; /* since the start */
    eddy_ns took;
};

struct eddy_dial_report {
    char host[EDDY_HOST_MAX];
    uint16_t port;
    int error;         /* the result */
    int lookup_error;  /* EAI_ code, if the name was the trouble */
    eddy_ns looked_up; /* how long the name took */
    size_t count;
    struct eddy_dial_attempt attempts[EDDY_DIAL_ATTEMPTS];
};

/* The report in one line: "example.org:80: [2001:db8::1]:80: connection refused (1 ms); 192.0.2.1:80: timed out (30
 * s)". Cut to `size` bytes (> 0) with the closing NUL. Returns `text`. */
EDDY_API const char *eddy_dial_text(const struct eddy_dial_report *report, char *text, size_t size);

#ifndef __cplusplus

/* Connect `stream`. Returns 0; -ETIMEDOUT: `timeout` was over; as eddy_resolve() for the name; if all attempts
 * failed, the first error that is not -ENETUNREACH, -EHOSTUNREACH, -EADDRNOTAVAIL or -EAFNOSUPPORT, or else the
 * first; -ENOMEM. After an error, and when it is cancelled, there is no stream, as after eddy_stream_connect(). A
 * socket that met itself (see there) is a failed attempt: -EADDRINUSE. */
struct eddy_dial {
    EDDY_FRAME_RET(int);
    /* arguments */
    struct eddy_stream *stream;
    const char *host; /* a name, or a numeric address; copied at its first step */
    uint16_t port;
    int family;                      /* AF_INET, AF_INET6; 0: both */
    eddy_ns timeout;                 /* 0: 30 s; EDDY_FOREVER */
    eddy_ns delay;                   /* between attempts; 0: 250 ms */
    struct eddy_dial_report *report; /* or NULL; must live until it has ended */
    /* private */
    struct eddyi_dial *dial;
    size_t next;
    int turn;
};
EDDY_API EDDY_CORO_DECLARE(eddy_dial);

#endif

EDDY_END_DECLS

#endif
