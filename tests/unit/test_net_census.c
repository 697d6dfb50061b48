/* net/census: connections are counted by their address. */
#include "test.h"

#include "net/census.h"

static struct bask_census *census;

static int
set_up(void **state)
{
    (void)state;
    return (census = bask_census_new()) ? 0 : -1;
}

static int
tear_down(void **state)
{
    (void)state;
    bask_census_free(&census);
    return 0;
}

static struct bask_census_entry *
enter(const char *address, int64_t most)
{
    struct bask_ip ip;
    assert_int_equal(bask_ip_parse(bask_str_of(address), &ip), 0);
    return bask_census_enter(census, &ip, most);
}

static void
an_address_has_so_many(void **state)
{
    (void)state;
    struct bask_census_entry *first = enter("192.0.2.1", 2);
    assert_non_null(first);
    assert_ptr_equal(enter("192.0.2.1", 2), first);
    assert_null(enter("192.0.2.1", 2));
    assert_non_null(enter("192.0.2.2", 2));
    bask_census_leave(first);
    assert_ptr_equal(enter("192.0.2.1", 2), first);
    assert_null(enter("192.0.2.1", 2));
}

static void
a_network_of_ipv6_is_one_client(void **state)
{
    (void)state;
    assert_non_null(enter("2001:db8::1", 2));
    assert_non_null(enter("2001:db8::2", 2));
    assert_null(enter("2001:db8::ffff:0:0:3", 2));
    assert_non_null(enter("2001:db8:0:1::1", 2));
}

static void
many_addresses_come_and_go(void **state)
{
    (void)state;
    static struct bask_census_entry *entries[20000];
    char address[64];
    for (int round = 0; round < 2; round++) {
        for (unsigned i = 0; i < 20000; i++) {
            snprintf(address, sizeof address, "10.0.%u.%u", i / 250, i % 250);
            assert_non_null(entries[i] = enter(address, 1));
            assert_null(enter(address, 1));
        }
        for (unsigned i = 0; i < 20000; i++)
            bask_census_leave(entries[i]);
    }
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_address_has_so_many),
        TEST(a_network_of_ipv6_is_one_client),
        TEST(many_addresses_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
