/*
 * The kit for those who write plugins: the headers that a plugin sees and the flags that it is
 * compiled with, which the server carries in itself, and how a plugin is built with them. Nothing
 * but a compiler need be installed.
 */
#pragma once

#include <stdio.h>

/* Builds NAME_plugin.so in the present folder. `what` is a folder of sources or one source, and a
 * name for the plugin behind it, if it shall have another: "hello", "hello/hello.c", "hello other".
 * 0, and the file's name in `text`; else a bask_err, and one sentence. What compilers say goes to
 * the standard error. */
int bask_kit_build(const char *what, char *text, size_t size);

/* All headers as one that needs no other. */
void bask_kit_print_headers(FILE *to);
/* What a plugin in C is compiled with. */
void bask_kit_print_flags(FILE *to);
