/* See warning.h. A reader sees by `turn` whether somebody wrote meanwhile, and reads again. */
#include "obs/warning.h"

#include "sys/robust.h"

#include <string.h>

enum { TRIES = 1000 };

int
bask_warning_init(struct bask_warning *warning)
{
    return bask_robust_init(&warning->lock, false);
}

void
bask_warning_set(struct bask_warning *warning, bask_str text)
{
    char bytes[BASK_WARNING_WORDS * 8] = {0};
    uint64_t words[BASK_WARNING_WORDS];
    size_t len = text.len < BASK_WARNING_MAX ? text.len : BASK_WARNING_MAX;
    if (len)
        memcpy(bytes, text.ptr, len);
    memcpy(words, bytes, sizeof words);
    bask_robust_lock(&warning->lock); /* who died with it left an odd turn, which goes on */
    uint32_t odd = atomic_load(&warning->turn) | 1;
    atomic_store(&warning->turn, odd);
    for (size_t i = 0; i < BASK_WARNING_WORDS; i++)
        atomic_store(&warning->words[i], words[i]);
    atomic_store(&warning->turn, odd + 1);
    bask_robust_unlock(&warning->lock);
}

size_t
bask_warning_get(const struct bask_warning *warning, char text[BASK_WARNING_MAX + 1])
{
    uint64_t words[BASK_WARNING_WORDS];
    for (int i = 0; i < TRIES; i++) {
        uint32_t turn = atomic_load(&warning->turn);
        for (size_t k = 0; k < BASK_WARNING_WORDS; k++)
            words[k] = atomic_load(&warning->words[k]);
        if (turn & 1 || atomic_load(&warning->turn) != turn)
            continue;
        memcpy(text, words, BASK_WARNING_MAX);
        text[BASK_WARNING_MAX] = '\0';
        return strlen(text);
    }
    *text = '\0';
    return 0;
}
