/* The sentences of bask_err. */
#include "base/err.h"

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
