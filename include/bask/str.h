/*
 * The one string type: a pointer and a length, passed by value.
 *
 * A bask_str is a view. It owns nothing, need not end in NUL and may hold any byte. Whoever hands
 * one out says how long the bytes behind it live. {NULL, 0} is "absent", {"", 0} is "empty".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef struct bask_str {
    const char *ptr;
    size_t len;
} bask_str;

/* A view of a string literal; the length is known at compile time. */
#define BASK_STR(literal) ((bask_str){"" literal, sizeof(literal) - 1})
/* For printf: the arguments of "%.*s". */
#define BASK_FMT(s) (int)(s).len, (s).ptr ? (s).ptr : ""
