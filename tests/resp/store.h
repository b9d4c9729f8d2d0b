/* store.h - what the tests of 12_resp share. */
#ifndef RESP_STORE_H
#define RESP_STORE_H

#include "command.h"
#include "peers.h"

static inline int store_setup(void **state)
{
    int error = server_setup(state);
    if (error == 0) {
        ((struct server *)*state)->program = RESP_SERVER;
    }
    return error;
}

#define STORE_TEST(test) cmocka_unit_test_setup_teardown(test, store_setup, server_teardown)

static const struct manners store_manners = {"*1\r\n$4\r\nPING\r\n", "+PONG\r\n"};

#endif
