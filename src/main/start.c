/* Copies of what belongs to the process: titles are written over it later, variables change. */
#include "main/start.h"

#include "base/err.h"
#include "sys/proc.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* NULL: no memory, and then the process ends: nothing is given back. */
static char **
copy_words(char **words)
{
    size_t count = 0;
    while (words[count])
        count++;
    char **copy = calloc(count + 1, sizeof *copy);
    for (size_t i = 0; copy && i < count; i++) {
        copy[i] = strdup(words[i]);
        if (!copy[i])
            return NULL;
    }
    return copy;
}

int
bask_start_init(struct bask_start *start, int argc, char **argv, char **env)
{
    start->argc = argc;
    start->argv = copy_words(argv);
    start->env = copy_words(env);
    if (!getcwd(start->folder, sizeof start->folder))
        start->folder[0] = '\0'; /* it was deleted; then nothing can be found in it, either */
    gethostname(start->hostname, HOST_NAME_MAX);
    if (!bask_proc_binary(start->binary, sizeof start->binary))
        start->binary[0] = '\0';
    return start->argv && start->env ? BASK_OK : BASK_E_NOMEM;
}

void
bask_start_facts(struct bask_start *start, struct bask_conf_facts *ret_facts)
{
    *ret_facts = (struct bask_conf_facts){
        .version = BASK_VERSION,
        .hostname = start->hostname,
        .binary = start->binary,
        .start_folder = start->folder,
        .env = start->env,
        .once = &start->once,
    };
}
