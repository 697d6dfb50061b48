/*
 * The host and port of a request: syntax only.
 */
#pragma once

#include "base/str.h"

/*
 * uri-host [ ":" port ] (RFC 9110 7.2, RFC 3986 3.2): a name, an IPv4 address or an IPv6 address in
 * brackets. No user information, no empty host, no IPvFuture, no port above 65535. A port may be
 * empty ("host:") unless it is needed, as in the target of CONNECT.
 */
bool bask_host_is_authority(bask_str text, bool need_port);
