/*
 * The language of the control socket, version 1. A client asks once on a connection:
 *
 *   bask/1 COMMAND [ARGUMENT] [wait]\n
 *
 * and is answered once, at once or, with `wait`, when what it asked for has come to its end:
 *
 *   ok LENGTH\n      or      failed LENGTH\n
 *
 * and then as many bytes of text, for people (or for the program that asked for JSON). Words are
 * separated by one space and made of letters, digits and + - . _ only.
 *
 * Parsers take the caller's bytes and return views: more than 0 used, -1 bad, -2 more is needed.
 */
#pragma once

#include "base/str.h"

enum {
    BASK_CONTROL_LINE = 128,      /* the longest line, with its end */
    BASK_CONTROL_TEXT = 16 << 20, /* the longest text of an answer */
};

struct bask_control_request {
    bask_str command;
    bask_str argument; /* absent: none */
    bool wait;
};

struct bask_control_answer {
    bool ok;
    size_t length; /* of the text that follows */
};

int bask_control_parse(const char *bytes, size_t size, struct bask_control_request *ret_request);
int bask_control_parse_answer(const char *bytes, size_t size,
                              struct bask_control_answer *ret_answer);
/* The lines, with a NUL. How long; BASK_E_LIMIT if one does not fit, BASK_E_SYNTAX if a word is
 * none. */
int bask_control_format(char line[BASK_CONTROL_LINE + 1],
                        const struct bask_control_request *request);
int bask_control_format_answer(char line[BASK_CONTROL_LINE + 1],
                               const struct bask_control_answer *answer);
