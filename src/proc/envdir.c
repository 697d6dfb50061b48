/* One folder, one file after the other. */
#include "proc/envdir.h"

#include "base/err.h"
#include "sys/files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
load_file(const char *path, const char *name, off_t size)
{
    if (!size)
        return unsetenv(name) ? BASK_E_SYSTEM : BASK_OK;
    if (size >= LONGEST) {
        errno = EFBIG;
        return BASK_E_SYSTEM;
    }
    char *text = malloc(LONGEST);
    ssize_t len = text ? bask_file_read(path, text, LONGEST) : BASK_E_SYSTEM;
    int err = BASK_E_SYSTEM;
    if (len >= 0) {
        make_value(text, (size_t)len);
        err = setenv(name, text, 1) ? BASK_E_SYSTEM : BASK_OK;
    }
    free(text);
    return err;
}

/* What is empty is never opened. */
static int
try_file(const char *path, const char *name, off_t size)
{
    (void)name;
    return size && access(path, R_OK) ? BASK_E_SYSTEM : BASK_OK;
}

typedef int (*visit_fn)(const char *path, const char *name, off_t size);

/* What is hidden or no file is left out. */
static int
visit_entry(const char *path, const char *name, visit_fn visit)
{
    struct stat facts;
    if (name[0] == '.')
        return BASK_OK;
    if (stat(path, &facts))
        return BASK_E_SYSTEM;
    return S_ISREG(facts.st_mode) ? visit(path, name, facts.st_size) : BASK_OK;
}

/* Up to the first failure: `ret_path` is where it was, and errno why. A path that is too long for
 * the system fits. */
static int
walk(const char *folder, visit_fn visit, char *ret_path, size_t size)
{
    struct dirent *entry;
    snprintf(ret_path, size, "%s", folder);
    DIR *files = opendir(folder);
    if (!files)
        return BASK_E_SYSTEM;
    int err = BASK_OK;
    while (!err && (entry = readdir(files))) {
        snprintf(ret_path, size, "%s/%s", folder, entry->d_name);
        err = visit_entry(ret_path, entry->d_name, visit);
    }
    int saved = errno;
    closedir(files);
    errno = saved;
    return err;
}

int
bask_envdir_load(const char *folder, char *error, size_t error_size)
{
    char path[BASK_ENVDIR_PATH];
    int err = walk(folder, load_file, path, sizeof path);
    if (err)
        snprintf(error, error_size, "--envdir %s: %s", path, strerror(errno));
    return err;
}

bool
bask_envdir_is_forbidden(const char *folder, char *ret_path)
{
    return walk(folder, try_file, ret_path, BASK_ENVDIR_PATH) && errno == EACCES;
}
