/* Lines of words, both ways. What is not exactly as control.h has it is bad. */
#include "ipc/control.h"

#include "base/err.h"

#include <stdio.h>

static const bask_str version = {"bask/1", 6};

static bool
is_word(bask_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = bask_lower(text.ptr[i]);
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && !(c && strchr("+-._", c)))
            return false;
    }
    return text.len > 0;
}

/* The line without its end, and how many bytes that is with it; -1 or -2. */
static int
find_line(const char *bytes, size_t size, bask_str *ret_line)
{
    size_t most = size < BASK_CONTROL_LINE ? size : BASK_CONTROL_LINE;
    const char *end = most ? memchr(bytes, '\n', most) : NULL;
    if (!end)
        return size < BASK_CONTROL_LINE ? -2 : -1;
    *ret_line = bask_str_n(bytes, (size_t)(end - bytes));
    return (int)ret_line->len + 1;
}

/* Takes the next word of a line; false if that is none. An empty rest is absent. */
static bool
take_word(bask_str *rest, bask_str *ret_word)
{
    if (!bask_str_cut(*rest, ' ', ret_word, rest)) {
        *ret_word = *rest;
        *rest = (bask_str){0};
    } else if (rest->len == 0) {
        return false;
    }
    return is_word(*ret_word);
}

int
bask_control_parse(const char *bytes, size_t size, struct bask_control_request *ret_request)
{
    const bask_str wait = BASK_STR("wait");
    struct bask_control_request request = {0};
    bask_str rest, first, word;
    int used = find_line(bytes, size, &rest);
    if (used < 0)
        return used;
    if (!bask_str_cut(rest, ' ', &first, &rest) || !bask_str_eq(first, version) ||
        !take_word(&rest, &request.command))
        return -1;
    while (rest.len) {
        if (request.wait || !take_word(&rest, &word))
            return -1;
        if (bask_str_eq(word, wait))
            request.wait = true;
        else if (!request.argument.ptr)
            request.argument = word;
        else
            return -1;
    }
    *ret_request = request;
    return used;
}

int
bask_control_parse_answer(const char *bytes, size_t size, struct bask_control_answer *ret_answer)
{
    bask_str line, word, number;
    long long length;
    int used = find_line(bytes, size, &line);
    if (used < 0)
        return used;
    if (!bask_str_cut(line, ' ', &word, &number) || bask_str_to_i64(number, &length) ||
        length > BASK_CONTROL_TEXT)
        return -1;
    bool ok = bask_str_eq(word, BASK_STR("ok"));
    if (!ok && !bask_str_eq(word, BASK_STR("failed")))
        return -1;
    *ret_answer = (struct bask_control_answer){ok, (size_t)length};
    return used;
}

int
bask_control_format(char line[BASK_CONTROL_LINE + 1], const struct bask_control_request *request)
{
    if (!is_word(request->command) || (request->argument.ptr && !is_word(request->argument)))
        return BASK_E_SYNTAX;
    int n = snprintf(line, BASK_CONTROL_LINE + 1, "%.*s %.*s%s%.*s%s\n", BASK_FMT(version),
                     BASK_FMT(request->command), request->argument.ptr ? " " : "",
                     BASK_FMT(request->argument), request->wait ? " wait" : "");
    return n <= BASK_CONTROL_LINE ? n : BASK_E_LIMIT;
}

int
bask_control_format_answer(char line[BASK_CONTROL_LINE + 1],
                           const struct bask_control_answer *answer)
{
    return snprintf(line, BASK_CONTROL_LINE + 1, "%s %zu\n", answer->ok ? "ok" : "failed",
                    answer->length);
}
