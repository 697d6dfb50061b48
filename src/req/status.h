/*
 * Reason phrases (RFC 9110 15).
 */
#pragma once

/* "Not Found"; "Unknown" for a status without a registered phrase. */
const char *bask_status_text(unsigned status);
