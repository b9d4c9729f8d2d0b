/* 12_resp and its real clients: redis-cli and redis-benchmark. */
#include "store.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static unsigned port_of(const struct server *server)
{
    return ntohs(((const struct sockaddr_in *)&server->address)->sin_port);
}

static void start(struct server *server)
{
    command_need("redis-cli");
    server_start(server, "--port", "0", NULL);
}

/* A command, as the shell splits it, and what redis-cli prints. */
static void expect(const struct server *server, const char *command, const char *printed)
{
    char output[4096];
    command_run(output, sizeof output, "redis-cli --no-raw -p %u %s", port_of(server), command);
    if (strcmp(output, printed) != 0) {
        fail_msg("%s: printed \"%s\", not \"%s\"", command, output, printed);
    }
}

static void values_are_set_and_read(void **state)
{
    struct server *server = *state;
    start(server);
    expect(server, "PING", "PONG\n");
    expect(server, "ping 'hello world'", "\"hello world\"\n");
    expect(server, "ECHO x", "\"x\"\n");
    expect(server, "GET a", "(nil)\n");
    expect(server, "SET a 'one two'", "OK\n");
    expect(server, "get a", "\"one two\"\n");
    expect(server, "SET a 2 NX", "(nil)\n");
    expect(server, "SET b 2 XX", "(nil)\n");
    expect(server, "SET a 3 XX GET", "\"one two\"\n");
    expect(server, "SET a 3 NX XX", "(error) ERR syntax error\n");
    expect(server, "APPEND a 45", "(integer) 3\n");
    expect(server, "STRLEN a", "(integer) 3\n");
    expect(server, "MSET k 1 l 2 m ''", "OK\n");
    expect(server, "MGET k l m n", "1) \"1\"\n2) \"2\"\n3) \"\"\n4) (nil)\n");
    expect(server, "MSET k 1 l", "(error) ERR wrong number of arguments for 'mset' command\n");
    expect(server, "EXISTS a k n k", "(integer) 3\n");
    expect(server, "TYPE a", "string\n");
    expect(server, "DBSIZE", "(integer) 4\n");
    expect(server, "DEL a k nothing", "(integer) 2\n");
    expect(server, "GETDEL l", "\"2\"\n");
    expect(server, "SETNX l 7", "(integer) 1\n");
    expect(server, "SETNX l 8", "(integer) 0\n");
    expect(server, "FLUSHALL", "OK\n");
    expect(server, "DBSIZE", "(integer) 0\n");
}

static void counters_count_within_64_bits(void **state)
{
    struct server *server = *state;
    start(server);
    expect(server, "INCR n", "(integer) 1\n");
    expect(server, "INCRBY n 41", "(integer) 42\n");
    expect(server, "DECR n", "(integer) 41\n");
    expect(server, "DECRBY n 141", "(integer) -100\n");
    expect(server, "GET n", "\"-100\"\n");
    expect(server, "SET n 9223372036854775807", "OK\n");
    expect(server, "INCR n", "(error) ERR increment or decrement would overflow\n");
    expect(server, "SET n -9223372036854775808", "OK\n");
    expect(server, "DECR n", "(error) ERR increment or decrement would overflow\n");
    expect(server, "DECRBY n -9223372036854775808", "(error) ERR decrement would overflow\n");
    expect(server, "SET n 007", "OK\n");
    expect(server, "INCR n", "(error) ERR value is not an integer or out of range\n");
    expect(server, "INCRBY n 1x", "(error) ERR value is not an integer or out of range\n");
}

static void keys_go_when_their_time_is_over(void **state)
{
    struct server *server = *state;
    char output[256];
    start(server);
    expect(server, "SET a 1 EX 100", "OK\n");
    expect(server, "TTL a", "(integer) 100\n");
    expect(server, "TTL b", "(integer) -2\n");
    expect(server, "PERSIST a", "(integer) 1\n");
    expect(server, "PERSIST a", "(integer) 0\n");
    expect(server, "TTL a", "(integer) -1\n");
    expect(server, "EXPIRE a 50", "(integer) 1\n");
    expect(server, "EXPIRE b 50", "(integer) 0\n");
    expect(server, "SET a 2 KEEPTTL", "OK\n");
    expect(server, "TTL a", "(integer) 50\n");
    expect(server, "SET a 3", "OK\n");
    expect(server, "TTL a", "(integer) -1\n");
    expect(server, "EXPIRE a -1", "(integer) 1\n");
    expect(server, "GET a", "(nil)\n");
    expect(server, "SET a 1 EX 0", "(error) ERR invalid expire time in 'set' command\n");
    expect(server, "SET a 1 EX 10 PX 10", "(error) ERR syntax error\n");
    expect(server, "SET a 1 EX 9223372036854775807", "(error) ERR invalid expire time\n");
    expect(server, "SETEX a 100 x", "OK\n");
    expect(server, "EXPIREAT a 1", "(integer) 1\n");
    expect(server, "EXISTS a", "(integer) 0\n");
    expect(server, "MSET x 1 y 2", "OK\n");
    expect(server, "PEXPIRE x 60", "(integer) 1\n");
    do { /* nobody asks for it: it goes by itself */
        command_run(output, sizeof output, "redis-cli -p %u INFO keyspace | grep -c keys=1", port_of(server));
    } while (strcmp(output, "1\n") != 0);
    expect(server, "GET x", "(nil)\n");
    expect(server, "GET y", "\"2\"\n");
}

static void what_clients_ask_about_the_server_is_answered(void **state)
{
    struct server *server = *state;
    start(server);
    expect(server, "CONFIG GET save", "1) \"save\"\n2) \"\"\n");
    expect(server, "CONFIG GET appendonly", "1) \"appendonly\"\n2) \"no\"\n");
    expect(server, "CLIENT SETNAME me", "OK\n");
    expect(server, "CLIENT FLY", "(error) ERR unknown subcommand 'FLY'\n");
    expect(server, "SELECT 0", "OK\n");
    expect(server, "SELECT 1", "(error) ERR DB index is out of range\n");
    expect(server, "HELLO 3", "(error) NOPROTO unsupported protocol version\n");
    expect(server, "COMMAND DOCS", "(empty array)\n");
    expect(server, "GET", "(error) ERR wrong number of arguments for 'GET' command\n");
    expect(server, "FLY me", "(error) ERR unknown command 'FLY'\n");
    expect(server, "QUIT", "OK\n");
}

/* Twice as much as may be stored. */
static void memory_that_is_used_up_is_told(void **state)
{
    struct server *server = *state;
    char output[4096];
    command_need("redis-cli");
    server_start(server, "--port", "0", "--memory", "4", NULL);
    command_run(
        output, sizeof output,
        "for i in 1 2 3 4 5 6 7 8; do head -c 1000000 /dev/zero | tr '\\0' x | redis-cli -p %u -x SET key$i; done",
        port_of(server));
    assert_string_equal(output, "OK\nOK\nOK\nOK\n"
                                "OOM command not allowed when used memory > 'maxmemory'.\n\n"
                                "OOM command not allowed when used memory > 'maxmemory'.\n\n"
                                "OOM command not allowed when used memory > 'maxmemory'.\n\n"
                                "OOM command not allowed when used memory > 'maxmemory'.\n\n");
    expect(server, "STRLEN key1", "(integer) 1000000\n");
    expect(server, "MGET key1 key2 key3 key4", "(error) ERR the answer has more than 2097152 bytes\n");
    expect(server, "DEL key1", "(integer) 1\n");
    expect(server, "SET key5 x", "OK\n");
}

static void redis_benchmark_finds_no_error(void **state)
{
    struct server *server = *state;
    char output[65536];
    command_need("redis-benchmark");
    server_start(server, "--port", "0", NULL);
    unsigned descriptors = peers_count_descriptors(server, &store_manners);
    static const char *const pipelines[] = {"1", "16", "500"};
    for (size_t i = 0; i < sizeof pipelines / sizeof *pipelines; i++) {
        assert_int_equal(command_run(output, sizeof output,
                                     "redis-benchmark -p %u -q -n 20000 -r 1000 -P %s -t ping,set,get,incr,mset",
                                     port_of(server), pipelines[i]),
                         0);
        if (strstr(output, "MSET (10 keys): ") == NULL || strstr(output, "rror") != NULL) {
            fail_msg("%s", output);
        }
    }
    server_await_descriptors(server, descriptors, 10);
    assert_int_equal(server_stop(server, SIGTERM, 5), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(values_are_set_and_read),         STORE_TEST(counters_count_within_64_bits),
        STORE_TEST(keys_go_when_their_time_is_over), STORE_TEST(what_clients_ask_about_the_server_is_answered),
        STORE_TEST(memory_that_is_used_up_is_told),  STORE_TEST(redis_benchmark_finds_no_error),
    };
    return cmocka_run_group_tests_name("12_resp and its clients", tests, NULL, NULL);
}
