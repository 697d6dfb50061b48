/* Copies: argv may be written over for ps(1), and the folder changes with --chdir. */
#include "main/handover.h"

#include "sys/proc.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char **
copy_words(char *const *words)
{
    size_t count = 0, done = 0;
    while (words[count])
        count++;
    char **copy = calloc(count + 1, sizeof *copy);
    for (; copy && done < count; done++) {
        copy[done] = strdup(words[done]);
        if (!copy[done])
            break;
    }
    if (copy && done == count)
        return copy;
    while (copy && done-- > 0)
        free(copy[done]);
    free(copy);
    return NULL;
}

/* `path`, from `folder` on if it is relative. */
static char *
absolute(const char *folder, bask_str path)
{
    char *joined = NULL;
    bool relative = path.len && path.ptr[0] != '/';
    if (asprintf(&joined, "%s%s%.*s", relative ? folder : "", relative ? "/" : "", BASK_FMT(path)) <
        0)
        return NULL;
    return joined;
}

/* argv[0] may be anything: it counts if it leads to the program that runs. */
static char *
find_program(const char *folder, const char *called)
{
    char running[PATH_MAX], found[PATH_MAX];
    if (!bask_proc_binary(running, sizeof running))
        return NULL;
    if (strchr(called, '/') && realpath(called, found) && strcmp(found, running) == 0)
        return absolute(folder, bask_str_of(called));
    return strdup(running);
}

static bool
copy_listeners(struct bask_sock_givens *copy, const struct bask_listeners *listeners)
{
    copy->items = calloc(listeners->count + 1, sizeof *copy->items);
    copy->count = copy->items ? listeners->count : 0;
    for (size_t i = 0; i < copy->count; i++)
        copy->items[i] = (struct bask_sock_given){.name = listeners->items[i].name,
                                                  .fd = listeners->items[i].io.fd,
                                                  .borrowed = listeners->items[i].borrowed};
    return copy->items;
}

void
bask_handover_init(struct bask_master_handover *handover, char *const *argv, bask_str binary,
                   const struct bask_listeners *listeners)
{
    char folder[PATH_MAX];
    if (!getcwd(folder, sizeof folder) || !argv[0])
        return;
    handover->folder = strdup(folder);
    handover->program = binary.len ? absolute(folder, binary) : find_program(folder, argv[0]);
    if (copy_listeners(&handover->listeners, listeners) && handover->folder && handover->program)
        handover->argv = copy_words(argv);
}

void
bask_handover_fini(struct bask_master_handover *handover)
{
    for (char *const *word = handover->argv; word && *word; word++)
        free(*word);
    free((void *)handover->argv);
    free((void *)handover->program);
    free((void *)handover->folder);
    free(handover->listeners.items);
    *handover = (struct bask_master_handover){0};
}
