/*
 * The template of a line, read once: text, and between it what differs from request to request.
 *
 *   %(name)       what line_values.h has by this name
 *   %(var.NAME)   a variable of the request
 *   %(metric.NAME)
 *   %(anything else)   what the application noted by this name
 */
#pragma once

#include "obs/line_values.h"

enum {
    BASK_LINE_MAX = 8192,         /* bytes of a line, its end included */
    BASK_LINE_VALUE = 2048,       /* of a value in it */
    BASK_LINE_NUMBER = 24,        /* what each value has in any case: enough for every number */
    BASK_LINE_TEMPLATE_MAX = 4096 /* of the text, and BASK_LINE_NUMBER for each value */
};

enum bask_line_kind {
    BASK_LINE_TEXT,
    BASK_LINE_VALUE_OF,
    BASK_LINE_VARIABLE,
    BASK_LINE_METRIC,
    BASK_LINE_NOTED
};

struct bask_line_segment {
    enum bask_line_kind kind;
    bask_str text;                  /* a view of the template: the text, or a name */
    const struct bask_line_row *of; /* VALUE_OF */
    size_t reserved;                /* bytes of a line that are for what follows */
};

struct bask_line_format {
    size_t count;
    struct bask_line_segment segments[];
};

/* BASK_E_LIMIT: it is too long; BASK_E_NOMEM. The text of `template` stays the caller's, and lives
 * as long as the format, which is freed by free(3). */
int bask_line_format_parse(bask_str template, struct bask_line_format **ret_format);

/* Whether it shows what the application notes by this name. NULL shows nothing. */
bool bask_line_format_shows(const struct bask_line_format *format, bask_str name);
