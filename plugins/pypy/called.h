/* Functions of Python's as other languages call them. */
#pragma once

#include <bask/plugin.h>
#include <bask/service_rpc.h>

const struct bask_rpc_language *called_language(const struct bask_host *host);
