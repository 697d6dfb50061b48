/* The sentences of bask_err, and those about one case of it. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

const char *
bask_err_text(int err)
{
    switch (err) {
    case BASK_OK:
        return "success";
#define X(symbol, number, text)                                                                    \
    case BASK_E_##symbol:                                                                          \
        return text;
        BASK_ERRORS(X)
#undef X
    }
    return "unknown error";
}

int
bask_complain(struct bask_words words, int err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words.text, words.size, format, arguments);
    va_end(arguments);
    return err;
}
