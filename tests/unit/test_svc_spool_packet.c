/* svc/spool_packet: tasks from the network, from anybody. */
#include "test.h"

#include "base/err.h"
#include "svc/spool_packet.h"
#include "svc/svc.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/bask-test-packet-XXXXXX";
static struct bask_svc_options options;

static int
set_up(void **state)
{
    static struct bask_spool_folder folders[1];
    static struct bask_aides aides = {.folder_count = 1, .folders = folders};
    (void)state;
    folders[0].path = mkdtemp(folder);
    bask_svc_set_up(&(struct bask_svc_setup){.options = &options, .aides = &aides});
    return folders[0].path ? 0 : -1;
}

/* How many tasks there are, in the folder and in those of priorities; they are gone then. */
static int
take_all(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    int count = 0;
    assert_non_null(dir);
    while ((entry = readdir(dir))) {
        char name[512];
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] == '.')
            continue;
        if (unlink(name) == 0)
            count++;
        else
            count += take_all(name);
    }
    closedir(dir);
    rmdir(path);
    return count;
}

static int
put(bask_str items)
{
    char error[256] = "";
    int err = bask_spool_put_packet(items, error, sizeof error);
    assert_int_equal(err != 0, *error != '\0');
    return err;
}

/* The folder's name, and something behind it. */
static int
put_into(const char *more)
{
    char items[256] = "\7\0spooler\0\0", path[128];
    int len = snprintf(path, sizeof path, "%s%s", folder, more);
    items[9] = (char)len;
    memcpy(items + 11, path, (size_t)len);
    return put(bask_str_n(items, 11 + (size_t)len));
}

static void
kept_and_refused(void **state)
{
    (void)state;
    assert_int_equal(put(BASK_STR("\1\0k\1\0v")), 0);
    assert_int_equal(put(BASK_STR("")), 0);
    assert_int_equal(put(BASK_STR("\x08\0priority\1\0"
                                  "7")),
                     0);
    assert_int_equal(put(BASK_STR("\2\0at\3\0"
                                  "9.5")),
                     0);
    assert_int_equal(put(BASK_STR("\x08\0priority\2\0..")), BASK_E_SYNTAX);
    assert_int_equal(put(BASK_STR("\2\0at\1\0x")), BASK_E_SYNTAX);
    assert_int_equal(put(BASK_STR("\7\0spooler\4\0/tmp")), BASK_E_NOTFOUND);
    assert_int_equal(put_into(""), 0);
    assert_int_equal(put_into("/."), BASK_E_NOTFOUND); /* no path of others is looked up */
    assert_int_equal(put_into("/"), BASK_E_NOTFOUND);
    assert_int_equal(put(BASK_STR("\1\0k\2\0v")), BASK_E_SYNTAX);
    assert_int_equal(put(BASK_STR("\0\0\1\0v")), BASK_E_SYNTAX);
    assert_int_equal(take_all(folder), 5);
    assert_int_equal(mkdir(folder, 0700), 0);
}

/* Whatever is done to a packet, it is kept whole or refused, and nothing is written elsewhere. */
static void
mutated(void **state)
{
    const bask_str whole = BASK_STR("\1\0k\1\0v\7\0spooler\4\0/tmp\x08\0priority\1\0"
                                    "3\2\0at\1\0"
                                    "9");
    (void)state;
    int kept = 0;
    for (size_t at = 0; at < whole.len; at++)
        for (unsigned byte = 0; byte < 256; byte += at % 3 + 1) {
            char bytes[64];
            memcpy(bytes, whole.ptr, whole.len);
            bytes[at] = (char)byte;
            size_t len = byte % 2 ? whole.len : at; /* and cut off there */
            /* Memory that ends where the packet does: a sanitizer sees who reads on. */
            char *exact = malloc(len + !len);
            assert_non_null(exact);
            memcpy(exact, bytes, len);
            int err = put(bask_str_n(exact, len));
            assert_true(err == 0 || err == BASK_E_SYNTAX || err == BASK_E_NOTFOUND);
            kept += err == 0;
            free(exact);
        }
    assert_true(kept > 0);
    assert_int_equal(take_all(folder), kept);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kept_and_refused),
        cmocka_unit_test(mutated),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
