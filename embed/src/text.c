/* Texts that grow, and error texts, which are there even if memory is not. */
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char no_memory[] = "out of memory";

static void
add(struct text *text, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int n = vsnprintf(NULL, 0, format, arguments);
    char *grown = n < 0 ? NULL : realloc(text->ptr, text->len + (size_t)n + 1);
    if (grown) {
        vsnprintf(grown + text->len, (size_t)n + 1, format, again);
        text->ptr = grown;
        text->len += (size_t)n;
    } else {
        text->failed = true;
    }
    va_end(again);
}

void
text_add(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add(text, format, arguments);
    va_end(arguments);
}

void
text_fini(struct text *text)
{
    free(text->ptr);
    *text = (struct text){0};
}

char *
text_give(struct text *text)
{
    char *given = text->ptr;
    if (!given || text->failed) {
        free(given);
        given = no_memory;
    }
    *text = (struct text){0};
    return given;
}

void
text_free(char *given)
{
    if (given != no_memory)
        free(given);
}

int
text_error(char **ret_error, int code, const char *format, ...)
{
    struct text text = {0};
    va_list arguments;
    if (!ret_error)
        return code;
    va_start(arguments, format);
    add(&text, format, arguments);
    va_end(arguments);
    *ret_error = text_give(&text);
    return code;
}
