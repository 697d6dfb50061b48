/*
 * The errors of low rooms: 0 is success, a bask_err is negative. What the kernel refused comes with
 * errno set (BASK_E_SYSTEM); nothing else uses errno. One row gives the name and the sentence.
 */
#pragma once

#include <stddef.h>

#define BASK_ERRORS(X)                                                                             \
    X(NOMEM, -1, "out of memory")                                                                  \
    X(SYSTEM, -2, "the system refused")                                                            \
    X(SYNTAX, -3, "not well formed")                                                               \
    X(RANGE, -4, "out of range")                                                                   \
    X(NOTFOUND, -5, "not found")                                                                   \
    X(AGAIN, -6, "not now")                                                                        \
    X(CLOSED, -7, "closed by the peer")                                                            \
    X(TIMEOUT, -8, "took too long")                                                                \
    X(LIMIT, -9, "over a limit")                                                                   \
    X(STATE, -10, "not possible in this state")

enum bask_err {
    BASK_OK = 0,
#define X(symbol, number, text) BASK_E_##symbol = number,
    BASK_ERRORS(X)
#undef X
};

/* The sentence for a bask_err; never NULL. */
const char *bask_err_text(int err);

/* Where a sentence about an error goes: `size` bytes, with the NUL at its end. */
struct bask_words {
    char *text;
    size_t size;
};

/* Writes the sentence; returns `err`. */
int bask_complain(struct bask_words words, int err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
