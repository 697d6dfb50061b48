/*
 * What the files of kit/ share.
 *
 *   recipe.c    what is to be built: a folder, its manifest
 *   tree.c      or a plugin of the server's own source tree, which builds it itself
 *   compile.c   compilers, their flags, the link
 *   command.c   one program, run to its end
 *   words.c     lists of words: what a program is run with
 *   headers.c   the headers in the binary
 *   kit.c       the order of all this
 */
#pragma once

#include "base/arena.h"
#include "kit/kit.h"

#include <limits.h>
#include <stdbool.h>

enum { KIT_WORDS_MAX = 500, KIT_NAME_MAX = 48 };

/* Ends in NULL. What could not be added is an error that is kept until somebody asks. */
struct kit_words {
    struct bask_arena arena;
    char *items[KIT_WORDS_MAX + 1];
    size_t count;
    int err;
};

/* One build. */
struct kit {
    char scratch[PATH_MAX / 2]; /* a folder that is gone afterwards */
    char error[1024];
};

/* Remembers the sentence; returns `err`. */
__attribute__((format(printf, 3, 4))) int kit_fail(struct kit *kit, int err, const char *format,
                                                   ...);

/* words.c */
void kit_words_add(struct kit_words *words, const char *word);
__attribute__((format(printf, 2, 3))) void kit_words_addf(struct kit_words *words,
                                                          const char *format, ...);
/* The words of a text, as a shell without variables would see them: quotes and backslashes hold
 * them together. An open quote is BASK_E_SYNTAX. A NULL text has none. */
void kit_words_split(struct kit_words *words, const char *text);
void kit_words_append(struct kit_words *words, const struct kit_words *more);
void kit_words_fini(struct kit_words *words);

/* command.c */
struct kit_command {
    const struct kit_words *words;
    const char *folder; /* NULL: the present one */
    const char *output; /* a file for what it says; NULL: that goes to the standard error */
    bool quiet;         /* what it complains about is nobody's business */
};
/* 0: it ended well. BASK_E_STATE: it did not, and the sentence is the caller's. Any other error has
 * its sentence. */
int kit_run(struct kit *kit, const struct kit_command *command);

/* recipe.c */
struct kit_recipe {
    char name[KIT_NAME_MAX + 1];
    char folder[PATH_MAX];    /* absolute */
    bool is_folder;           /* not one source that was named */
    bool named;               /* by the user, whatever the manifest says */
    struct kit_words sources; /* in the folder */
    struct kit_words cflags, ldflags, libs, packages;
};
/* `name` is NULL if the plugin is to be called as its folder or file is. */
int kit_recipe_find(struct kit *kit, struct kit_recipe *recipe, const char *path, const char *name);
/* The manifest, and the sources if it names none. */
int kit_recipe_read(struct kit *kit, struct kit_recipe *recipe);
/* After that: a plugin that nobody has named is called like its folder. */
int kit_recipe_name(struct kit *kit, struct kit_recipe *recipe);
void kit_recipe_fini(struct kit_recipe *recipe);

/* compile.c: to the file `object`. */
int kit_compile(struct kit *kit, const struct kit_recipe *recipe, const char *object);
bool kit_is_source(const char *name);

/* tree.c */
/* The source tree that has this folder as a plugin of its own. */
bool kit_tree_has(const struct kit_recipe *recipe, char tree[PATH_MAX]);
int kit_tree_build(struct kit *kit, const struct kit_recipe *recipe, const char *tree,
                   char object[PATH_MAX]);

/* headers.c: as bask/NAME in this folder. */
int kit_headers_write(struct kit *kit, const char *folder);
