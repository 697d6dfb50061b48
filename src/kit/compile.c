/*
 * From sources to a shared object: a compiler for each language, with the flags of the server,
 * those of the manifest and those of the environment, in this order.
 *
 * A symbol that is nowhere is an error here, and not only when a server loads the plugin.
 */
#include "kit/kit_flags.h"
#include "kit/private.h"

#include "base/err.h"
#include "base/str.h"
#include "sys/files.h"

#include <stdlib.h>
#include <string.h>

enum language { C, CXX, OBJC, OBJCXX, LANGUAGES };

static const struct {
    const char *name, *option; /* for people; for the compiler's -x */
    const char *endings[4];
    const char *variable;     /* where a user names the compiler */
    const char *compilers[4]; /* without that, the first that works */
    const char *flags;        /* the variable */
    const char *standard;
} languages[LANGUAGES] = {
    [C] = {"C", "c", {".c"}, "CC", {"cc", "gcc", "clang"}, "CFLAGS", "-std=gnu11"},
    [CXX] = {"C++",
             "c++",
             {".cc", ".cpp", ".cxx"},
             "CXX",
             {"c++", "g++", "clang++"},
             "CXXFLAGS",
             "-std=gnu++2a"},
    [OBJC] = {"Objective-C",
              "objective-c",
              {".m"},
              "OBJC",
              {"cc", "gcc", "clang"},
              "CFLAGS",
              "-std=gnu11"},
    [OBJCXX] = {"Objective-C++",
                "objective-c++",
                {".mm"},
                "OBJCXX",
                {"c++", "g++", "clang++"},
                "CXXFLAGS",
                "-std=gnu++2a"},
};

/* One compilation. */
struct compilation {
    struct kit *kit;
    const struct kit_recipe *recipe;
    struct kit_words package_flags, package_libs; /* what pkg-config says */
    struct kit_words compilers[LANGUAGES];        /* no words: not looked for yet */
    size_t objects;
};

static enum language
language_of(const char *name)
{
    for (enum language at = C; at < LANGUAGES; at++)
        for (const char *const *ending = languages[at].endings; *ending; ending++)
            if (bask_str_ends(bask_str_of(name), bask_str_of(*ending)))
                return at;
    return LANGUAGES;
}

bool
kit_is_source(const char *name)
{
    return *name != '.' && language_of(name) != LANGUAGES;
}

/* It is there, and it knows the language: cc often has no Objective-C. */
static bool
works(struct kit *kit, const char *compiler, enum language language)
{
    struct kit_words words = {.count = 0};
    kit_words_add(&words, compiler);
    kit_words_addf(&words, "-x%s", languages[language].option);
    kit_words_add(&words, "-fsyntax-only");
    kit_words_add(&words, "/dev/null");
    int err = kit_run(kit, &(struct kit_command){.words = &words, .quiet = true});
    kit_words_fini(&words);
    return !err;
}

static int
find_compiler(struct compilation *c, enum language language)
{
    struct kit_words *words = &c->compilers[language];
    const char *variable = languages[language].variable;
    if (words->count)
        return BASK_OK;
    kit_words_split(words, getenv(variable));
    if (words->err)
        return kit_fail(c->kit, words->err, "%s: %s", variable, bask_err_text(words->err));
    const char *const *at = languages[language].compilers;
    for (; *at && !words->count; at++)
        if (works(c->kit, *at, language))
            kit_words_add(words, *at);
    if (words->count)
        return BASK_OK;
    at = languages[language].compilers;
    return kit_fail(c->kit, BASK_E_NOTFOUND,
                    "there is no compiler for %s: none of %s, %s, %s works; %s can name one",
                    languages[language].name, at[0], at[1], at[2], variable);
}

static int
run(struct compilation *c, struct kit_words *words, const char *doing)
{
    int err = kit_run(c->kit, &(struct kit_command){.words = words, .folder = c->recipe->folder});
    if (err == BASK_E_STATE)
        kit_fail(c->kit, err, "%s failed at %s", words->items[0], doing);
    kit_words_fini(words);
    return err;
}

static int
compile_one(struct compilation *c, const char *source)
{
    struct kit_words words = {.count = 0};
    enum language language = language_of(source);
    if (language == LANGUAGES)
        return kit_fail(c->kit, BASK_E_SYNTAX,
                        "%s is no source in C, C++ or Objective-C (.c .cc .cpp .cxx .m .mm)",
                        source);
    int err = find_compiler(c, language);
    if (err)
        return err;
    kit_words_append(&words, &c->compilers[language]);
    kit_words_add(&words, languages[language].standard);
    kit_words_split(&words, BASK_KIT_FLAGS);
    kit_words_addf(&words, "-I%s", c->kit->scratch);
    kit_words_append(&words, &c->package_flags);
    kit_words_append(&words, &c->recipe->cflags);
    kit_words_split(&words, getenv("CPPFLAGS"));
    kit_words_split(&words, getenv(languages[language].flags));
    kit_words_add(&words, "-c");
    kit_words_add(&words, source);
    kit_words_add(&words, "-o");
    kit_words_addf(&words, "%s/%zu.o", c->kit->scratch, c->objects++);
    return run(c, &words, source);
}

static int
link_all(struct compilation *c, const char *object)
{
    struct kit_words words = {.count = 0};
    enum language language = OBJCXX;
    while (!c->compilers[language].count)
        language--;
    kit_words_append(&words, &c->compilers[language]);
    kit_words_add(&words, "-shared");
    kit_words_split(&words, BASK_KIT_FLAGS);
    kit_words_split(&words, BASK_KIT_LINK_FLAGS);
    kit_words_append(&words, &c->recipe->ldflags);
    kit_words_split(&words, getenv(languages[language].flags));
    kit_words_split(&words, getenv("LDFLAGS"));
    kit_words_add(&words, "-o");
    kit_words_add(&words, object);
    for (size_t i = 0; i < c->objects; i++)
        kit_words_addf(&words, "%s/%zu.o", c->kit->scratch, i);
    kit_words_append(&words, &c->package_libs);
    kit_words_append(&words, &c->recipe->libs);
    if (c->compilers[OBJC].count || c->compilers[OBJCXX].count)
        kit_words_add(&words, "-lobjc");
    return run(c, &words, "the link");
}

/* What `pkg-config OPTION NAME...` prints. */
static int
ask_packages(struct compilation *c, const char *option, struct kit_words *ret_words)
{
    struct kit_words words = {.count = 0};
    char path[PATH_MAX], text[16384];
    if (!c->recipe->packages.count)
        return BASK_OK;
    snprintf(path, sizeof path, "%s/packages", c->kit->scratch);
    kit_words_add(&words, "pkg-config");
    kit_words_add(&words, option);
    kit_words_append(&words, &c->recipe->packages);
    int err = kit_run(c->kit, &(struct kit_command){.words = &words, .output = path});
    kit_words_fini(&words);
    if (err == BASK_E_STATE)
        return kit_fail(c->kit, err, "pkg-config does not know all of what plugin.ini names");
    if (!err && bask_file_read(path, text, sizeof text) < 0)
        return kit_fail(c->kit, BASK_E_SYSTEM, "%s cannot be read", path);
    if (!err)
        kit_words_split(ret_words, text);
    return err;
}

int
kit_compile(struct kit *kit, const struct kit_recipe *recipe, const char *object)
{
    struct compilation c = {.kit = kit, .recipe = recipe};
    int err = kit_headers_write(kit, kit->scratch);
    if (!err)
        err = ask_packages(&c, "--cflags", &c.package_flags);
    if (!err)
        err = ask_packages(&c, "--libs", &c.package_libs);
    for (size_t i = 0; i < recipe->sources.count && !err; i++)
        err = compile_one(&c, recipe->sources.items[i]);
    if (!err)
        err = link_all(&c, object);
    kit_words_fini(&c.package_flags);
    kit_words_fini(&c.package_libs);
    for (enum language at = C; at < LANGUAGES; at++)
        kit_words_fini(&c.compilers[at]);
    return err;
}

void
bask_kit_print_flags(FILE *to)
{
    fprintf(to, "%s %s\n", languages[C].standard, BASK_KIT_FLAGS);
}
