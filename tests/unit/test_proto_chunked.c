/* proto/chunked: any split gives the same, and what is behind the message stays. */
#include "test.h"

#include "proto/chunked.h"

#include <stdlib.h>

/* A small generator of our own: the same splits on every run. */
static uint32_t
random_below(uint32_t *seed, uint32_t bound)
{
    *seed = *seed * 1664525 + 1013904223;
    return (uint32_t)((uint64_t)*seed * bound >> 32);
}

/* A body of random chunks, extensions and trailers, and the data in it. */
static size_t
compose(uint32_t *seed, char *coded, char *data, size_t *ret_data)
{
    size_t len = 0, total = 0;
    uint32_t chunks = random_below(seed, 8);
    while (chunks--) {
        uint32_t size = 1 + random_below(seed, random_below(seed, 2) ? 300 : 4);
        const char *format = random_below(seed, 2) ? "%x\r\n" : "%04X ;a=\"b\"\r\n";
        len += (size_t)sprintf(coded + len, format, size);
        for (uint32_t i = 0; i < size; i++)
            coded[len++] = data[total++] = "ab\r\n0;\0\xff"[random_below(seed, 8)];
        coded[len++] = '\r';
        coded[len++] = '\n';
    }
    *ret_data = total;
    return len + (size_t)sprintf(coded + len, "%s",
                                 random_below(seed, 2) ? "0\r\n\r\n" : "0;x\r\nA:\r\nB: c\r\n\r\n");
}

static void
splits(void **state)
{
    (void)state;
    static char coded[8192], data[8192], buf[8192], out[8192];
    uint32_t seed = 42;
    for (int round = 0; round < 3000; round++) {
        size_t data_len, out_len = 0, used = 0;
        size_t len = compose(&seed, coded, data, &data_len);
        memcpy(coded + len, "GET", 3);
        struct bask_chunked chunked = {0};
        int64_t rc = -2;
        while (rc == -2) {
            size_t n = 1 + random_below(&seed, round % 2 ? 5 : 400), moved = 0;
            n = n < len + 3 - used ? n : len + 3 - used;
            memcpy(buf, coded + used, n);
            rc = bask_chunked_decode(&chunked, buf, n, &moved);
            assert_true(rc != -1);
            memcpy(out + out_len, buf, moved);
            out_len += moved;
            used += rc == -2 ? n : (size_t)rc;
            if (rc >= 0)
                assert_memory_equal(buf + rc, coded + used, n - (size_t)rc);
        }
        assert_int_equal(used, len);
        assert_int_equal(out_len, data_len);
        assert_int_equal(chunked.decoded, data_len);
        assert_memory_equal(out, data, data_len);
    }
}

static void
whole_in_place(void **state)
{
    (void)state;
    char buf[] = "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\nGET /";
    struct bask_chunked chunked = {0};
    size_t data = 99;
    int64_t rc = bask_chunked_decode(&chunked, buf, sizeof buf - 1, &data);
    assert_str(bask_str_n(buf, data), BASK_STR("abcde"));
    assert_string_equal(buf + rc, "GET /");
    /* Complete: nothing more is taken. */
    assert_true(bask_chunked_decode(&chunked, buf, 5, &data) == 0);
    assert_int_equal(data, 0);
}

static void
nothing_yet(void **state)
{
    (void)state;
    char buf[1];
    struct bask_chunked chunked = {0};
    size_t data = 99;
    assert_true(bask_chunked_decode(&chunked, buf, 0, &data) == -2);
    assert_int_equal(data, 0);
}

static int64_t
decode_text(const char *text, size_t *ret_data)
{
    struct bask_chunked chunked = {0};
    char *buf = strdup(text);
    int64_t rc = bask_chunked_decode(&chunked, buf, strlen(buf), ret_data);
    if (rc == -1) { /* and it stays refused */
        char crlf[] = "\r\n0\r\n\r\n";
        assert_true(bask_chunked_decode(&chunked, crlf, sizeof crlf - 1, ret_data) == -1);
    }
    free(buf);
    return rc;
}

static void
sizes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t rc;
    } rows[] = {
        {"7fffffffffffffff\r\n", -2},
        {"7FFFFFFFFFFFFFFF\r\nx", -2},
        {"8000000000000000\r\n", -1},
        {"ffffffffffffffff\r\n", -1},
        {"0000000000000001\r\n", -2},
        {"00000000000000001", -1},
        {"1\r\nx\r\n7ffffffffffffffe\r\n", -2},
        {"1\r\nx\r\n7fffffffffffffff\r\n", -1},
        {"g", -1},
        {"@\r\n", -1},
        {"\r\n", -1},
        {";a\r\n", -1},
        {" ;a\r\n", -1},
        {"1 \r", -1},
        {"1 x", -1},
        {"1\rx", -1},
        {"1\n", -1},
        {"0000000000000000\r\n\r\n", 20},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t data = 99;
        if (decode_text(rows[i].text, &data) != rows[i].rc)
            fail_msg("wrong about \"%s\"", rows[i].text);
        if (rows[i].rc == -1)
            assert_int_equal(data, 99);
    }
}

/* Many small extensions and trailers are bounded like one large one. */
static void
overhead(void **state)
{
    (void)state;
    static const bask_str parts[] = {BASK_STR("1;aaaaaaa\r\nx\r\n"), BASK_STR("X: aaaaaaa\r\n"),
                                     BASK_STR("1       ;\r\nx\r\n")};
    for (size_t i = 0; i < COUNT(parts); i++) {
        struct bask_chunked chunked = {0};
        char buf[32];
        size_t data, fed = 0;
        if (i == 1) {
            memcpy(buf, "0\r\n", 3);
            assert_true(bask_chunked_decode(&chunked, buf, 3, &data) == -2);
        }
        int64_t rc = -2;
        for (; rc == -2 && fed < 100000; fed += parts[i].len) {
            memcpy(buf, parts[i].ptr, parts[i].len);
            rc = bask_chunked_decode(&chunked, buf, parts[i].len, &data);
        }
        assert_true(rc == -1);
        assert_in_range(fed, BASK_CHUNKED_MAX_OVERHEAD, 2 * BASK_CHUNKED_MAX_OVERHEAD);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits), cmocka_unit_test(whole_in_place), cmocka_unit_test(nothing_yet),
        cmocka_unit_test(sizes),  cmocka_unit_test(overhead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
