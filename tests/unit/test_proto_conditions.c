/* proto/conditions: conditional requests, in RFC 9110's order. */
#include "test.h"

#include "proto/conditions.h"

#define ETAG "\"ab-1\""
#define SAME "Sun, 06 Nov 1994 08:49:37 GMT"
#define BEFORE "Sun, 06 Nov 1994 08:49:36 GMT"
#define LATER "Sun, 06 Nov 1994 08:49:38 GMT"

static const struct bask_validators file = {BASK_STR(ETAG), 784111777};

#define MATCH(text)                                                                                \
    {                                                                                              \
        .match = BASK_STR(text)                                                                    \
    }
#define NONE(text)                                                                                 \
    {                                                                                              \
        .none_match = BASK_STR(text)                                                               \
    }

static const struct {
    struct bask_conditions conditions;
    unsigned status;
} rows[] = {
    {{.match = {NULL, 0}}, 200},
    {NONE(ETAG), 304},
    {NONE("*"), 304},
    {NONE("W/" ETAG), 304},
    {NONE("\"x\", " ETAG), 304},
    {NONE(" \"x\" ,W/\"y\",," ETAG " "), 304},
    {NONE("\"a,b\"," ETAG), 304},
    {NONE("\"x\""), 200},
    {NONE(""), 200},
    {NONE("ab-1"), 200},
    {NONE("\"ab-1"), 200},
    {NONE("\"x\" " ETAG), 200}, /* no comma: malformed */
    {NONE("w/" ETAG), 200},
    {NONE("W/"), 200},
    {NONE("\""), 200},
    {NONE("\"\"," ETAG), 304},
    {MATCH(ETAG), 200},
    {MATCH("*"), 200},
    {MATCH("\"x\"," ETAG), 200},
    {MATCH("W/" ETAG), 412},
    {MATCH("\"x\""), 412},
    {MATCH("nonsense"), 412},
    {{.modified_since = BASK_STR(SAME)}, 304},
    {{.modified_since = BASK_STR(LATER)}, 304},
    {{.modified_since = BASK_STR(BEFORE)}, 200},
    {{.modified_since = BASK_STR("yesterday")}, 200},
    {{.unmodified_since = BASK_STR(SAME)}, 200},
    {{.unmodified_since = BASK_STR(LATER)}, 200},
    {{.unmodified_since = BASK_STR(BEFORE)}, 412},
    {{.unmodified_since = BASK_STR("x")}, 200},
    /* who counts before whom */
    {{.none_match = BASK_STR("\"x\""), .modified_since = BASK_STR(SAME)}, 200},
    {{.none_match = BASK_STR(ETAG), .modified_since = BASK_STR(BEFORE)}, 304},
    {{.match = BASK_STR(ETAG), .unmodified_since = BASK_STR(BEFORE)}, 200},
    {{.match = BASK_STR("\"x\""), .none_match = BASK_STR(ETAG)}, 412},
    {{.match = BASK_STR(ETAG), .none_match = BASK_STR(ETAG)}, 304},
    {{.unmodified_since = BASK_STR(SAME), .modified_since = BASK_STR(SAME)}, 304},
};

static void
conditions(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        unsigned status = bask_conditions_judge(&rows[i].conditions, &file);
        if (status != rows[i].status)
            fail_msg("row %zu: %u instead of %u", i, status, rows[i].status);
    }
}

static void
if_range(void **state)
{
    static const struct {
        bask_str value;
        bool allowed;
    } values[] = {
        {{NULL, 0}, true},
        {BASK_STR(ETAG), true},
        {BASK_STR(" " ETAG " "), true},
        {BASK_STR("W/" ETAG), false},
        {BASK_STR("\"x\""), false},
        {BASK_STR(SAME), true},
        {BASK_STR(BEFORE), false},
        {BASK_STR(LATER), false},
        {BASK_STR("x"), false},
        {BASK_STR(""), false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(values); i++) {
        struct bask_conditions one = {.range = values[i].value};
        if (bask_conditions_allow_range(&one, &file) != values[i].allowed)
            fail_msg("\"%.*s\"", BASK_FMT(values[i].value));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(conditions), cmocka_unit_test(if_range)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
