/*
 * Files of options: which file and section a name means, what is in it, and who reads its format.
 * Guards against files that lead to themselves and against files that are no text.
 */
#include "conf/private.h"

#include "base/err.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LARGEST = 4 << 20, /* bytes of a file */
    DEEPEST = 16,      /* files inside files */
    MOST = 1000,       /* files in all */
};

static const struct {
    bask_str name;
    bask_str endings[3]; /* an absent one is the end */
    int (*read)(struct bask_conf_reading *reading, bask_str text);
} formats[] = {
    {BASK_STR("ini"), {BASK_STR(".ini")}, bask_conf_ini},
    {BASK_STR("yaml"), {BASK_STR(".yaml"), BASK_STR(".yml")}, bask_conf_yaml},
    {BASK_STR("json"), {BASK_STR(".json"), BASK_STR(".js")}, bask_conf_json},
    {BASK_STR("xml"), {BASK_STR(".xml")}, bask_conf_xml},
};

enum { FORMATS = sizeof formats / sizeof *formats };

/* "FILE:SECTION" taken apart. What exists under the whole name is a file, colon or not. */
static void
split_name(bask_str name, bask_str *ret_file, bask_str *ret_section)
{
    *ret_file = name;
    *ret_section = (bask_str){NULL, 0};
    size_t colon = name.len;
    while (colon && name.ptr[colon - 1] != ':')
        colon--;
    bool scheme = colon && bask_str_starts(bask_str_n(name.ptr + colon - 1, name.len - colon + 1),
                                           BASK_STR("://"));
    if (!colon || scheme || (colon > 1 && access(name.ptr, F_OK) == 0))
        return;
    *ret_file = bask_str_n(name.ptr, colon - 1);
    if (colon < name.len)
        *ret_section = bask_str_n(name.ptr + colon, name.len - colon);
}

bask_str
bask_conf_format_of(bask_str name)
{
    bask_str file, section;
    split_name(name, &file, &section);
    for (size_t i = 0; i < FORMATS; i++)
        for (size_t k = 0; k < 3 && formats[i].endings[k].ptr; k++)
            if (bask_str_ends(file, formats[i].endings[k]))
                return formats[i].name;
    return (bask_str){NULL, 0};
}

/* What can be read only once was perhaps read by the conf before this one. */
static const struct bask_value *
find_once(const struct bask_conf *conf, bask_str name)
{
    const struct bask_values *once = conf->facts.once;
    for (size_t i = 0; once && i < once->count; i++)
        if (bask_str_eq(once->items[i].origin, name))
            return &once->items[i];
    return NULL;
}

static int
keep_once(struct bask_conf *conf, bask_str name, bask_str text)
{
    struct bask_value value = {
        .text = {malloc(text.len + 1), text.len},
        .origin = {malloc(name.len + 1), name.len},
    };
    if (value.text.ptr && value.origin.ptr) {
        memcpy((char *)value.text.ptr, text.ptr, text.len);
        memcpy((char *)value.origin.ptr, name.ptr, name.len);
        if (!bask_conf_push(conf->facts.once, value))
            return BASK_OK;
    }
    free((char *)value.text.ptr);
    free((char *)value.origin.ptr);
    return BASK_E_NOMEM;
}

static int
read_all(int fd, struct bask_buf *out, const char **ret_why)
{
    for (;;) {
        if (bask_buf_reserve(out, 16384)) {
            *ret_why = bask_err_text(BASK_E_NOMEM);
            return BASK_E_NOMEM;
        }
        ssize_t n = read(fd, out->data + out->end, out->size - out->end);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            *ret_why = strerror(errno);
            return BASK_E_SYSTEM;
        }
        if (n == 0)
            return BASK_OK;
        out->end += (size_t)n;
        if (bask_buf_len(out) > LARGEST) {
            *ret_why = "it is larger than 4 MiB";
            return BASK_E_LIMIT;
        }
    }
}

/* A descriptor for a name: a path, "-", "fd://N". `*ret_ours`: it is to be closed. */
static int
open_source(bask_str name, bool *ret_ours, const char **ret_why)
{
    long long fd = 0;
    char path[PATH_MAX];
    *ret_ours = false;
    if (bask_str_eq(name, BASK_STR("-")))
        return STDIN_FILENO;
    if (bask_str_starts(name, BASK_STR("fd://"))) {
        if (bask_str_to_i64(bask_str_n(name.ptr + 5, name.len - 5), &fd) || fd > INT_MAX) {
            *ret_why = "expected fd://NUMBER";
            return -1;
        }
        return (int)fd;
    }
    if (name.len >= sizeof path || !name.len || memchr(name.ptr, '\0', name.len)) {
        *ret_why = "expected the name of a file";
        return -1;
    }
    memcpy(path, name.ptr, name.len);
    path[name.len] = '\0';
    int opened = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    *ret_why =
        opened < 0 && strstr(path, "://") ? "only files, - and fd://N are read" : strerror(errno);
    *ret_ours = opened >= 0;
    return opened;
}

int
bask_conf_slurp(struct bask_conf *conf, bask_str name, bask_str *ret_text, const char **ret_why)
{
    struct bask_buf out = {0};
    struct stat st;
    bool ours;
    int err;
    const struct bask_value *known = find_once(conf, name);
    if (known) {
        err = bask_buf_reserve(&out, known->text.len + 1);
        if (!err)
            err = bask_buf_append(&out, known->text);
        *ret_why = bask_err_text(BASK_E_NOMEM);
    } else {
        int fd = open_source(name, &ours, ret_why);
        if (fd < 0)
            return BASK_E_SYSTEM;
        err = read_all(fd, &out, ret_why);
        bool once = !ours || fstat(fd, &st) || !S_ISREG(st.st_mode);
        if (ours)
            close(fd);
        if (!err && once && conf->facts.once) {
            err = keep_once(conf, name, bask_conf_built(&out));
            *ret_why = bask_err_text(BASK_E_NOMEM);
        }
    }
    if (err) {
        bask_buf_fini(&out);
        return err;
    }
    *ret_text = bask_conf_built(&out); /* allocated, even if it is empty: something was reserved */
    return BASK_OK;
}

bool
bask_conf_wants(struct bask_conf_reading *reading, bask_str section)
{
    bool wants = reading->section.ptr ? bask_str_eq(section, reading->section)
                                      : bask_str_eq(section, BASK_STR("uwsgi")) ||
                                            bask_str_eq(section, BASK_STR("bask"));
    reading->found = reading->found || wants;
    return wants;
}

int
bask_conf_bad_line(const struct bask_conf_reading *reading, size_t line, const char *format, ...)
{
    struct bask_conf_error what;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what.text, sizeof what.text, format, arguments);
    va_end(arguments);
    return bask_conf_fail(reading->error, BASK_E_SYNTAX, "%s:%zu: %s",
                          bask_conf_shown(reading->name).text, line, what.text);
}

int
bask_conf_item(struct bask_conf_reading *reading, size_t line, bask_str key, bask_str value)
{
    struct bask_conf *conf = reading->conf;
    char origin[300];
    struct bask_conf_entry entry = {.place.file = true};
    int length =
        snprintf(origin, sizeof origin, "%s:%zu", bask_conf_shown(reading->name).text, line);
    int err = bask_conf_keep(conf, bask_str_n(origin, (size_t)length), &entry.place.origin);
    if (!err)
        err = bask_conf_magic(reading, key, &entry.key);
    if (!err)
        err = bask_conf_keep(conf, entry.key, &entry.key);
    if (!err && value.ptr)
        err = bask_conf_magic(reading, value, &entry.text);
    if (!err && value.ptr)
        err = bask_conf_keep(conf, entry.text, &entry.text);
    if (err)
        return bask_conf_fail(reading->error, err, "%s: %s", origin, bask_err_text(err));
    entry.place.option = entry.key;
    return bask_conf_offer(conf, &entry, reading->error);
}

/* No text of options has a NUL; a file of another kind mostly has one soon. */
static int
check_text(const struct bask_conf_reading *reading, bask_str text)
{
    size_t line = 1;
    for (size_t i = 0; i < text.len; i++) {
        line += text.ptr[i] == '\n';
        if (text.ptr[i] == '\0')
            return bask_conf_bad_line(reading, line, "a NUL byte; expected text");
    }
    return BASK_OK;
}

static int
read_format(struct bask_conf_reading *reading, bask_str format, bask_str text)
{
    size_t kind = 0;
    while (kind + 1 < FORMATS && !bask_str_eq(formats[kind].name, format))
        kind++;
    if (bask_str_starts(text, BASK_STR("\xef\xbb\xbf"))) /* the byte order mark of Windows */
        text = bask_str_n(text.ptr + 3, text.len - 3);
    int err = check_text(reading, text);
    if (!err)
        err = formats[kind].read(reading, text);
    if (!err)
        err = bask_conf_block_ended(reading->conf, reading->error);
    if (err || reading->found || reading->optional)
        return err;
    bask_str wanted = reading->section.ptr ? reading->section : BASK_STR("uwsgi");
    return bask_conf_fail(reading->error, BASK_E_NOTFOUND, "%.*s: %s has no section \"%s\"",
                          BASK_FMT(reading->place.origin), bask_conf_shown(reading->name).text,
                          bask_conf_shown(wanted).text);
}

/* A file that is inside itself would never end. */
static int
check_nesting(struct bask_conf *conf, const struct bask_conf_reading *reading)
{
    unsigned depth = 0;
    const char *wrong = NULL;
    for (const struct bask_conf_reading *at = reading->outer; at; at = at->outer, depth++)
        if (bask_str_eq(at->name, reading->name) && bask_str_eq(at->section, reading->section))
            wrong = "it includes itself";
    if (depth >= DEEPEST)
        wrong = "too many files inside each other";
    if (conf->loads++ >= MOST)
        wrong = "too many files";
    if (wrong)
        return bask_conf_fail(reading->error, BASK_E_LIMIT, "%.*s: cannot read %s: %s",
                              BASK_FMT(reading->place.origin), bask_conf_shown(reading->name).text,
                              wrong);
    return BASK_OK;
}

/* Reads what a reading names, with the state of the conf put aside meanwhile. */
static int
read_inside(struct bask_conf *conf, struct bask_conf_reading *reading, bask_str format)
{
    const char *why;
    bask_str text;
    int err = bask_conf_slurp(conf, reading->name, &text, &why);
    if (err)
        return bask_conf_fail(reading->error, err, "%.*s: cannot read %s: %s",
                              BASK_FMT(reading->place.origin), bask_conf_shown(reading->name).text,
                              why);
    struct bask_conf_block block = conf->block;
    conf->block = (struct bask_conf_block){.open = false};
    conf->reading = reading;
    err = read_format(reading, format, text);
    conf->reading = reading->outer;
    free(conf->block.items.items);
    conf->block = block;
    free((char *)text.ptr);
    return err;
}

/* `reading` says who asks and for what; its name, path and section are found out here. */
static int
load(struct bask_conf_reading *reading, bask_str format, bask_str name)
{
    struct bask_conf *conf = reading->conf;
    struct bask_conf_place place = reading->place;
    bask_str file;
    char path[PATH_MAX];
    if (bask_conf_keep(conf, name, &name))
        return bask_conf_no_memory(reading->error, place);
    if (!format.ptr)
        format = bask_conf_format_of(name);
    split_name(name, &file, &reading->section);
    if (!file.len)
        file = conf->last_file;
    if (!format.ptr)
        format = bask_conf_format_of(file);
    if (!format.ptr || !file.len)
        return bask_conf_fail(reading->error, BASK_E_SYNTAX,
                              "%.*s: expected a file ending in .ini, .yaml, .yml, .json, .js or "
                              ".xml, not \"%s\"",
                              BASK_FMT(place.origin), bask_conf_shown(name).text);
    /* Names end in NUL for the system, which the first part of "file:section" does not. */
    if (bask_conf_keep(conf, file, &reading->name))
        return bask_conf_no_memory(reading->error, place);
    reading->path = BASK_STR("");
    if (realpath(reading->name.ptr, path) &&
        bask_conf_keep(conf, bask_str_of(path), &reading->path))
        return bask_conf_no_memory(reading->error, place);
    int err = check_nesting(conf, reading);
    if (err)
        return err;
    if (reading->path.len &&
        bask_conf_push(&conf->files, (struct bask_value){reading->path, place.origin}))
        return bask_conf_no_memory(reading->error, place);
    conf->last_file = reading->name;
    if (!conf->first_name.ptr) {
        conf->first_name = reading->name;
        conf->first_path = reading->path;
        conf->first_section = reading->section;
    }
    return read_inside(conf, reading, format);
}

int
bask_conf_load(struct bask_conf *conf, bask_str format, bask_str name, struct bask_conf_place place,
               struct bask_conf_error *ret_error)
{
    struct bask_conf_reading reading = {
        .conf = conf, .place = place, .outer = conf->reading, .error = ret_error};
    return load(&reading, format, name);
}

int
bask_conf_load_also(struct bask_conf *conf, bask_str name, struct bask_conf_place place,
                    bask_str *ret_path, struct bask_conf_error *ret_error)
{
    struct bask_conf_reading reading = {
        .conf = conf, .optional = true, .place = place, .outer = conf->reading, .error = ret_error};
    int err = load(&reading, BASK_STR("ini"), name);
    if (!err)
        *ret_path = reading.path;
    return err;
}

const struct bask_values *
bask_conf_files(const struct bask_conf *conf)
{
    return &conf->files;
}
