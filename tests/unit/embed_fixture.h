/* What the tests of embed/ share: a folder with paper PyPys, and processes of their own, because
 * PyPy is started once in a process. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pypy_embed.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char root[PATH_MAX / 4]; /* a temporary folder, for one test */
static pid_t runner;            /* the process that runs the tests */

/* A path below the folder; valid for many calls. */
static const char *
at(const char *name)
{
    static char paths[64][PATH_MAX / 2];
    static int next;
    char *path = paths[next++ % 64];
    int len = snprintf(path, sizeof paths[0], "%s%s%s", root, *name ? "/" : "", name);
    assert_true(len > 0 && (size_t)len < sizeof paths[0]);
    return path;
}

static void
make_folder(const char *name)
{
    char path[PATH_MAX / 2];
    snprintf(path, sizeof path, "%s", at(name));
    for (char *slash = path + strlen(root) + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
        *slash = '\0';
        mkdir(path, 0777);
    }
    mkdir(path, 0777);
}

static void
make_file(const char *name)
{
    char folder[PATH_MAX / 2];
    snprintf(folder, sizeof folder, "%s", name);
    char *slash = strrchr(folder, '/');
    if (slash) {
        *slash = '\0';
        make_folder(folder);
    }
    FILE *file = fopen(at(name), "w");
    assert_non_null(file);
    fclose(file);
    chmod(at(name), 0755);
}

/* The paper PyPy of this kind at `name`. */
static void
make_library(const char *kind, const char *name)
{
    char library[PATH_MAX];
    make_file(name);
    unlink(at(name));
    snprintf(library, sizeof library, "%s/fake_%s.so", FAKE_FOLDER, kind);
    assert_int_equal(symlink(library, at(name)), 0);
}

static int
set_up(void **state)
{
    (void)state;
    runner = getpid();
    char template[] = "/tmp/embed-test-XXXXXX";
    assert_non_null(mkdtemp(template));
    assert_non_null(realpath(template, root));
    unsetenv("PYPY_HOME");
    unsetenv("VIRTUAL_ENV");
    setenv("PATH", "/nonexistent", 1);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    char command[PATH_MAX];
    if (getpid() != runner) /* a child whose assert failed, and which would run all other tests */
        _exit(1);
    snprintf(command, sizeof command, "/bin/rm -rf '%s'", root);
    return system(command);
}

/* Runs a body in a child; its asserts fail there, and the test with them. */
__attribute__((unused)) static void
in_child(void (*body)(void))
{
    int status;
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        body();
        fflush(NULL);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* The error of a call must be this one, its text hold that. */
#define assert_error(expected_code, expected_text, call)                                           \
    do {                                                                                           \
        char *error = NULL;                                                                        \
        int code_ = (call);                                                                        \
        assert_int_equal(code_, expected_code);                                                    \
        if (!strstr(error, expected_text))                                                         \
            fail_msg("\"%s\" is not in: %s", expected_text, error);                                \
        pypy_embed_free_text(error);                                                               \
    } while (0)
