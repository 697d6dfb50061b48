/* What the files metrics*.c share. */
#pragma once

#include "svc/metrics.h"

/* metrics_described.c: one description. 0, or BASK_E_SYNTAX and what is wrong. */
int metrics_parse(bask_str text, struct bask_metric *metric, char *error, size_t error_size);

/* metrics_kept.c: a number with a sign; BASK_E_SYNTAX, BASK_E_RANGE. */
int metrics_read_number(bask_str text, int64_t *ret_number);

/* metrics_server.c: what the server counts. BASK_E_NOTFOUND. */
int metrics_get_of_server(const struct bask_metrics *metrics, const struct bask_board *board,
                          bask_str name, int64_t *ret_value);
void metrics_each_of_server(const struct bask_metrics *metrics, const struct bask_board *board,
                            bask_metric_visit_f *visit, void *context);
