/* The proxy suite: what a message costs examples/11_proxy in CPU time on its way to a server and back, against proxies
 * with nothing between them and epoll.
 *
 *     tests/bench/run proxy [--rounds N] [--quick] [--core N] [--row NAME]
 *
 * Behind all of them is one echo server; they, it and this client share one core, and the client goes in waves
 * (bench_wave.h). `raw` receives and sends, `splice` splices; both are written for this.
 *
 *     c1, c64, c1000   that many connections, one 64-byte message each in flight
 *     k64              64 connections, one message of 64 KiB each in flight
 *     churn            64 connections at a time that connect, send 64 bytes there and back, and close; per connection
 */
#include "bench_load.h"
#include "bench_wave.h"

#include <stdio.h>
#include <unistd.h>

static const struct bench_plan plans[] = {
    {"c1", 1, 64, 1, 400, 151, false},   {"c64", 64, 64, 1, 12, 151, false}, {"c1000", 1000, 64, 1, 1, 91, false},
    {"k64", 64, 65536, 1, 4, 91, false}, {"churn", 64, 64, 1, 2, 61, true},
};

int main(int argc, char **argv)
{
    static struct bench_wave_server servers[3];
    struct bench_options options;
    struct bench_server echo, proxies[3];
    char place[32], port[8];
    bench_options_parse(&options, argc, argv);
    char *eddy = bench_example_path(&options, "11_proxy");
    if (access(eddy, X_OK) != 0) {
        printf("11_proxy is not built\n");
        return 0;
    }
    bench_raise_descriptors();
    bench_pin(options.core);
    bench_server_start(&echo, "echo", (char *[]){bench_driver_path(&options, "bench_echo_raw"), NULL});
    snprintf(place, sizeof place, "127.0.0.1:%u", echo.port);
    snprintf(port, sizeof port, "%u", echo.port);
    bench_server_start(&proxies[0], "eddy", (char *[]){eddy, "--port", "0", "--to", place, NULL});
    bench_server_start(&proxies[1], "raw", (char *[]){bench_driver_path(&options, "bench_proxy_raw"), port, NULL});
    bench_server_start(&proxies[2], "splice",
                       (char *[]){bench_driver_path(&options, "bench_proxy_splice"), port, NULL});
    for (int i = 0; i < 3; i++) {
        servers[i].name = proxies[i].name;
        servers[i].pid = proxies[i].pid;
        servers[i].port = proxies[i].port;
    }
    bench_wave_run(&options, "proxy", plans, sizeof plans / sizeof *plans, servers, 3);
    for (int i = 0; i < 3; i++) {
        bench_server_stop(&proxies[i]);
    }
    bench_server_stop(&echo);
    bench_print_ratios();
    return 0;
}
