/* Signals and the command line of a program that is not ours, on Linux. */
#include "sys/caller.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

void
bask_caller_take(struct bask_caller_state *ret_state)
{
    sigset_t none;
    memset(ret_state, 0, sizeof *ret_state);
    for (int number = 1; number < BASK_CALLER_SIGNALS; number++)
        sigaction(number, NULL, &ret_state->actions[number]);
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, &ret_state->mask);
    prctl(PR_GET_CHILD_SUBREAPER, &ret_state->adopts_orphans, 0, 0, 0);
}

void
bask_caller_give_back(const struct bask_caller_state *state)
{
    prctl(PR_SET_CHILD_SUBREAPER, state->adopts_orphans, 0, 0, 0);
    for (int number = 1; number < BASK_CALLER_SIGNALS; number++)
        sigaction(number, &state->actions[number], NULL); /* some are the C library's: no harm */
    pthread_sigmask(SIG_SETMASK, &state->mask, NULL);
}

static bool
is_of_a_crash(int number)
{
    return number == SIGSEGV || number == SIGBUS || number == SIGFPE || number == SIGILL ||
           number == SIGABRT;
}

void
bask_caller_drop_signals(void)
{
    for (int number = 1; number < BASK_CALLER_SIGNALS; number++) {
        struct sigaction action;
        if (is_of_a_crash(number) || sigaction(number, NULL, &action))
            continue;
        if ((action.sa_flags & SA_SIGINFO) || action.sa_handler != SIG_IGN)
            signal(number, SIG_DFL);
    }
}

/* All of a file whose size the kernel does not tell, with one more NUL; NULL if it cannot be had.
 */
static char *
read_whole(const char *path, size_t *ret_len)
{
    char *text = NULL;
    size_t size = 0, len = 0, n;
    FILE *file = fopen(path, "re");
    if (!file)
        return NULL;
    do {
        char *more = len + 1 < size ? text : realloc(text, size += 4096);
        if (!more) {
            free(text);
            text = NULL;
            break;
        }
        text = more;
        n = fread(text + len, 1, size - len - 1, file);
        text[len += n] = '\0';
    } while (n > 0);
    fclose(file);
    *ret_len = len;
    return text;
}

char **
bask_caller_command_line(void)
{
    size_t len = 0, count = 0;
    char *text = read_whole("/proc/self/cmdline", &len);
    if (!text || !len) {
        free(text);
        return NULL;
    }
    for (size_t i = 0; i < len; i++)
        count += text[i] == '\0';
    char **words = calloc(count + 2, sizeof *words); /* a title may have no NUL */
    char *at = text;
    for (size_t i = 0; words && at < text + len; i++) {
        words[i] = at;
        at += strlen(at) + 1;
    }
    if (!words)
        free(text);
    return words;
}

void
bask_caller_command_line_free(char ***words)
{
    if (*words)
        free((*words)[0]); /* they are pieces of one text */
    free(*words);
    *words = NULL;
}
