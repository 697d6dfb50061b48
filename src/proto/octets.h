/*
 * What each byte may be in HTTP: classes of bytes, and runs of them. Private to proto/.
 */
#pragma once

#include "base/str.h"

enum {
    BASK_OCTET_TOKEN = 1,  /* RFC 9110 5.6.2 */
    BASK_OCTET_TARGET = 2, /* visible ASCII but '#': browsers send some raw that RFC 3986 encodes */
    BASK_OCTET_TEXT = 4,   /* RFC 9110 5.5, with SP, HTAB and obs-text */
    BASK_OCTET_HOST = 8,   /* RFC 3986 3.2.2: a reg-name's, but for '%' */
    BASK_OCTET_HEX = 16,
    BASK_OCTET_DIGIT = 32,
};

extern const unsigned char bask_octet_classes[256];

static inline bool
bask_octet_is(char c, unsigned char class)
{
    return (bask_octet_classes[(unsigned char)c] & class) != 0;
}

/* Not empty, and every byte of the class. */
bool bask_octets_are(bask_str text, unsigned char class);

/* The first byte of at..end that is not BASK_OCTET_TEXT, or end. */
const char *bask_octets_skip_text(const char *at, const char *end);
