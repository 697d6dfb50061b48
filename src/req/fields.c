/* Lines of heads that are not the application's to decide: see fields.h. */
#include "req/fields.h"

#include "base/err.h"

/* Whether a line, with its name at its front, is to go. */
static bool
is_removed(const struct bask_field_rules *rules, bask_str line)
{
    bask_str name, value;
    if (!bask_str_cut(line, ':', &name, &value))
        return false;
    for (size_t i = 0; i < rules->removed_count; i++)
        if (bask_str_eq_nocase(name, rules->removed[i]))
            return true;
    return false;
}

/* The line at the front of *rest, which loses it; with its end, if it has one. */
static bask_str
take_line(bask_str *rest)
{
    const char *end = memchr(rest->ptr, '\n', rest->len);
    size_t len = end ? (size_t)(end - rest->ptr) + 1 : rest->len;
    bask_str line = bask_str_n(rest->ptr, len);
    *rest = bask_str_n(rest->ptr + len, rest->len - len);
    return line;
}

int
bask_fields_apply(const struct bask_field_rules *rules, struct bask_arena *arena, bask_str *head,
                  unsigned *count)
{
    bask_str rest = *head;
    char *out = bask_arena_alloc(arena, head->len + rules->added.len + 1);
    size_t used = 0;
    unsigned lines = *count;
    if (!out)
        return BASK_E_NOMEM;
    for (bool is_field = false; rest.len; is_field = true) {
        bask_str line = take_line(&rest);
        if (is_field && is_removed(rules, line)) {
            lines--;
            continue;
        }
        memcpy(out + used, line.ptr, line.len);
        used += line.len;
    }
    if (rules->added.len)
        memcpy(out + used, rules->added.ptr, rules->added.len);
    *head = bask_str_n(out, used + rules->added.len);
    *count = lines + rules->added_count;
    return BASK_OK;
}
