/*
 * How the server's processes end: what a child tells its master, and the server its caller. The
 * numbers are uWSGI's.
 */
#pragma once

enum bask_exit {
    BASK_EXIT_OK = 0,
    BASK_EXIT_FAILED = 1,
    BASK_EXIT_RELOAD = 17, /* ended by request, gracefully */
    BASK_EXIT_NO_APP = 22,
    BASK_EXIT_END = 30, /* ended by request, at once */
};
