/*
 * Any bytes as the path of a request for a file, and as its fields, as a gateway might send them:
 *
 *   path \n query \n range \n if-none-match \n accept-encoding \n the rest is DOCUMENT_ROOT
 *
 * What lies outside of the folders is never opened, and every head is well formed.
 */
#include "serve/static.h"
#include "base/err.h"
#include "obs/log.h"
#include "req/fields.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Nobody reads it, and the real one would bring half a server along. */
void
bask_log(enum bask_log_level level, const char *format, ...)
{
    (void)level, (void)format;
}

static char home[] = "/tmp/bask-fuzz-XXXXXX";
static struct bask_static_options options;

static void
put(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");
    assert(file);
    fputs(text, file);
    fclose(file);
}

static void
clean_up(void)
{
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", home);
    if (system(command))
        abort();
}

static void
make_tree(void)
{
    assert(mkdtemp(home) && chdir(home) == 0);
    atexit(clean_up);
    assert(!mkdir("site", 0700) && !mkdir("site/d", 0700) && !mkdir("sit", 0700));
    put("secret", "SECRET");
    put("sit/secret", "SECRET");
    put("site/a", "inside");
    put("site/a.gz", "inside, compressed");
    put("site/p.php", "SECRET");
    put("site/d/i", "inside");
    assert(!symlink("../secret", "site/l") && !symlink("..", "site/u"));
    assert(!symlink("a", "site/m") && !symlink("/etc/passwd", "site/e"));
}

static struct bask_static *
make_files(void)
{
    static struct bask_value map = {BASK_STR("/s=site"), BASK_STR("test")};
    static struct bask_value check = {BASK_STR("site"), BASK_STR("test")};
    static struct bask_value index = {BASK_STR("i"), BASK_STR("test")};
    static struct bask_value skip = {BASK_STR(".php"), BASK_STR("test")};
    struct bask_static *files = NULL;
    char error[256];
    int back = open(".", O_DIRECTORY | O_CLOEXEC); /* the fuzzer's own paths may be relative */
    make_tree();
    options.maps = (struct bask_values){&map, 1};
    options.checks = (struct bask_values){&check, 1};
    options.indexes = (struct bask_values){&index, 1};
    options.skips = (struct bask_values){&skip, 1};
    options.docroot = options.gzip_all = true;
    assert(!bask_static_new(&options, &files, error, sizeof error) && !bask_static_settle(files));
    assert(back >= 0 && fchdir(back) == 0);
    close(back);
    return files;
}

/* By rules, a head is as well or as badly formed as it was. */
static void
check_fields(struct bask_req *req, bask_str head, unsigned count)
{
    static const bask_str removed[] = {BASK_STR("ETag"), BASK_STR("content-type")};
    static const struct bask_field_rules rules = {BASK_STR("X-A: b\r\n"), 1, removed, 2};
    const struct bask_response_traits traits = {0};
    struct bask_response before, after;
    bool well = !bask_response_plan(&before, &traits, head, count, 0);
    assert(!bask_fields_apply(&rules, &req->text, &head, &count));
    assert(well == !bask_response_plan(&after, &traits, head, count, 0));
    assert(bask_str_ends(head, rules.added));
}

static int
plan(struct bask_req *req, bask_str head, unsigned count, int64_t length)
{
    const struct bask_response_traits traits = {.keep_alive = true, .chunked = true};
    int err = bask_response_plan(&req->response, &traits, head, count, length);
    check_fields(req, head, count);
    /* Only a query can break a line: it goes back as it came. */
    assert(!err || req->pub.query.len);
    return err;
}

static int
respond(struct bask_req *req, bask_str head, unsigned count, bask_str body)
{
    assert(!body.len || bask_str_starts(BASK_STR("inside, compressed"), body) ||
           memmem("inside, compressed", 18, body.ptr, body.len));
    return plan(req, head, count, (int64_t)body.len);
}

static int
respond_file(struct bask_req *req, bask_str head, unsigned count, int fd, int64_t offset,
             int64_t length)
{
    (void)offset;
    close(fd);
    assert(!"no file here is large");
    return plan(req, head, count, length);
}

static int
respond_parts(struct bask_req *req, bask_str head, unsigned count, int fd, struct bask_parts *parts)
{
    int64_t size = bask_parts_size(parts, 0);
    close(fd);
    assert(parts->count > 1 && parts->count <= 9); /* "inside" with a byte between any two */
    for (size_t i = 0; i < parts->count; i++)
        assert(bask_str_ends(parts->items[i].before, BASK_STR("\r\n\r\n")));
    assert(bask_str_ends(parts->end, BASK_STR("--\r\n")));
    free(parts);
    return plan(req, head, count, size);
}

static bask_str
next_line(bask_str *rest)
{
    bask_str line = *rest;
    if (!bask_str_cut(*rest, '\n', &line, rest))
        *rest = (bask_str){0};
    return line;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct bask_req_io io = {
        .respond = respond, .respond_file = respond_file, .respond_parts = respond_parts};
    static const int keys[] = {BASK_KEY_HTTP_RANGE, BASK_KEY_HTTP_IF_NONE_MATCH,
                               BASK_KEY_HTTP_ACCEPT_ENCODING, BASK_KEY_DOCUMENT_ROOT};
    static struct bask_static *files;
    static struct bask_req *req;
    if (!files) {
        files = make_files();
        req = bask_req_new();
    }
    char *copy = malloc(size + 1);
    for (size_t i = 0; i < size; i++)
        copy[i] = (char)data[i];
    bask_str rest = bask_str_n(copy, size);
    bask_req_reset(req);
    req->io = &io;
    req->pub.method_id = BASK_METHOD_GET;
    req->pub.uri = req->pub.path = next_line(&rest);
    req->pub.query = next_line(&rest);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        bask_req_add(req, keys[i], (bask_str){0}, (bask_str){0}, next_line(&rest));
    /* Folders that a gateway names may be any; this one is trusted, and has the secret in it. */
    bool has_root = req->pub.pairs[3].value.len > 0;
    if (!has_root || !bask_str_starts(req->pub.pairs[3].value, BASK_STR("/")))
        bask_static_answer(files, req);
    free(copy);
    return 0;
}
