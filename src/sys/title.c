/*
 * The kernel shows whatever stands where the command line was:
 *
 *   start                    end_args                end
 *    |--- argv, with NULs ---|--- environment ------|
 *
 * A title goes into the first part. A longer one runs on into the second, and the kernel follows it
 * there if the first part does not end in a NUL.
 */
#include "sys/title.h"

#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static struct {
    char *start, *end_args, *end;
    char **arguments, **environment; /* the copies, which are for ever */
} area;

static char **
copy_strings(char **strings, size_t count)
{
    char **copy = calloc(count + 1, sizeof *copy);
    for (size_t i = 0; copy && i < count; i++) {
        copy[i] = strdup(strings[i]);
        if (copy[i])
            continue;
        while (i > 0)
            free(copy[--i]);
        free(copy);
        return NULL;
    }
    return copy;
}

/* Where the strings end that follow each other without a gap from `at` on. */
static char *
skip_strings(char *at, char **strings, size_t count)
{
    for (size_t i = 0; i < count && strings[i] == at; i++)
        at += strlen(at) + 1;
    return at;
}

char **
bask_title_init(int argc, char **argv)
{
    size_t variables = 0;
    while (environ && environ[variables])
        variables++;
    char **arguments = copy_strings(argv, (size_t)argc);
    char **environment = arguments ? copy_strings(environ, variables) : NULL;
    if (!environment) {
        free(arguments);
        return NULL;
    }
    area.start = argv[0];
    area.end_args = skip_strings(argv[0], argv, (size_t)argc);
    area.end = skip_strings(area.end_args, environ, variables);
    area.arguments = arguments;
    environ = area.environment = environment;
    return arguments;
}

void
bask_title_set(const char *title)
{
    if (!area.start)
        return; /* the process and its name are somebody else's */
    prctl(PR_SET_NAME, title, 0, 0, 0);
    size_t room = (size_t)(area.end - area.start), args = (size_t)(area.end_args - area.start);
    size_t len = strlen(title);
    if (room == 0)
        return;
    if (len >= room)
        len = room - 1;
    memset(area.start, 0, len < args ? args : len + 1);
    memcpy(area.start, title, len);
}
