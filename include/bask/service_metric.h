/*
 * The service "metric": numbers by name, which all processes of the server share: those that the
 * operator named, and what the server counts itself, which can only be read.
 */
#pragma once

#include <bask/str.h>

#include <stdint.h>

enum bask_metric_operation {
    BASK_METRIC_SET = 1,
    BASK_METRIC_ADD,
    BASK_METRIC_SUBTRACT,
    BASK_METRIC_MULTIPLY,
    BASK_METRIC_DIVIDE,
    BASK_METRIC_MAX, /* to the operand, if that is larger */
    BASK_METRIC_MIN,
};

struct bask_service_metric {
    uint32_t size;
    /* 0, or BASK_E_NOTFOUND: there is no such metric; `change`: BASK_E_STATE: it is the server's,
     * BASK_E_RANGE: a division by 0. */
    int (*get)(bask_str name, int64_t *ret_value);
    int (*change)(bask_str name, enum bask_metric_operation operation, int64_t operand);
};
