/* The commands that stand in files of their own: each does what the client's words say, and puts the answer. */
#ifndef EXAMPLES_RESP_VERBS_H
#define EXAMPLES_RESP_VERBS_H

#include "commands.h"

void resp_do_expire(struct resp_client *client);
void resp_do_pexpire(struct resp_client *client);
void resp_do_expireat(struct resp_client *client);
void resp_do_ttl(struct resp_client *client);
void resp_do_pttl(struct resp_client *client);
void resp_do_persist(struct resp_client *client);
void resp_do_get(struct resp_client *client);
void resp_do_set(struct resp_client *client);
void resp_do_setnx(struct resp_client *client);
void resp_do_setex(struct resp_client *client);
void resp_do_mset(struct resp_client *client);
void resp_do_mget(struct resp_client *client);
void resp_do_getdel(struct resp_client *client);
void resp_do_append(struct resp_client *client);
void resp_do_strlen(struct resp_client *client);
void resp_do_incr(struct resp_client *client);
void resp_do_decr(struct resp_client *client);
void resp_do_incrby(struct resp_client *client);
void resp_do_decrby(struct resp_client *client);
void resp_do_del(struct resp_client *client);
void resp_do_exists(struct resp_client *client);
void resp_do_type(struct resp_client *client);
void resp_do_dbsize(struct resp_client *client);
void resp_do_flushall(struct resp_client *client);

#endif
