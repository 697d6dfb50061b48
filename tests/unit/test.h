/* What every unit test includes: cmocka, and string asserts that print both sides. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/str.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define assert_str(actual, expected)                                                               \
    do {                                                                                           \
        bask_str actual_ = (actual), expected_ = (expected);                                       \
        if (!bask_str_eq(actual_, expected_))                                                      \
            fail_msg("expected \"%.*s\", found \"%.*s\"", BASK_FMT(expected_), BASK_FMT(actual_)); \
    } while (0)
