/*
 * Fuzzes files of options: the first byte chooses the format, the rest is the text. A text may be
 * refused, with a line of text that names a place, and nothing else. Only what an attacker of the
 * parsers could reach is here: the text names no other files.
 */
#include "conf/private.h"

#include "base/str.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct values {
    bool flag;
    int64_t number, optional;
    bask_str text;
    struct bask_values list;
} values;

#define AT(field) offsetof(struct values, field)

static const struct bask_option rows[] = {
    {"master", "supervise", 'M', BASK_OPT_FLAG, AT(flag), .help = "-"},
    {"number", "n-alias", 'n', BASK_OPT_INT, AT(number), -20, 1024, "1", "N", "-",
     .implies = "master"},
    {"keepalive", NULL, 'k', BASK_OPT_INT, AT(optional), INT64_MIN, INT64_MAX, NULL, "[N]", "-"},
    {"text", NULL, 0, BASK_OPT_STRING, AT(text), .help = "-"},
    {"list", NULL, 'l', BASK_OPT_LIST, AT(list), .help = "-", .flags = BASK_OPT_FIXED},
};

/* Other files are the system's, and a test that reads what it finds there is none. */
static bool
names_files(bask_str text)
{
    static const char *const words[] = {"ini",  "yaml",    "yml",  "json",     "js", "xml",
                                        "incl", "inherit", "glob", "readline", "@("};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (memmem(text.ptr, text.len, words[i], strlen(words[i])))
            return true;
    return false;
}

static int
read_as(struct bask_conf *conf, uint8_t format, bask_str text, struct bask_conf_error *error)
{
    static int (*const formats[])(struct bask_conf_reading *, bask_str) = {
        bask_conf_ini, bask_conf_json, bask_conf_yaml, bask_conf_xml};
    struct bask_conf_reading reading = {
        .conf = conf,
        .name = BASK_STR("fuzz"),
        .path = BASK_STR("/a/b/fuzz.ini"),
        .place = {.origin = BASK_STR("here")},
        .error = error,
    };
    int err = formats[format % 4](&reading, text);
    return err ? err : bask_conf_block_ended(conf, error);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char *env[] = {(char *)"HOME=/home", NULL};
    const struct bask_conf_facts facts = {.env = env, .hostname = "host"};
    if (size < 1 || memchr(data + 1, '\0', size - 1))
        return 0;
    bask_str text = {(const char *)data + 1, size - 1};
    if (names_files(text))
        return 0;
    struct bask_conf_error error = {""};
    struct bask_conf *conf = bask_conf_new();
    struct bask_option_table table = {"Fuzz", rows, sizeof rows / sizeof *rows, &values};
    assert(conf && !bask_conf_add(conf, &table) &&
           !bask_conf_add(conf, bask_conf_directive_table()));
    bask_conf_know(conf, &facts);
    int err = read_as(conf, data[0], text, &error);
    if (!err)
        err = bask_conf_apply(conf, &error);
    assert((err != 0) == (error.text[0] != '\0'));
    assert(!strchr(error.text, '\n') && !strchr(error.text, '\x1b'));
    assert(values.number >= -20 && values.number <= 1024);
    bask_conf_free(&conf);
    return 0;
}
