/* The rows of what HTTP connections forgive and refuse. */
#include "net/http_options.h"

#include "base/err.h"

#include <stdio.h>

#define AT(member) offsetof(struct bask_http_options, member)

static const struct bask_option rows[] = {
    {"http-allow-bare-lf", NULL, 0, BASK_OPT_FLAG, AT(allow_bare_lf), 0, 0, NULL, NULL,
     "lines of a request head may end in LF without CR; refused with 400 otherwise"},
    {"http-allow-obs-fold", NULL, 0, BASK_OPT_FLAG, AT(allow_obs_fold), 0, 0, NULL, NULL,
     "a header line may go on in the next, which begins with a space; refused with 400 otherwise"},
    {"http-allow-no-host", NULL, 0, BASK_OPT_FLAG, AT(allow_no_host), 0, 0, NULL, NULL,
     "HTTP/1.1 requests may lack a Host; refused with 400 otherwise"},
    {"http-underscores", NULL, 0, BASK_OPT_STRING, AT(underscores), 0, 0, "drop", "RULE",
     "header names with an underscore: drop the field, refuse the request (400), or allow both, "
     "unless another field has the same name with dashes"},
    {"http-require-length", NULL, 0, BASK_OPT_FLAG, AT(require_length), 0, 0, NULL, NULL,
     "answer 411 to bodies without a Content-Length (chunked ones)"},
    {"http-manage-expect", NULL, 0, BASK_OPT_SIZE, AT(manage_expect), 0, INT64_MAX, "0", "[BYTES]",
     "send 100 (Continue) at once, not when the application reads the body; 413 if it is over "
     "BYTES"},
};

struct bask_option_table
bask_http_option_table(struct bask_http_options *values)
{
    return (struct bask_option_table){
        .group = "HTTP, strict and lenient",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
        .values = values,
    };
}

int
bask_http_options_settle(struct bask_http_options *options, const char **ret_option, char *error,
                         size_t error_size)
{
    static const bask_str rules[] = {
        [BASK_UNDERSCORES_DROP] = BASK_STR("drop"),
        [BASK_UNDERSCORES_REFUSE] = BASK_STR("refuse"),
        [BASK_UNDERSCORES_ALLOW] = BASK_STR("allow"),
    };
    options->leniency = (options->allow_bare_lf ? BASK_HTTP1_BARE_LF : 0) |
                        (options->allow_no_host ? BASK_HTTP1_NO_HOST : 0);
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (bask_str_eq(options->underscores, rules[i])) {
            options->underscore_rule = (enum bask_underscores)i;
            return BASK_OK;
        }
    *ret_option = "http-underscores";
    snprintf(error, error_size, "\"%.*s\", expected drop, refuse or allow",
             BASK_FMT(options->underscores));
    return BASK_E_SYNTAX;
}
