/*
 * The XML format, read by expat: <uwsgi><http-socket>:8000</http-socket><master/></uwsgi>. An empty
 * tag is a key without a value; <uwsgi id="x"> is the section x, and what is read if no section is
 * asked for. <app mountpoint="/x"><module>y</module></app> is "mount = /x=y". Document types, and
 * with them entities of the file's own, are refused.
 */
#include "conf/private.h"

#include "base/err.h"
#include "base/str.h"

#include <expat.h>

enum { LONGEST = 64 << 10 };

struct xml {
    struct bask_conf_reading *reading;
    XML_Parser parser;
    struct bask_buf key, text;
    struct bask_buf before; /* the text, in the value: "/x=" of an <app> */
    size_t line;
    int depth;
    int section; /* the depth at which the wanted section began; 0: outside */
    bool in_app; /* the key is <app>, and its value may stand in an element of its own */
    bool inner;  /* it does */
    int err;
};

static void
stop(struct xml *x, int err)
{
    if (!x->err)
        x->err = err;
    XML_StopParser(x->parser, XML_FALSE);
}

static size_t
here(const struct xml *x)
{
    return (size_t)XML_GetCurrentLineNumber(x->parser);
}

static void
no_memory(struct xml *x)
{
    stop(x, bask_conf_no_memory(x->reading->error, x->reading->place));
}

static const char *
attribute(const char **attributes, const char *name)
{
    for (; attributes[0]; attributes += 2)
        if (strcmp(attributes[0], name) == 0)
            return attributes[1];
    return NULL;
}

/* <uwsgi>, <uwsgi id="x">, or the same with "bask". An id counts only if one was asked for. */
static bool
is_wanted(struct xml *x, const char *name, const char **attributes)
{
    const char *id = attribute(attributes, "id");
    if (strcmp(name, "uwsgi") != 0 && strcmp(name, "bask") != 0)
        return false;
    if (id && !x->reading->section.ptr && x->reading->found)
        return false; /* the first one it is, then */
    return bask_conf_wants(x->reading, bask_str_of(id && x->reading->section.ptr ? id : name));
}

/* Its value is "/x=" or "host|=" and the text. */
static int
begin_app(struct xml *x, const char **attributes)
{
    const char *mountpoint = attribute(attributes, "mountpoint");
    const char *domain = mountpoint ? NULL : attribute(attributes, "domain");
    const char *where = mountpoint ? mountpoint : domain ? domain : "/";
    x->in_app = true;
    x->inner = false;
    int err = bask_buf_append(&x->key, BASK_STR("mount"));
    if (!err)
        err = bask_buf_append(&x->before, bask_str_of(where));
    return err ? err : bask_buf_append(&x->before, domain ? BASK_STR("|=") : BASK_STR("="));
}

static void
begin_key(struct xml *x, const char *name, const char **attributes)
{
    bask_buf_consume(&x->key, bask_buf_len(&x->key));
    bask_buf_consume(&x->text, bask_buf_len(&x->text));
    bask_buf_consume(&x->before, bask_buf_len(&x->before));
    x->line = here(x);
    x->in_app = false;
    if (strcmp(name, "app") == 0 ? begin_app(x, attributes)
                                 : bask_buf_append(&x->key, bask_str_of(name)))
        no_memory(x);
}

static void
on_start(void *user, const char *name, const char **attributes)
{
    struct xml *x = user;
    x->depth++;
    if (x->err)
        return;
    if (!x->section)
        x->section = is_wanted(x, name, attributes) ? x->depth : 0;
    else if (x->depth == x->section + 1)
        begin_key(x, name, attributes);
    else if (x->in_app && !x->inner && x->depth == x->section + 2)
        x->inner = true;
    else
        stop(x, bask_conf_bad_line(x->reading, here(x), "expected a text, not <%s>",
                                   bask_conf_shown(bask_str_of(name)).text));
}

static void
on_text(void *user, const char *text, int length)
{
    struct xml *x = user;
    if (x->err || !x->section || x->depth <= x->section)
        return;
    if (bask_buf_len(&x->text) + (size_t)length > LONGEST)
        stop(x, bask_conf_bad_line(x->reading, here(x), "a value of more than %d bytes", LONGEST));
    else if (bask_buf_append(&x->text, bask_str_n(text, (size_t)length)))
        no_memory(x);
}

static bask_str
trimmed(bask_str text)
{
    while (text.len && strchr(" \t\r\n", text.ptr[0]))
        text = bask_str_n(text.ptr + 1, text.len - 1);
    while (text.len && strchr(" \t\r\n", text.ptr[text.len - 1]))
        text.len--;
    return text;
}

static int
end_key(struct xml *x)
{
    bask_str text = trimmed(bask_conf_built(&x->text));
    if (x->in_app) {
        if (bask_buf_append(&x->before, text))
            return bask_conf_no_memory(x->reading->error, x->reading->place);
        text = bask_conf_built(&x->before);
    }
    return bask_conf_item(x->reading, x->line, bask_conf_built(&x->key),
                          text.len ? text : (bask_str){NULL, 0});
}

static void
on_end(void *user, const char *name)
{
    struct xml *x = user;
    int depth = x->depth--;
    (void)name;
    if (x->err || !x->section)
        return;
    if (depth == x->section)
        x->section = 0;
    int err = depth == x->section + 1 && x->section ? end_key(x) : BASK_OK;
    if (err)
        stop(x, err);
}

static void
on_doctype(void *user, const char *name, const char *system_id, const char *public_id, int internal)
{
    struct xml *x = user;
    (void)name;
    (void)system_id;
    (void)public_id;
    (void)internal;
    stop(x, bask_conf_bad_line(x->reading, here(x), "expected no document type"));
}

int
bask_conf_xml(struct bask_conf_reading *reading, bask_str text)
{
    struct xml x = {.reading = reading, .parser = XML_ParserCreate(NULL)};
    if (!x.parser)
        return bask_conf_no_memory(reading->error, reading->place);
    XML_SetUserData(x.parser, &x);
    XML_SetElementHandler(x.parser, on_start, on_end);
    XML_SetCharacterDataHandler(x.parser, on_text);
    XML_SetStartDoctypeDeclHandler(x.parser, on_doctype);
    if (XML_Parse(x.parser, text.ptr, (int)text.len, 1) != XML_STATUS_OK && !x.err) {
        enum XML_Error code = XML_GetErrorCode(x.parser);
        x.err = code == XML_ERROR_NO_MEMORY
                    ? bask_conf_no_memory(reading->error, reading->place)
                    : bask_conf_bad_line(reading, here(&x), "not well formed XML: %s",
                                         XML_ErrorString(code));
    }
    XML_ParserFree(x.parser);
    bask_buf_fini(&x.key);
    bask_buf_fini(&x.text);
    bask_buf_fini(&x.before);
    return x.err;
}
