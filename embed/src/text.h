/* A text that grows, for reports and messages. Knows nothing of PyPy. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct text {
    char *ptr; /* NULL while empty */
    size_t len;
    bool failed; /* memory ran out: what is there is cut off */
};

__attribute__((format(printf, 2, 3))) void text_add(struct text *text, const char *format, ...);
void text_fini(struct text *text);
/* The text, which is the caller's now, or, if memory ran out, a static one; never NULL. */
char *text_give(struct text *text);
/* Frees what text_give returned. */
void text_free(char *given);

/* Sets *ret_error, unless NULL, and returns `code`. */
__attribute__((format(printf, 3, 4))) int text_error(char **ret_error, int code, const char *format,
                                                     ...);
