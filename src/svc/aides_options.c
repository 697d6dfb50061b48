/* Rows of mules and spoolers. */
#include "svc/aides.h"

#include <stddef.h>

#define AT(member) offsetof(struct bask_aide_options, member)

enum { DAY_MS = 86400000 };

static const struct bask_option rows[] = {
    {"mule", NULL, 0, BASK_OPT_LIST, AT(mules), 0, 0, NULL, "[FILE|MODULE]",
     "a process beside the workers that runs this program or, without one, waits for messages",
     .implies = "master", .flags = BASK_OPT_FIXED},
    {"mules", NULL, 0, BASK_OPT_INT, AT(more_mules), 0, 256, "0", "N",
     "so many more mules that wait for messages, numbered after those of --mule",
     .implies = "master", .flags = BASK_OPT_FIXED},
    {"farm", NULL, 0, BASK_OPT_LIST, AT(farms), 0, 0, NULL, "NAME:ID,ID",
     "a name for some mules, by which any of them is reached", .implies = "master",
     .flags = BASK_OPT_FIXED},
    {"mule-msg-size", NULL, 0, BASK_OPT_SIZE, AT(message_size), 1, 16 << 20, "64k", "BYTES",
     "the largest message to a mule", .flags = BASK_OPT_FIXED},
    {"mule-harakiri", NULL, 0, BASK_OPT_DURATION, AT(mule_harakiri_ms), 0, DAY_MS, "0", "SECONDS",
     "a mule that needs longer than this for one message is killed and replaced; 0: no limit",
     .flags = BASK_OPT_FIXED},
    {"mule-reload-mercy", NULL, 0, BASK_OPT_DURATION, AT(mule_mercy_ms), 0, DAY_MS, "60", "SECONDS",
     "how long a mule that shall end may go on with its message before it is killed",
     .flags = BASK_OPT_FIXED},
    {"spooler", NULL, 'Q', BASK_OPT_LIST, AT(spoolers), 0, 0, NULL, "FOLDER",
     "a process beside the workers that does the tasks in this folder, which is made if missing",
     .implies = "master", .flags = BASK_OPT_FIXED},
    {"spooler-external", NULL, 0, BASK_OPT_LIST, AT(outside_spoolers), 0, 0, NULL, "FOLDER",
     "tasks may be put into this folder; another server does them", .implies = "master",
     .flags = BASK_OPT_FIXED},
    {"spooler-processes", NULL, 0, BASK_OPT_INT, AT(spooler_processes), 1, 256, "1", "N",
     "processes for each folder of --spooler", .flags = BASK_OPT_FIXED},
    {"spooler-frequency", "spooler-freq", 0, BASK_OPT_DURATION, AT(spooler_frequency_ms), 1000,
     DAY_MS, "30", "SECONDS", "how often a spooler looks for tasks that nobody has told it of",
     .flags = BASK_OPT_FIXED},
    {"spooler-max-tasks", NULL, 0, BASK_OPT_INT, AT(spooler_max_tasks), 0, INT64_MAX, "0", "N",
     "a spooler is replaced by a new process after so many tasks; 0: never",
     .flags = BASK_OPT_FIXED},
    {"spooler-harakiri", NULL, 0, BASK_OPT_DURATION, AT(spooler_harakiri_ms), 0, DAY_MS, "0",
     "SECONDS",
     "a spooler that needs longer than this for one task is killed and replaced; 0: no limit",
     .flags = BASK_OPT_FIXED},
    {"spooler-reload-mercy", NULL, 0, BASK_OPT_DURATION, AT(spooler_mercy_ms), 0, DAY_MS, "60",
     "SECONDS", "how long a spooler that shall end may go on with its task before it is killed",
     .flags = BASK_OPT_FIXED},
    {"spooler-chdir", NULL, 0, BASK_OPT_STRING, AT(spooler_chdir), 0, 0, NULL, "FOLDER",
     "the working directory of spoolers", .flags = BASK_OPT_FIXED},
    {"spooler-ordered", NULL, 0, BASK_OPT_FLAG, AT(spooler_ordered), 0, 0, NULL, NULL,
     "accepted for uWSGI's sake: priorities and names always decide the order of tasks",
     .flags = BASK_OPT_FIXED},
    {"spooler-quiet", NULL, 0, BASK_OPT_FLAG, AT(spooler_quiet), 0, 0, NULL, NULL,
     "no lines in the log for each task", .flags = BASK_OPT_FIXED},
};

struct bask_option_table
bask_aide_option_table(struct bask_aide_options *values)
{
    return (struct bask_option_table){
        .group = "Mules and spoolers",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
        .values = values,
    };
}
