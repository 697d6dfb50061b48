/*
 * The ini format, as uWSGI has it: sections in brackets, "key = value" or a key alone, comments on
 * lines of their own. A '#' or ';' inside a line is part of the value; there are no quotes and no
 * continued lines. Sees text and lines; what they mean is decided behind bask_conf_item().
 */
#include "conf/private.h"

#include "base/err.h"
#include "base/str.h"

enum { LONGEST_LINE = 64 << 10 };

struct ini {
    struct bask_conf_reading *reading;
    size_t line;
    bool in_section; /* any */
    bool wanted;     /* this one */
};

static int
section(struct ini *ini, bask_str text)
{
    if (text.ptr[text.len - 1] != ']')
        return bask_conf_bad_line(ini->reading, ini->line, "expected [SECTION], not \"%s\"",
                                  bask_conf_shown(text).text);
    ini->in_section = true;
    ini->wanted =
        bask_conf_wants(ini->reading, bask_str_trim(bask_str_n(text.ptr + 1, text.len - 2)));
    return BASK_OK;
}

static int
line(struct ini *ini, bask_str text)
{
    if (text.len > LONGEST_LINE)
        return bask_conf_bad_line(ini->reading, ini->line, "a line of more than %d bytes",
                                  LONGEST_LINE);
    if (text.len && text.ptr[text.len - 1] == '\r')
        text.len--;
    text = bask_str_trim(text);
    if (!text.len || text.ptr[0] == '#' || text.ptr[0] == ';')
        return BASK_OK;
    if (text.ptr[0] == '[')
        return section(ini, text);
    if (!ini->in_section)
        return bask_conf_bad_line(ini->reading, ini->line,
                                  "expected a section such as [uwsgi] before \"%s\"",
                                  bask_conf_shown(text).text);
    if (!ini->wanted)
        return BASK_OK;
    bask_str key = text, value = {NULL, 0};
    if (bask_str_cut(text, '=', &key, &value))
        value = bask_str_trim(value);
    key = bask_str_trim(key);
    if (!key.len)
        return bask_conf_bad_line(ini->reading, ini->line, "expected KEY = VALUE, not \"%s\"",
                                  bask_conf_shown(text).text);
    return bask_conf_item(ini->reading, ini->line, key, value);
}

int
bask_conf_ini(struct bask_conf_reading *reading, bask_str text)
{
    struct ini ini = {.reading = reading};
    int err = BASK_OK;
    for (bool more = true; more && !err;) {
        bask_str here = text;
        more = bask_str_cut(text, '\n', &here, &text);
        ini.line++;
        err = line(&ini, here);
    }
    return err;
}
