/* The headers that a plugin sees: as files, and as one for those who build in their own way. */
#include "kit/private.h"

#include "base/err.h"
#include "base/str.h"
#include "kit/texts.h"
#include "sys/files.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST = 64 };

int
kit_headers_write(struct kit *kit, const char *folder)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/bask", folder);
    int err = mkdir(path, 0700) ? BASK_E_SYSTEM : BASK_OK;
    for (const struct kit_text_row *row = kit_text_rows; row->name && !err; row++) {
        snprintf(path, sizeof path, "%s/bask/%s.h", folder, row->name);
        err = bask_file_replace(path, bask_str_n(row->text, row->len), 0600);
    }
    return err ? kit_fail(kit, err, "%s cannot be written: %s", path, strerror(errno)) : BASK_OK;
}

/* The row of `#include <bask/NAME.h>`; NULL: the line is something else. */
static const struct kit_text_row *
included(bask_str line)
{
    static const bask_str before = BASK_STR("#include <bask/"), after = BASK_STR(".h>");
    if (!bask_str_starts(line, before) || !bask_str_ends(line, after))
        return NULL;
    bask_str name = bask_str_n(line.ptr + before.len, line.len - before.len - after.len);
    for (const struct kit_text_row *row = kit_text_rows; row->name; row++)
        if (bask_str_eq(name, bask_str_of(row->name)))
            return row;
    return NULL;
}

/* A header, and before it those that it includes, each once. */
static void
print(const struct kit_text_row *row, bool printed[MOST], FILE *to)
{
    bask_str line, rest = bask_str_n(row->text, row->len);
    if (printed[row - kit_text_rows])
        return;
    printed[row - kit_text_rows] = true;
    fprintf(to, "\n/* bask/%s.h */\n", row->name);
    while (bask_str_cut(rest, '\n', &line, &rest)) {
        const struct kit_text_row *other = included(line);
        if (other)
            print(other, printed, to);
        else if (!bask_str_eq(line, BASK_STR("#pragma once")))
            fprintf(to, "%.*s\n", BASK_FMT(line));
    }
}

void
bask_kit_print_headers(FILE *to)
{
    bool printed[MOST] = {false};
    fputs("/* Bask " BASK_VERSION ": all that a plugin sees of the server. */\n#pragma once\n", to);
    for (size_t i = 0; kit_text_rows[i].name && i < MOST; i++)
        print(&kit_text_rows[i], printed, to);
}
