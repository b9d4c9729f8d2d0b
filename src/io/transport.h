/* A transport's insides, for who takes a shorter way where it is a socket. */
#ifndef EDDYI_IO_TRANSPORT_H
#define EDDYI_IO_TRANSPORT_H

#include <eddy/transport.h>

/* Sockets as transports. */
extern const struct eddy_transport_kind eddyi_stream_transport_kind;

#endif
