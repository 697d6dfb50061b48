/* SHA-1 (RFC 3174), for what the WebSocket handshake makes of it; nothing here protects anything.
 */
#pragma once

#include "base/str.h"

enum { BASK_SHA1_SIZE = 20 };

void bask_sha1(bask_str text, unsigned char digest[static BASK_SHA1_SIZE]);
