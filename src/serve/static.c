/*
 * From the path of a request to an open file: the folders that may have it, in order, and what
 * stands for a folder.
 *
 * Paths over HTTP come decoded and without dot segments (proto/url.h); a gateway may send anything,
 * so what has a ".." or a NUL in it is nobody's file here.
 */
#include "serve/static_private.h"

#include "base/err.h"
#include "obs/log.h"

#include <stdlib.h>
#include <unistd.h>

static bool
is_decent(bask_str path)
{
    if (!path.len || *path.ptr != '/' || path.len >= PATH_MAX || memchr(path.ptr, '\0', path.len))
        return false;
    bask_str segment, rest = path;
    for (bool more = true; more;) {
        segment = rest;
        more = bask_str_cut(rest, '/', &segment, &rest);
        if (bask_str_eq(segment, BASK_STR("..")))
            return false;
    }
    return true;
}

bool
bask_static_ends_in(bask_str text, const struct bask_values *ends)
{
    for (size_t i = 0; i < ends->count; i++)
        if (bask_str_ends(text, ends->items[i].text))
            return true;
    return false;
}

/* "/static" leads to "/static" and "/static/a", not to "/staticfoo". */
static bool
leads_to(const struct bask_static_root *root, bask_str path, bask_str *ret_rest)
{
    bask_str prefix = root->prefix;
    if (!bask_str_starts(path, prefix))
        return false;
    bool ends = path.len == prefix.len || !prefix.len || prefix.ptr[prefix.len - 1] == '/' ||
                path.ptr[prefix.len] == '/';
    if (ends)
        *ret_rest = root->cuts ? bask_str_n(path.ptr + prefix.len, path.len - prefix.len) : path;
    return ends;
}

static bool
append(struct bask_static_hunt *hunt, bask_str text)
{
    if (text.len >= sizeof hunt->name - hunt->len)
        return false;
    if (text.len)
        memcpy(hunt->name + hunt->len, text.ptr, text.len);
    hunt->len += text.len;
    hunt->name[hunt->len] = '\0';
    return true;
}

int
bask_static_open(struct bask_static_hunt *hunt, bask_str end, struct stat *ret_status)
{
    struct bask_static *files = hunt->files;
    size_t len = hunt->len;
    if (!append(hunt, end))
        return BASK_E_LIMIT;
    /* A single file may be a link to anywhere: it was named by the options. */
    files->allowed[0] = hunt->root->is_file ? BASK_STR("/") : bask_str_of(hunt->root->real);
    struct bask_folders allowed = {files->allowed, files->allowed_count};
    if (!allowed.names[0].len)
        allowed = (struct bask_folders){files->allowed + 1, files->allowed_count - 1};
    int fd = bask_beneath_open(hunt->root->fd, hunt->name, &allowed, ret_status);
    hunt->exhausted = hunt->exhausted || fd == BASK_E_SYSTEM;
    if (fd == BASK_E_RANGE)
        bask_log(BASK_LOG_WARN, "static files: %s/%s leads out of its folder, see --static-safe",
                 hunt->root->real, hunt->name);
    hunt->name[hunt->len = len] = '\0';
    return fd;
}

/* A file that is open, and is to be sent; anything else is closed. */
static bool
take(struct bask_static_hunt *hunt, int fd)
{
    const struct bask_values *skips = &hunt->files->options->skips;
    bask_str name = bask_str_n(hunt->name, hunt->len);
    hunt->fd = -1;
    if (fd < 0)
        return false;
    if (!S_ISREG(hunt->status.st_mode) || bask_static_ends_in(name, skips)) {
        close(fd);
        return false;
    }
    hunt->fd = fd;
    return true;
}

/* The name so far is a folder's, or empty for the root. */
static bool
find_index(struct bask_static_hunt *hunt)
{
    const struct bask_values *indexes = &hunt->files->options->indexes;
    size_t len = hunt->len;
    for (size_t i = 0; i < indexes->count; i++) {
        if (append(hunt, indexes->items[i].text) &&
            take(hunt, bask_static_open(hunt, BASK_STR(""), &hunt->status)))
            return true;
        hunt->name[hunt->len = len] = '\0';
    }
    return false;
}

/* A file of this name, or one that stands for the folder of this name. */
static bool
find_below(struct bask_static_hunt *hunt, bask_str name)
{
    bool has_slash = bask_str_ends(hunt->req->pub.path, BASK_STR("/"));
    while (name.len && *name.ptr == '/')
        name = bask_str_n(name.ptr + 1, name.len - 1);
    hunt->len = 0;
    if (!append(hunt, name))
        return false;
    if (name.len && !has_slash) {
        int fd = bask_static_open(hunt, BASK_STR(""), &hunt->status);
        if (fd < 0)
            return false;
        if (!S_ISDIR(hunt->status.st_mode))
            return take(hunt, fd);
        close(fd);
        if (!append(hunt, BASK_STR("/")))
            return false;
    }
    hunt->lacks_slash = !has_slash;
    return find_index(hunt);
}

static bool
find_in(struct bask_static_hunt *hunt, struct bask_static_root *root)
{
    bask_str rest;
    if (!leads_to(root, hunt->req->pub.path, &rest) || !bask_static_look(root))
        return false;
    hunt->root = root;
    hunt->lacks_slash = false;
    if (!root->is_file)
        return find_below(hunt, rest);
    hunt->len = 0;
    return !rest.len && append(hunt, bask_str_of(strrchr(root->path, '/') + 1)) &&
           take(hunt, bask_static_open(hunt, BASK_STR(""), &hunt->status));
}

/* The folder that the gateway named for this request; NULL: it named none. */
static struct bask_static_root *
docroot_of(struct bask_static *files, const struct bask_request *pub)
{
    struct bask_static_root *root = &files->docroot;
    bask_str path = {0};
    for (uint32_t i = 0; i < pub->pair_count; i++)
        if (pub->pairs[i].key_id == BASK_KEY_DOCUMENT_ROOT)
            path = pub->pairs[i].value;
    if (!path.len || *path.ptr != '/' || memchr(path.ptr, '\0', path.len))
        return NULL;
    if (root->path && bask_str_eq(bask_str_of(root->path), path))
        return root;
    bask_static_forget(root);
    free(root->path);
    root->path = strndup(path.ptr, path.len);
    root->looked_us = 0;
    return root->path ? root : NULL;
}

static bool
find(struct bask_static_hunt *hunt)
{
    struct bask_static *files = hunt->files;
    for (size_t i = 0; i < files->root_count; i++)
        if (find_in(hunt, &files->roots[i]))
            return true;
    struct bask_static_root *docroot =
        files->options->docroot ? docroot_of(files, &hunt->req->pub) : NULL;
    return docroot && find_in(hunt, docroot);
}

bask_str
bask_static_name(struct bask_static_hunt *hunt, bask_str end)
{
    bask_str folder = bask_str_of(hunt->root->real);
    bask_str slash = bask_str_ends(folder, BASK_STR("/")) ? BASK_STR("") : BASK_STR("/");
    const bask_str parts[] = {folder, slash, bask_str_n(hunt->name, hunt->len), end};
    char *name = bask_arena_alloc(&hunt->req->text, folder.len + 1 + hunt->len + end.len);
    size_t used = 0;
    if (!name)
        return (bask_str){0};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        memcpy(name + used, parts[i].ptr, parts[i].len);
        used += parts[i].len;
    }
    return bask_str_n(name, used);
}

bool
bask_static_answer(struct bask_static *files, struct bask_req *req)
{
    const struct bask_request *pub = &req->pub;
    struct bask_static_hunt hunt; /* large, and not to be cleared for each request */
    if ((pub->method_id != BASK_METHOD_GET && pub->method_id != BASK_METHOD_HEAD) ||
        !is_decent(pub->path) || bask_static_ends_in(pub->path, &files->options->skips))
        return false;
    hunt.files = files;
    hunt.req = req;
    hunt.fd = -1;
    hunt.exhausted = false;
    if (find(&hunt))
        return bask_static_send(&hunt);
    return hunt.exhausted && bask_static_send_later(&hunt);
}
