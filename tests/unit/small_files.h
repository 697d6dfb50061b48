/* A folder with files in it, for tests that read what a system would have there. */
#pragma once

#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[64]; /* of the test, once make_root has run */

static void
put(const char *folder, const char *name, const char *text)
{
    char path[512];
    int at = snprintf(path, sizeof path, "%s", root);
    for (const char *part = folder; *part;) { /* mkdir -p */
        size_t length = 1 + strcspn(part + 1, "/");
        at += snprintf(path + at, sizeof path - (size_t)at, "%.*s", (int)length, part);
        mkdir(path, 0700);
        part += length;
    }
    snprintf(path + at, sizeof path - (size_t)at, "/%s", name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int
make_root(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "/tmp/bask-files-XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static int
remove_root(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", root);
    return system(command);
}
