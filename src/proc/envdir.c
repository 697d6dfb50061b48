/* One folder, one file after the other. */
#include "proc/envdir.h"

#include "base/err.h"
#include "sys/files.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { LONGEST = 128 << 10 /* of a variable: execve() takes no longer one */ };

/* Blanks and line ends at its end are not part of the value; a NUL in it stands for a line end. */
static void
make_value(char *text, size_t len)
{
    while (len && strchr(" \t\r\n", text[len - 1])) /* a NUL at the end, too */
        len--;
    text[len] = '\0';
    for (size_t i = 0; i < len; i++)
        if (!text[i])
            text[i] = '\n';
}

static int
load_file(const char *path, const char *name, off_t size, char *buffer)
{
    if (!size)
        return unsetenv(name) ? BASK_E_SYSTEM : BASK_OK;
    if (size >= LONGEST) {
        errno = EFBIG;
        return BASK_E_SYSTEM;
    }
    ssize_t len = bask_file_read(path, buffer, LONGEST);
    if (len < 0)
        return BASK_E_SYSTEM;
    make_value(buffer, (size_t)len);
    return setenv(name, buffer, 1) ? BASK_E_SYSTEM : BASK_OK;
}

/* What is hidden or no file is left out. */
static int
load_entry(const char *folder, const char *name, char *buffer)
{
    char path[PATH_MAX];
    struct stat facts;
    if (name[0] == '.')
        return BASK_OK;
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path) {
        errno = ENAMETOOLONG;
        return BASK_E_SYSTEM;
    }
    if (stat(path, &facts))
        return BASK_E_SYSTEM;
    return S_ISREG(facts.st_mode) ? load_file(path, name, facts.st_size, buffer) : BASK_OK;
}

int
bask_envdir_load(const char *folder, char *error, size_t error_size)
{
    struct dirent *entry;
    const char *name = "";
    char *buffer = malloc(LONGEST);
    DIR *files = buffer ? opendir(folder) : NULL;
    int err = files ? BASK_OK : BASK_E_SYSTEM;
    while (!err && (entry = readdir(files))) {
        name = entry->d_name;
        err = load_entry(folder, name, buffer);
    }
    if (err)
        snprintf(error, error_size, "--envdir %s%s%s: %s", folder, *name ? "/" : "", name,
                 strerror(errno));
    if (files)
        closedir(files);
    free(buffer);
    return err;
}
