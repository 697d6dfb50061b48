/* proto/accept: how much a coding is wanted. */
#include "test.h"

#include "proto/accept.h"

static const struct {
    const char *field;
    int gzip, br;
} rows[] = {
    {"", 0, 0},
    {"gzip", 1000, 0},
    {"gzip, br", 1000, 1000},
    {"GZIP", 1000, 0},
    {"gzip;q=0.5,br;q=1.0", 500, 1000},
    {"gzip ; q=0.5 , br ; Q=0.125", 500, 125},
    {"*", 1000, 1000},
    {"*;q=0.3, br;q=0", 300, 0},
    {"gzip;q=0", 0, 0},
    {"gzip;q=0.000", 0, 0},
    {"br;q=1, *;q=0", 0, 1000},
    {"identity, deflate", 0, 0},
    {"gzip;q=2", 0, 0},
    {"gzip;q=1.001", 0, 0},
    {"gzip;q=", 0, 0},
    {"gzip;q=-1", 0, 0},
    {"gzip;q=0.1234", 0, 0},
    {"gzip;q=.5", 0, 0},
    {"gzip;q=1x", 0, 0},
    {"gzip;q=0.", 0, 0},
    {"gzip;x=1;q=0.5", 500, 0},
    {"gzip;x", 1000, 0},
    {"gzipped, brotli", 0, 0},
    {",,,;,gzip,", 1000, 0},
    {";q=1", 0, 0},
};

static void
qualities(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        bask_str field = bask_str_of(rows[i].field);
        int gzip = bask_accept_quality(field, BASK_STR("gzip"));
        int br = bask_accept_quality(field, BASK_STR("br"));
        if (gzip != rows[i].gzip || br != rows[i].br)
            fail_msg("\"%s\": gzip %d, br %d", rows[i].field, gzip, br);
    }
    assert_int_equal(bask_accept_quality((bask_str){0}, BASK_STR("gzip")), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(qualities)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
