/* Rows of request and response bodies. */
#include "net/conn.h"

#include "base/err.h"
#include "obs/log.h"
#include "sys/files.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define BODIES(member) offsetof(struct bask_body_options, member)

static const struct bask_option rows[] = {
    {"post-buffering-file", NULL, 0, BASK_OPT_FLAG, BODIES(in_files), 0, 0, NULL, NULL,
     "receive bodies that are larger than --post-buffering into a file without a name before the "
     "application is called; false: it reads them as they come"},
    {"post-buffering-dir", NULL, 0, BASK_OPT_STRING, BODIES(folder), 0, 0, NULL, "DIR",
     "the folder of these files (default: $TMPDIR, or /tmp)"},
    {"post-buffering-bufsize", NULL, 0, BASK_OPT_SIZE, BODIES(piece), 1, 1 << 26, "64k", "BYTES",
     "so much of a body is received and written to its file at once, 4k at least"},
    {"ignore-write-errors", "ignore-sigpipe write-errors-exception-only", 0, BASK_OPT_FLAG,
     BODIES(quiet_writes), 0, 0, NULL, NULL,
     "do not log that a client left before the end of its answer"},
    {"disable-sendfile", NULL, 0, BASK_OPT_FLAG, BODIES(no_sendfile), 0, 0, NULL, NULL,
     "read and write what is sent from files, static ones and those of wsgi.file_wrapper, instead "
     "of sendfile(2): for file systems that get it wrong"},
};

struct bask_option_table
bask_body_option_table(struct bask_body_options *values)
{
    return (struct bask_option_table){
        .group = "Request and response bodies",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
        .values = values,
    };
}

int
bask_body_options_settle(struct bask_net_options *options)
{
    struct bask_body_options *bodies = &options->bodies;
    if (!bodies->in_files || !options->body_buffer)
        return BASK_OK;
    const char *variable = getenv("TMPDIR"), *folder = variable && *variable ? variable : "/tmp";
    if (bodies->folder.len)
        folder = bodies->folder.ptr;
    /* The application may go to another folder. */
    char *absolute = bask_file_absolute(folder);
    int fd = absolute ? bask_file_unnamed(absolute) : BASK_E_SYSTEM;
    if (fd < 0) {
        bask_log(BASK_LOG_ERROR, "--post-buffering: request bodies cannot be kept in %s: %s",
                 folder, strerror(errno));
        free(absolute);
        return BASK_E_SYSTEM;
    }
    close(fd);
    bodies->folder = bask_str_of(absolute);
    return BASK_OK;
}
