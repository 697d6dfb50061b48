/* Lists of words, and how a text becomes one. No shell is asked. */
#include "kit/private.h"

#include "base/err.h"

#include <stdarg.h>
#include <string.h>

static void
add(struct kit_words *words, const char *word, size_t len)
{
    char *copy = NULL;
    if (!words->err && words->count == KIT_WORDS_MAX)
        words->err = BASK_E_LIMIT;
    if (!words->err && !(copy = bask_arena_alloc(&words->arena, len + 1)))
        words->err = BASK_E_NOMEM;
    if (words->err)
        return;
    memcpy(copy, word, len);
    copy[len] = '\0';
    words->items[words->count++] = copy;
}

void
kit_words_add(struct kit_words *words, const char *word)
{
    add(words, word, strlen(word));
}

void
kit_words_addf(struct kit_words *words, const char *format, ...)
{
    char text[2 * PATH_MAX];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (len < 0 || (size_t)len >= sizeof text)
        words->err = words->err ? words->err : BASK_E_LIMIT;
    else
        add(words, text, (size_t)len);
}

/* One word from `text` on, without its quotes, into `out`, which has room for all of it. What
 * follows it; NULL: a quote is open. */
static const char *
read_word(const char *text, char *out, size_t *ret_len)
{
    char quote = '\0';
    size_t len = 0;
    for (; *text && (quote || !strchr(" \t\r\n", *text)); text++) {
        if (*text == '\\' && quote != '\'' && text[1])
            out[len++] = *++text;
        else if (quote ? *text == quote : *text == '"' || *text == '\'')
            quote = quote ? '\0' : *text;
        else
            out[len++] = *text;
    }
    *ret_len = len;
    return quote ? NULL : text;
}

void
kit_words_split(struct kit_words *words, const char *text)
{
    size_t len;
    if (!text)
        return;
    char *out = bask_arena_alloc(&words->arena, strlen(text) + 1);
    if (!out)
        words->err = words->err ? words->err : BASK_E_NOMEM;
    while (!words->err && *(text += strspn(text, " \t\r\n"))) {
        text = read_word(text, out, &len);
        if (!text) {
            words->err = BASK_E_SYNTAX;
            return;
        }
        add(words, out, len);
    }
}

void
kit_words_append(struct kit_words *words, const struct kit_words *more)
{
    if (!words->err)
        words->err = more->err;
    for (size_t i = 0; i < more->count; i++)
        kit_words_add(words, more->items[i]);
}

void
kit_words_fini(struct kit_words *words)
{
    bask_arena_fini(&words->arena);
}
