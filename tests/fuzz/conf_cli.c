/*
 * Fuzzes the command line: the input is cut at NUL bytes into the words after the program's name.
 * The parser may refuse them, with a line of text, and nothing else.
 */
#include "conf/conf.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct values {
    bool flag;
    int64_t number, optional, size, time;
    bask_str text;
    struct bask_values list;
} values;

#define AT(field) offsetof(struct values, field)

static const struct bask_option rows[] = {
    {"master", "supervise", 'M', BASK_OPT_FLAG, AT(flag), .help = "-"},
    {"number", "n-alias", 'n', BASK_OPT_INT, AT(number), -20, 1024, "1", "N", "-"},
    {"keepalive", NULL, 'k', BASK_OPT_INT, AT(optional), INT64_MIN, INT64_MAX, NULL, "[N]", "-"},
    {"size", NULL, 'z', BASK_OPT_SIZE, AT(size), 0, INT64_MAX, NULL, NULL, "-"},
    {"time", NULL, 't', BASK_OPT_DURATION, AT(time), 1, 1000, NULL, NULL, "-"},
    {"text", NULL, 'x', BASK_OPT_STRING, AT(text), .help = "-"},
    {"list", NULL, 'l', BASK_OPT_LIST, AT(list), .help = "-"},
    {"help", NULL, 'h', BASK_OPT_ACTION, .argument = "[GROUP]", .help = "-"},
};

enum { WORDS = 64 };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1), *argv[WORDS + 1] = {(char *)"bask"};
    struct bask_conf_error error = {""};
    struct bask_conf *conf = bask_conf_new();
    struct bask_option_table table = {"Fuzz", rows, sizeof rows / sizeof *rows, &values};
    int argc = 1;
    assert(text && conf && bask_conf_add(conf, &table) == 0);
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    for (size_t at = 0; at <= size && argc <= WORDS; at += strlen(text + at) + 1)
        argv[argc++] = text + at;
    int err = bask_conf_parse_args(conf, argc, argv, &error);
    assert((err != 0) == (error.text[0] != '\0'));
    assert(!strchr(error.text, '\n') && !strchr(error.text, '\x1b'));
    assert(values.number >= -20 && values.number <= 1024);
    bask_conf_free(&conf);
    free(text);
    return 0;
}
