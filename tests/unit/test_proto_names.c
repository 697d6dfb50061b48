/* proto/names: every row of the tables is found, and nothing that only looks like one. */
#include "test.h"

#include "proto/names.h"

#include <ctype.h>

static const struct {
    const char *header;
    const char *variable;
} rows[] = {
#define X(symbol, header, variable) {header, variable},
    BASK_ENVIRON_KEYS(X)
#undef X
};

static const char *const methods[] = {
#define X(name) #name,
    BASK_METHODS(X)
#undef X
};

static void
headers(void **state)
{
    (void)state;
    assert_int_equal(COUNT(rows), BASK_KEY_COUNT);
    for (int key = 0; key < BASK_KEY_COUNT; key++) {
        char upper[64] = "", mixed[64] = "";
        const char *header = rows[key].header;
        size_t len = strlen(header);
        for (size_t i = 0; i < len; i++) {
            upper[i] = (char)toupper((unsigned char)header[i]);
            mixed[i] = i % 3 ? header[i] : upper[i];
        }
        int found = len ? key : BASK_KEY_UNKNOWN;
        assert_int_equal(bask_names_header(bask_str_of(header)), found);
        assert_int_equal(bask_names_header(bask_str_of(upper)), found);
        assert_int_equal(bask_names_header(bask_str_of(mixed)), found);
    }
}

/* Every row with one byte changed to every other value, cut short or made longer. */
static void
headers_nearly(void **state)
{
    (void)state;
    for (int key = 0; key < BASK_KEY_COUNT; key++) {
        char name[64];
        size_t len = strlen(rows[key].header);
        if (len == 0)
            continue;
        memcpy(name, rows[key].header, len);
        for (size_t i = 0; i < len; i++) {
            char right = name[i];
            for (int c = 0; c < 256; c++) {
                name[i] = (char)c;
                int found = bask_names_header(bask_str_n(name, len));
                int expected = bask_lower((char)c) == right ? key : BASK_KEY_UNKNOWN;
                /* "host" may become another row, "post" not. */
                if (found != expected)
                    assert_true(found >= 0 && strncmp(rows[found].header, name, len) == 0);
            }
            name[i] = right;
        }
        name[len] = 'x';
        assert_int_equal(bask_names_header(bask_str_n(name, len + 1)), BASK_KEY_UNKNOWN);
        int shorter = bask_names_header(bask_str_n(name, len - 1));
        assert_true(shorter == BASK_KEY_UNKNOWN || strlen(rows[shorter].header) == len - 1);
    }
}

static void
variables(void **state)
{
    (void)state;
    for (int key = 0; key < BASK_KEY_COUNT; key++) {
        bask_str name = bask_str_of(rows[key].variable);
        assert_int_equal(bask_names_variable(name), key);
        assert_str(bask_names_key(key), name);
        char other[64];
        memcpy(other, name.ptr, name.len);
        for (size_t i = 0; i < name.len; i++) {
            other[i] = (char)(name.ptr[i] ^ 0x20);
            assert_int_equal(bask_names_variable(bask_str_n(other, name.len)), BASK_KEY_UNKNOWN);
            other[i] = name.ptr[i];
        }
    }
}

static void
strangers(void **state)
{
    (void)state;
    static const bask_str none[] = {
        {NULL, 0},
        BASK_STR(""),
        BASK_STR("h"),
        BASK_STR("HOST"),
        BASK_STR("http_host"),
        BASK_STR("HTTP_"),
        BASK_STR("HTTP_H"),
        BASK_STR("HTTP_REMOTE_ADDR"),
        BASK_STR("HTTP_CONTENT_LENGTH"),
        BASK_STR("HTTP_HTTP_HOST"),
        BASK_STR("X_FORWARDED_FOR"),
    };
    for (size_t i = 0; i < COUNT(none); i++)
        assert_int_equal(bask_names_variable(none[i]), BASK_KEY_UNKNOWN);

    static const bask_str no_header[] = {
        {NULL, 0},
        BASK_STR(""),
        BASK_STR("t"),
        BASK_STR("remote-addr"),
        BASK_STR("request-method"),
        BASK_STR("https"),
        BASK_STR("content_length"),
        BASK_STR("transfer_encoding"),
        BASK_STR("content\x0dlength"),
        BASK_STR("x-forwarded-fo\xd2"),
    };
    for (size_t i = 0; i < COUNT(no_header); i++)
        assert_int_equal(bask_names_header(no_header[i]), BASK_KEY_UNKNOWN);
}

static void
method_names(void **state)
{
    (void)state;
    for (int method = 0; method < BASK_METHOD_COUNT; method++) {
        char lower[32] = "";
        size_t len = strlen(methods[method]);
        assert_int_equal(bask_names_method(bask_str_of(methods[method])), method);
        for (size_t i = 0; i < len; i++)
            lower[i] = (char)tolower((unsigned char)methods[method][i]);
        assert_int_equal(bask_names_method(bask_str_of(lower)), BASK_METHOD_OTHER);
    }
    assert_int_equal(bask_names_method(BASK_STR("GOT")), BASK_METHOD_OTHER);
    assert_int_equal(bask_names_method(BASK_STR("BREW")), BASK_METHOD_OTHER);
    assert_int_equal(bask_names_method(BASK_STR("")), BASK_METHOD_OTHER);
    assert_int_equal(bask_names_method((bask_str){NULL, 0}), BASK_METHOD_OTHER);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers),   cmocka_unit_test(headers_nearly), cmocka_unit_test(variables),
        cmocka_unit_test(strangers), cmocka_unit_test(method_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
