/* The classes that Java code sees, as bytes; written when the server is built. */
#pragma once

#include <stddef.h>

struct jvm_class {
    const char *name;
    const signed char *bytes;
    size_t size;
};
/* Ended by a row without a name. */
extern const struct jvm_class jvm_classes[];
