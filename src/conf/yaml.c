/*
 * The YAML format, read by libyaml: a map "uwsgi:" of options. A list repeats its key; anchors and
 * aliases may stand for values and lists, and "<<" merges maps.
 */
#include "conf/private.h"

#include "base/err.h"
#include "base/str.h"

#include <yaml.h>

struct yaml {
    struct bask_conf_reading *reading;
    yaml_document_t document;
};

enum { DEEPEST = 16 };

static size_t
line_of(const yaml_node_t *node)
{
    return node->start_mark.line + 1;
}

static bask_str
text_of(const yaml_node_t *node)
{
    return bask_str_n((const char *)node->data.scalar.value, node->data.scalar.length);
}

/* No value at all. The word null is a text, as in uWSGI: a plugin has that name. */
static bool
is_null(const yaml_node_t *node)
{
    bask_str text = text_of(node);
    return node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           (!text.len || bask_str_eq(text, BASK_STR("~")));
}

static int
item(struct yaml *y, size_t line, bask_str key, const yaml_node_t *value)
{
    if (value->type != YAML_SCALAR_NODE)
        return bask_conf_bad_line(y->reading, line_of(value),
                                  "%s: expected a text, a number or a list of them",
                                  bask_conf_shown(key).text);
    if (memchr(value->data.scalar.value, '\0', value->data.scalar.length))
        return bask_conf_bad_line(y->reading, line_of(value), "a NUL byte; expected text");
    bask_str text = is_null(value) ? (bask_str){NULL, 0} : text_of(value);
    return bask_conf_item(y->reading, line, key, text);
}

static int
items(struct yaml *y, bask_str key, const yaml_node_t *value)
{
    int err = BASK_OK;
    if (value->type != YAML_SEQUENCE_NODE)
        return item(y, line_of(value), key, value);
    for (yaml_node_item_t *at = value->data.sequence.items.start;
         at < value->data.sequence.items.top && !err; at++) {
        const yaml_node_t *one = yaml_document_get_node(&y->document, *at);
        err = item(y, line_of(one), key, one);
    }
    return err;
}

/* The options of a map; "<<" leads to another one, `depth` maps deep. */
static int
options(struct yaml *y, const yaml_node_t *map, int depth)
{
    int err = BASK_OK;
    if (map->type == YAML_SCALAR_NODE && is_null(map))
        return BASK_OK;
    if (map->type != YAML_MAPPING_NODE)
        return bask_conf_bad_line(y->reading, line_of(map), "expected a map of options");
    if (depth == DEEPEST)
        return bask_conf_bad_line(y->reading, line_of(map), "too many maps are merged");
    for (yaml_node_pair_t *at = map->data.mapping.pairs.start;
         at < map->data.mapping.pairs.top && !err; at++) {
        const yaml_node_t *key = yaml_document_get_node(&y->document, at->key);
        const yaml_node_t *value = yaml_document_get_node(&y->document, at->value);
        if (key->type != YAML_SCALAR_NODE || !key->data.scalar.length ||
            memchr(key->data.scalar.value, '\0', key->data.scalar.length))
            err = bask_conf_bad_line(y->reading, line_of(key), "expected the name of an option");
        else if (bask_str_eq(text_of(key), BASK_STR("<<")))
            err = options(y, value, depth + 1);
        else
            err = items(y, text_of(key), value);
    }
    return err;
}

static int
sections(struct yaml *y)
{
    const yaml_node_t *root = yaml_document_get_root_node(&y->document);
    int err = BASK_OK;
    if (!root)
        return BASK_OK;
    if (root->type != YAML_MAPPING_NODE)
        return bask_conf_bad_line(y->reading, line_of(root), "expected a map such as \"uwsgi:\"");
    for (yaml_node_pair_t *at = root->data.mapping.pairs.start;
         at < root->data.mapping.pairs.top && !err; at++) {
        const yaml_node_t *key = yaml_document_get_node(&y->document, at->key);
        if (key->type == YAML_SCALAR_NODE && bask_conf_wants(y->reading, text_of(key)))
            err = options(y, yaml_document_get_node(&y->document, at->value), 0);
    }
    return err;
}

int
bask_conf_yaml(struct bask_conf_reading *reading, bask_str text)
{
    struct yaml y = {.reading = reading};
    yaml_parser_t parser;
    int err;
    if (!yaml_parser_initialize(&parser))
        return bask_conf_no_memory(reading->error, reading->place);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text.ptr, text.len);
    if (yaml_parser_load(&parser, &y.document)) {
        err = sections(&y);
        yaml_document_delete(&y.document);
    } else if (parser.error == YAML_MEMORY_ERROR) {
        err = bask_conf_no_memory(reading->error, reading->place);
    } else {
        err = bask_conf_bad_line(reading, parser.problem_mark.line + 1, "not well formed YAML: %s",
                                 parser.problem ? parser.problem : "unreadable");
    }
    yaml_parser_delete(&parser);
    return err;
}
