/* A list of numbers becomes a set of bits. */
#include "net/modifiers.h"

#include "base/err.h"

int
bask_modifiers_settle(struct bask_modifiers *modifiers)
{
    bask_str rest = modifiers->text;
    memset(modifiers->allowed, 0, sizeof modifiers->allowed);
    for (bool more = rest.len > 0; more;) {
        bask_str word = rest;
        long long number;
        more = bask_str_cut(rest, ',', &word, &rest);
        word = bask_str_trim(word);
        if (bask_str_to_i64(word, &number) || number < 0 || number > UINT8_MAX)
            return BASK_E_SYNTAX;
        modifiers->allowed[number / 64] |= UINT64_C(1) << number % 64;
    }
    return BASK_OK;
}
