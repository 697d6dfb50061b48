/* A folder of its own for a test, and files in it; the test runs inside it. */
#pragma once

#include "test.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char test_folder[] = "/tmp/bask-conf-XXXXXX";

static int
enter_folder(void **state)
{
    (void)state;
    return mkdtemp(test_folder) ? chdir(test_folder) : -1;
}

static int
leave_folder(void **state)
{
    char command[64];
    (void)state;
    snprintf(command, sizeof command, "rm -r %s", test_folder);
    return chdir("/") ? -1 : system(command);
}

static void
write_bytes(const char *name, const char *bytes, size_t count)
{
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    fclose(file);
}

static void
write_file(const char *name, const char *text)
{
    write_bytes(name, text, strlen(text));
}
