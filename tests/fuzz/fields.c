/*
 * Any bytes as the fields that clients send for files: Range, conditions, Accept-Encoding, dates.
 * Ranges lie inside the file and apart from each other, a date is written as it was read.
 */
#include "proto/accept.h"
#include "proto/conditions.h"
#include "proto/date.h"
#include "proto/range.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_range(bask_str text, int64_t size)
{
    struct bask_ranges ranges = {.count = 0};
    enum bask_range_asked asked = bask_ranges_read(text, size, &ranges);
    assert((asked == BASK_RANGE_PARTS) == (ranges.count > 0));
    assert(ranges.count <= BASK_RANGES_MOST);
    for (size_t i = 0; i < ranges.count; i++) {
        struct bask_range one = ranges.items[i];
        assert(one.first >= 0 && one.length > 0 && one.first < size);
        assert(one.length <= size - one.first);
        for (size_t k = 0; k < i; k++) { /* a byte between them, at least */
            struct bask_range other = ranges.items[k];
            assert(one.first + one.length < other.first || other.first + other.length < one.first);
        }
    }
}

static void
check_date(bask_str text)
{
    char written[BASK_DATE_LEN];
    int64_t seconds = -1, again;
    if (bask_date_read(text, &seconds)) {
        assert(seconds == -1);
        return;
    }
    assert(seconds >= 0 && seconds <= BASK_DATE_MAX);
    bask_date_write(written, seconds);
    assert(!bask_date_read(bask_str_n(written, sizeof written), &again) && again == seconds);
}

static void
check_conditions(bask_str text)
{
    const struct bask_validators file = {BASK_STR("\"ab-1\""), 784111777};
    struct bask_conditions one = {.match = text};
    unsigned status = bask_conditions_judge(&one, &file);
    assert(status == 200 || status == 412);
    one = (struct bask_conditions){.none_match = text};
    status = bask_conditions_judge(&one, &file);
    assert(status == 200 || status == 304);
    one = (struct bask_conditions){.modified_since = text, .unmodified_since = text};
    status = bask_conditions_judge(&one, &file);
    assert(status == 200 || status == 304 || status == 412);
    one = (struct bask_conditions){.range = text};
    bask_conditions_allow_range(&one, &file);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t sizes[] = {0, 1, 1000, INT64_MAX};
    char *copy = malloc(size + 1); /* exactly as long: a read behind the end is found */
    for (size_t i = 0; i < size; i++)
        copy[i] = (char)data[i];
    bask_str text = bask_str_n(copy, size);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        check_range(text, sizes[i]);
    check_date(text);
    check_conditions(text);
    int quality = bask_accept_quality(text, BASK_STR("gzip"));
    assert(quality >= 0 && quality <= 1000);
    free(copy);
    return 0;
}
