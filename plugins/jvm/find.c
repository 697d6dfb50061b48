/*
 * Where the JVM's library is: what $JAVA_HOME names, else the Java that the command `java` is, else
 * Debian's folders, else what the loader knows.
 */
#include "private.h"

#include <dlfcn.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct search {
    void *library;
    char *tried;
    size_t size;
};

static void
try(struct search *search, const char *path)
{
    if (search->library)
        return;
    search->library = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
    if (search->library)
        return;
    size_t used = strlen(search->tried);
    const char *why = dlerror();
    snprintf(search->tried + used, search->size - used, "\n  %s", why ? why : path);
}

/* The library's places in a JDK, a JRE, and a JDK of Java 8. */
static void
try_home(struct search *search, const char *home)
{
    static const char *const places[] = {"lib/server", "jre/lib/amd64/server",
                                         "jre/lib/aarch64/server"};
    char path[PATH_MAX];
    for (size_t i = 0; i < sizeof places / sizeof *places && !search->library; i++) {
        int len = snprintf(path, sizeof path, "%s/%s/libjvm.so", home, places[i]);
        FILE *file = len < (int)sizeof path ? fopen(path, "r") : NULL;
        if (!file)
            continue;
        fclose(file);
        try(search, path);
    }
}

/* A home is two folders above its program. */
static void
try_program(struct search *search, const char *program)
{
    char path[PATH_MAX];
    if (!realpath(program, path))
        return;
    for (int up = 0; up < 2; up++) {
        char *slash = strrchr(path, '/');
        if (!slash)
            return;
        *slash = '\0';
    }
    try_home(search, path);
}

static void
try_debian(struct search *search)
{
    glob_t found;
    if (!search->library)
        try_home(search, "/usr/lib/jvm/default-java");
    if (search->library || glob("/usr/lib/jvm/*", 0, NULL, &found))
        return;
    for (size_t i = 0; i < found.gl_pathc; i++)
        try_home(search, found.gl_pathv[i]);
    globfree(&found);
}

void *
jvm_open_library(char *tried, size_t size)
{
    struct search search = {.tried = tried, .size = size};
    const char *home = getenv("JAVA_HOME");
    *tried = '\0';
    if (home && *home) {
        try_home(&search, home);
        if (!search.library)
            snprintf(tried, size,
                     "\n  JAVA_HOME is %.512s, which has no usable lib/server/libjvm.so", home);
        return search.library;
    }
    try_program(&search, "/usr/bin/java");
    try_debian(&search);
    try(&search, "libjvm.so");
    return search.library;
}
