/* The rows of static files, and what follows from them. */
#include "serve/static_private.h"

#include "base/err.h"
#include "obs/log.h"
#include "serve/pattern.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define AT(member) offsetof(struct bask_static_options, member)
#define EXPIRES(kind) AT(expires[BASK_EXPIRES_##kind])

enum { TYPES_MAX = 4 << 20 };

static const struct bask_option rows[] = {
    {"static-map", NULL, 0, BASK_OPT_LIST, AT(maps), 0, 0, NULL, "/PREFIX=PATH",
     "answer paths below /PREFIX with the files of this folder, or with this file"},
    {"static-map2", NULL, 0, BASK_OPT_LIST, AT(maps2), 0, 0, NULL, "/PREFIX=DIR",
     "the same, but the whole path is looked for in the folder"},
    {"check-static", "static-check", 0, BASK_OPT_LIST, AT(checks), 0, 0, NULL, "DIR",
     "answer with a file of this folder wherever it has one, before the application is asked"},
    {"check-static-docroot", NULL, 0, BASK_OPT_FLAG, AT(docroot), 0, 0, NULL, NULL,
     "the same for the folder that a gateway names DOCUMENT_ROOT"},
    {"static-index", NULL, 0, BASK_OPT_LIST, AT(indexes), 0, 0, NULL, "NAME",
     "the file that stands for its folder; without a slash at its end the path is redirected"},
    {"static-safe", NULL, 0, BASK_OPT_LIST, AT(safe), 0, 0, NULL, "DIR",
     "symbolic links may lead here out of the folders of files"},
    {"static-skip-ext", NULL, 0, BASK_OPT_LIST, AT(skips), 0, 0, NULL, ".EXT",
     "leave names that end so to the application"},
    {"mimefile", "mime-file", 0, BASK_OPT_LIST, AT(types), 0, 0, NULL, "FILE",
     "types of files by the ends of their names (default: /etc/mime.types)"},
    {"static-expires", NULL, 0, BASK_OPT_LIST, EXPIRES(NAME), 0, 0, NULL, "\"REGEX SECONDS\"",
     "Expires, so long after the request, for files with such a name (absolute, links resolved "
     "in its folder's part)"},
    {"static-expires-mtime", NULL, 0, BASK_OPT_LIST, EXPIRES(NAME_MTIME), 0, 0, NULL,
     "\"REGEX SECONDS\"", "the same, so long after the file's last change"},
    {"static-expires-path-info", NULL, 0, BASK_OPT_LIST, EXPIRES(PATH), 0, 0, NULL,
     "\"REGEX SECONDS\"", "Expires for requests with such a path"},
    {"static-expires-path-info-mtime", NULL, 0, BASK_OPT_LIST, EXPIRES(PATH_MTIME), 0, 0, NULL,
     "\"REGEX SECONDS\"", "the same, so long after the file's last change"},
    {"static-expires-uri", NULL, 0, BASK_OPT_LIST, EXPIRES(URI), 0, 0, NULL, "\"REGEX SECONDS\"",
     "Expires for requests with such a URI, not decoded, with its query"},
    {"static-expires-uri-mtime", NULL, 0, BASK_OPT_LIST, EXPIRES(URI_MTIME), 0, 0, NULL,
     "\"REGEX SECONDS\"", "the same, so long after the file's last change"},
    {"static-expires-type", NULL, 0, BASK_OPT_LIST, EXPIRES(TYPE), 0, 0, NULL, "TYPE=SECONDS",
     "Expires for files of this type"},
    {"static-expires-type-mtime", NULL, 0, BASK_OPT_LIST, EXPIRES(TYPE_MTIME), 0, 0, NULL,
     "TYPE=SECONDS", "the same, so long after the file's last change"},
    {"static-gzip", NULL, 0, BASK_OPT_LIST, AT(gzip), 0, 0, NULL, "REGEX",
     "send FILE.br or FILE.gz instead of FILE to clients that accept it, for such names"},
    {"static-gzip-all", NULL, 0, BASK_OPT_FLAG, AT(gzip_all), 0, 0, NULL, NULL,
     "the same for all names"},
    {"static-gzip-dir", "static-gzip-prefix", 0, BASK_OPT_LIST, AT(gzip_dirs), 0, 0, NULL, "PREFIX",
     "the same for absolute names that begin so"},
    {"static-gzip-ext", "static-gzip-suffix", 0, BASK_OPT_LIST, AT(gzip_ends), 0, 0, NULL, "EXT",
     "the same for names that end so"},
    {"file-serve-mode", "fileserve-mode", 0, BASK_OPT_STRING, AT(mode), 0, 0, NULL, "MODE",
     "let the server in front send the files: nginx (x-accel-redirect) or x-sendfile"},
    {"honour-range", NULL, 0, BASK_OPT_FLAG, AT(honour_range), 0, 0, NULL, NULL,
     "accepted for uWSGI's sake: ranges of static files are always sent"},
    {"static-cache-paths", NULL, 0, BASK_OPT_DURATION, AT(paths_ms), 0, INT64_MAX, "0", "SECONDS",
     "accepted for uWSGI's sake: paths are not resolved by hand, so there is nothing to keep"},
    {"static-cache-paths-name", NULL, 0, BASK_OPT_LIST, AT(paths_names), 0, 0, NULL, "CACHE",
     "the same"},
    {"offload-threads", "offload-thread", 0, BASK_OPT_INT, AT(offload_threads), 0, 1024, "0", "N",
     "accepted for uWSGI's sake: files are sent without a thread of the application"},
};

struct bask_option_table
bask_static_option_table(struct bask_static_options *values)
{
    return (struct bask_option_table){
        .group = "Static files",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
        .values = values,
    };
}

static int
add_root(struct bask_static *files, bask_str prefix, bool cuts, bask_str path)
{
    struct bask_static_root *root = &files->roots[files->root_count];
    *root = (struct bask_static_root){.prefix = prefix, .cuts = cuts, .fd = -1};
    root->path = strndup(path.ptr, path.len);
    if (!root->path)
        return BASK_E_NOMEM;
    files->root_count++;
    return BASK_OK;
}

static int
complain(const struct bask_value *value, const char *option, const char *why, char *error,
         size_t size)
{
    snprintf(error, size, "%.*s: --%s \"%.*s\": %s", BASK_FMT(value->origin), option,
             BASK_FMT(value->text), why);
    return BASK_E_SYNTAX;
}

static int
add_maps(struct bask_static *files, const struct bask_values *maps, bool cuts, char *error,
         size_t size)
{
    for (size_t i = 0; i < maps->count; i++) {
        const struct bask_value *value = &maps->items[i];
        bask_str prefix, path;
        if (!bask_str_cut(value->text, '=', &prefix, &path) || !path.len ||
            (prefix.len && *prefix.ptr != '/'))
            return complain(value, cuts ? "static-map" : "static-map2", "expected /PREFIX=PATH",
                            error, size);
        if (add_root(files, prefix, cuts, path))
            return BASK_E_NOMEM;
    }
    return BASK_OK;
}

static int
add_roots(struct bask_static *files, char *error, size_t size)
{
    const struct bask_static_options *options = files->options;
    const struct bask_values *checks = &options->checks;
    files->roots = calloc(checks->count + options->maps.count + options->maps2.count + 1,
                          sizeof *files->roots);
    files->allowed_count = options->safe.count + 1;
    files->allowed = calloc(files->allowed_count, sizeof *files->allowed);
    if (!files->roots || !files->allowed)
        return BASK_E_NOMEM;
    for (size_t i = 0; i < checks->count; i++) {
        if (!checks->items[i].text.len)
            return complain(&checks->items[i], "check-static", "expected a folder", error, size);
        if (add_root(files, BASK_STR(""), false, checks->items[i].text))
            return BASK_E_NOMEM;
    }
    int err = add_maps(files, &options->maps, true, error, size);
    return err ? err : add_maps(files, &options->maps2, false, error, size);
}

static int
compile_gzip(struct bask_static *files, char *error, size_t size)
{
    const struct bask_values *values = &files->options->gzip;
    char why[256];
    files->gzip = calloc(values->count + 1, sizeof *files->gzip);
    if (!files->gzip)
        return BASK_E_NOMEM;
    for (size_t i = 0; i < values->count; i++) {
        if (bask_pattern_compile(&files->gzip[i], values->items[i].text, why, sizeof why))
            return complain(&values->items[i], "static-gzip", why, error, size);
        files->gzip_count++;
    }
    return BASK_OK;
}

static int
choose_mode(struct bask_static *files, char *error, size_t size)
{
    static const struct {
        bask_str name;
        enum bask_static_mode mode;
    } modes[] = {
        {BASK_STR("nginx"), BASK_STATIC_NGINX},
        {BASK_STR("x-accel-redirect"), BASK_STATIC_NGINX},
        {BASK_STR("x_accel_redirect"), BASK_STATIC_NGINX},
        {BASK_STR("x-sendfile"), BASK_STATIC_APACHE},
        {BASK_STR("x_sendfile"), BASK_STATIC_APACHE},
    };
    bask_str wanted = files->options->mode;
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        if (bask_str_eq_nocase(wanted, modes[i].name)) {
            files->mode = modes[i].mode;
            return BASK_OK;
        }
    if (!wanted.len)
        return BASK_OK;
    snprintf(error, size, "--file-serve-mode \"%.*s\": expected nginx or x-sendfile",
             BASK_FMT(wanted));
    return BASK_E_SYNTAX;
}

static int
fill(struct bask_static *files, char *error, size_t size)
{
    snprintf(error, size, "static files: %s", bask_err_text(BASK_E_NOMEM));
    int err = add_roots(files, error, size);
    if (!err)
        err = bask_expires_new(files->options->expires, &files->expires, error, size);
    if (!err)
        err = compile_gzip(files, error, size);
    return err ? err : choose_mode(files, error, size);
}

int
bask_static_new(const struct bask_static_options *options, struct bask_static **ret_files,
                char *error, size_t error_size)
{
    struct bask_static *files = calloc(1, sizeof *files);
    if (!files) {
        snprintf(error, error_size, "%s", bask_err_text(BASK_E_NOMEM));
        return BASK_E_NOMEM;
    }
    files->options = options;
    files->docroot.fd = -1;
    int err = fill(files, error, error_size);
    if (err || (!files->root_count && !options->docroot))
        bask_static_free(&files);
    if (!err)
        *ret_files = files;
    return err;
}

void
bask_static_count(struct bask_static *files, struct bask_board_place *place)
{
    files->place = place;
}

void
bask_static_free(struct bask_static **files)
{
    struct bask_static *gone = *files;
    *files = NULL;
    if (!gone)
        return;
    for (size_t i = 0; i < gone->root_count; i++) {
        bask_static_forget(&gone->roots[i]);
        free(gone->roots[i].path);
    }
    bask_static_forget(&gone->docroot);
    free(gone->docroot.path);
    for (size_t i = 0; i < gone->gzip_count; i++)
        regfree(&gone->gzip[i]);
    for (size_t i = 1; i < gone->allowed_count && gone->allowed; i++)
        free((char *)gone->allowed[i].ptr);
    bask_expires_free(&gone->expires);
    bask_types_free(&gone->types);
    free(gone->allowed);
    free(gone->roots);
    free(gone->gzip);
    free(gone);
}

/* The absolute form, even of what is not there yet; NULL: out of memory. */
static char *
absolute(const char *folder, bask_str path)
{
    char *text = NULL;
    bool is_absolute = *path.ptr == '/';
    if (asprintf(&text, "%s%s%.*s", is_absolute ? "" : folder, is_absolute ? "" : "/",
                 BASK_FMT(path)) < 0)
        return NULL;
    return text;
}

static int
settle_roots(struct bask_static *files, const char *folder)
{
    for (size_t i = 0; i < files->root_count; i++) {
        struct bask_static_root *root = &files->roots[i];
        char *path = absolute(folder, bask_str_of(root->path));
        if (!path)
            return BASK_E_NOMEM;
        free(root->path);
        root->path = path;
        if (bask_static_look(root))
            bask_log(BASK_LOG_INFO, "static files: %.*s%sfrom %s", BASK_FMT(root->prefix),
                     root->prefix.len ? " " : "any path, ", path);
        else
            bask_log(BASK_LOG_WARN, "static files: there is no %s yet", path);
    }
    return BASK_OK;
}

static int
settle_safe(struct bask_static *files, const char *folder)
{
    const struct bask_values *safe = &files->options->safe;
    for (size_t i = 0; i < safe->count; i++) {
        char *path = safe->items[i].text.len ? absolute(folder, safe->items[i].text) : strdup("");
        char *real = path && *path ? realpath(path, NULL) : NULL;
        if (real) {
            free(path);
            path = real;
        }
        if (!path)
            return BASK_E_NOMEM;
        files->allowed[i + 1] = bask_str_of(path);
    }
    return BASK_OK;
}

static int
read_types(struct bask_types *types, const char *path)
{
    int err = BASK_E_NOTFOUND;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    char *text = malloc(TYPES_MAX);
    ssize_t len = fd >= 0 && text ? pread(fd, text, TYPES_MAX, 0) : -1;
    if (len >= 0)
        err = bask_types_read(types, bask_str_n(text, (size_t)len));
    if (fd >= 0)
        close(fd);
    free(text);
    return err;
}

static int
settle_types(struct bask_static *files)
{
    const struct bask_values *values = &files->options->types;
    int err = BASK_OK;
    files->types = bask_types_new();
    if (!files->types)
        return BASK_E_NOMEM;
    for (size_t i = 0; i < values->count && err != BASK_E_NOMEM; i++) {
        err = read_types(files->types, values->items[i].text.ptr);
        if (err == BASK_E_NOTFOUND)
            bask_log(BASK_LOG_WARN, "--mimefile %.*s: %s", BASK_FMT(values->items[i].text),
                     strerror(errno));
    }
    if (!values->count)
        err = read_types(files->types, "/etc/mime.types");
    return err == BASK_E_NOMEM ? err : bask_types_add_common(files->types);
}

int
bask_static_settle(struct bask_static *files)
{
    char *folder = getcwd(NULL, 0);
    int err = folder ? BASK_OK : BASK_E_NOMEM;
    if (!err)
        err = settle_roots(files, folder);
    if (!err)
        err = settle_safe(files, folder);
    if (!err)
        err = settle_types(files);
    free(folder);
    return err;
}
