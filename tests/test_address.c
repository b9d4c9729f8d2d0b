#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <eddy/address.h>

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

static void assert_text(const struct eddy_address *address, const char *expected)
{
    char text[EDDY_ADDRESS_TEXT];
    assert_ptr_equal(eddy_address_text(address, text), text);
    assert_string_equal(text, expected);
}

static void an_ipv4_address_and_its_text(void **state)
{
    (void)state;
    struct eddy_address address;
    assert_int_equal(eddy_address_parse(&address, "127.0.0.1", 7777), 0);
    assert_int_equal(address.any.sa_family, AF_INET);
    assert_int_equal(address.size, sizeof(struct sockaddr_in));
    assert_int_equal(address.in.sin_addr.s_addr, htonl(0x7f000001));
    assert_int_equal(eddy_address_port(&address), 7777);
    assert_text(&address, "127.0.0.1:7777");
}

static void an_ipv6_address_and_its_text(void **state)
{
    (void)state;
    struct eddy_address address;
    assert_int_equal(eddy_address_parse(&address, "::1", 80), 0);
    assert_int_equal(address.any.sa_family, AF_INET6);
    assert_int_equal(address.size, sizeof(struct sockaddr_in6));
    assert_int_equal(eddy_address_port(&address), 80);
    assert_text(&address, "[::1]:80");
    assert_int_equal(eddy_address_parse(&address, "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", 65535), 0);
    assert_text(&address, "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
}

static void localhost_is_ipv4(void **state)
{
    (void)state;
    struct eddy_address address;
    assert_int_equal(eddy_address_parse(&address, "localhost", 1), 0);
    assert_text(&address, "127.0.0.1:1");
}

static void what_is_no_numeric_address_is_refused(void **state)
{
    (void)state;
    static const char *const hosts[] = {"",      "example", "127.0.0",      "127.0.0.1.", "1.2.3.256",
                                        "::1::", "[::1]",   "127.0.0.1:80", " 127.0.0.1"};
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        struct eddy_address address;
        assert_int_equal(eddy_address_parse(&address, hosts[i], 80), -EINVAL);
    }
}

static void a_unix_path_and_its_text(void **state)
{
    (void)state;
    struct eddy_address address;
    assert_int_equal(eddy_address_unix(&address, "/run/echo.sock"), 0);
    assert_int_equal(address.any.sa_family, AF_UNIX);
    assert_string_equal(address.un.sun_path, "/run/echo.sock");
    assert_int_equal(address.size, offsetof(struct sockaddr_un, sun_path) + sizeof "/run/echo.sock");
    assert_int_equal(eddy_address_port(&address), 0);
    assert_text(&address, "/run/echo.sock");
}

static void an_abstract_name_ends_where_its_address_ends(void **state)
{
    (void)state;
    struct eddy_address address;
    assert_int_equal(eddy_address_unix(&address, "@echo"), 0);
    assert_int_equal(address.un.sun_path[0], '\0');
    assert_memory_equal(address.un.sun_path + 1, "echo", 4);
    assert_int_equal(address.size, offsetof(struct sockaddr_un, sun_path) + 5);
    assert_text(&address, "@echo");
}

static void a_path_has_1_to_107_bytes(void **state)
{
    (void)state;
    struct eddy_address address;
    char path[110];
    memset(path, 'a', sizeof path);
    path[108] = '\0';
    assert_int_equal(eddy_address_unix(&address, path), -ENAMETOOLONG);
    path[107] = '\0';
    assert_int_equal(eddy_address_unix(&address, path), 0);
    assert_text(&address, path);
    path[0] = '@';
    assert_int_equal(eddy_address_unix(&address, path), 0);
    assert_text(&address, path);
    assert_int_equal(eddy_address_unix(&address, ""), -EINVAL);
}

static void a_path_from_the_kernel_may_lack_its_nul(void **state)
{
    (void)state;
    struct eddy_address address;
    char expected[109];
    memset(&address, 0, sizeof address);
    address.un.sun_family = AF_UNIX;
    memset(address.un.sun_path, 'p', sizeof address.un.sun_path);
    memset(expected, 'p', sizeof expected);
    expected[108] = '\0';
    address.size = sizeof address.un;
    assert_text(&address, expected);
    address.size = sizeof address.un + 1; /* what getsockname says of 108 bytes without NUL */
    assert_text(&address, expected);
}

static void another_family_is_unknown(void **state)
{
    (void)state;
    struct eddy_address address;
    memset(&address, 0, sizeof address);
    assert_text(&address, "unknown");
    assert_int_equal(eddy_address_port(&address), 0);
    address.any.sa_family = AF_NETLINK;
    address.size = sizeof address.any;
    assert_text(&address, "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ipv4_address_and_its_text),
        cmocka_unit_test(an_ipv6_address_and_its_text),
        cmocka_unit_test(localhost_is_ipv4),
        cmocka_unit_test(what_is_no_numeric_address_is_refused),
        cmocka_unit_test(a_unix_path_and_its_text),
        cmocka_unit_test(an_abstract_name_ends_where_its_address_ends),
        cmocka_unit_test(a_path_has_1_to_107_bytes),
        cmocka_unit_test(a_path_from_the_kernel_may_lack_its_nul),
        cmocka_unit_test(another_family_is_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
