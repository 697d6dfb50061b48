/* All that the C file written by cffi asks of Python.h when it is part of a program that embeds
 * PyPy: no header of PyPy and no symbol of libpypy is needed to build it. */
#pragma once

#define PYPY_VERSION "embedded"
#define PYPY_VERSION_NUM 0
#define PY_MAJOR_VERSION 3
#define PY_VERSION_HEX 0x03090000

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct _object PyObject;
typedef long Py_ssize_t;
#define PyMODINIT_FUNC PyObject *
#define PyAPI_FUNC(type) type
