/* obs/warning: a sentence that several processes write and others read. */
#include "test.h"

#include "obs/warning.h"
#include "sys/proc.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static struct bask_warning *
make(void)
{
    struct bask_warning *warning = bask_proc_shared_memory(sizeof *warning);
    assert_non_null(warning);
    assert_int_equal(bask_warning_init(warning), 0);
    return warning;
}

static void
written_and_read(void **state)
{
    struct bask_warning *warning = make();
    char text[BASK_WARNING_MAX + 1], longest[BASK_WARNING_MAX + 20];
    (void)state;
    assert_int_equal(bask_warning_get(warning, text), 0);
    bask_warning_set(warning, BASK_STR("the disk is full"));
    assert_int_equal(bask_warning_get(warning, text), 16);
    assert_string_equal(text, "the disk is full");
    memset(longest, 'x', sizeof longest);
    bask_warning_set(warning, bask_str_n(longest, sizeof longest));
    assert_int_equal(bask_warning_get(warning, text), BASK_WARNING_MAX);
    bask_warning_set(warning, (bask_str){0});
    assert_int_equal(bask_warning_get(warning, text), 0);
    assert_string_equal(text, "");
}

static void
write_for_ever(struct bask_warning *warning)
{
    char bytes[BASK_WARNING_MAX];
    for (unsigned turn = 0;; turn++) {
        memset(bytes, turn % 2 ? 'a' : 'b', sizeof bytes);
        bask_warning_set(warning, bask_str_n(bytes, sizeof bytes - turn % 5));
    }
}

static pid_t
start_writer(struct bask_warning *warning)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nobody behind */
        write_for_ever(warning);
    }
    return pid;
}

/* Writers are killed wherever they are; nobody ever reads the half of one and the half of another.
 */
static void
never_torn(void **state)
{
    struct bask_warning *warning = make();
    char text[BASK_WARNING_MAX + 1];
    unsigned read = 0;
    (void)state;
    for (int round = 0; round < 10; round++) {
        pid_t writers[] = {start_writer(warning), start_writer(warning)};
        for (int i = 0; i < 50000; i++) {
            size_t len = bask_warning_get(warning, text);
            for (size_t k = 1; k < len; k++)
                assert_int_equal(text[k], text[0]);
            read += len > 0;
        }
        for (size_t i = 0; i < 2; i++) {
            kill(writers[i], SIGKILL);
            waitpid(writers[i], NULL, 0);
        }
    }
    assert_true(read > 0);
    bask_warning_set(warning, BASK_STR("after them"));
    assert_int_equal(bask_warning_get(warning, text), 10);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_and_read),
        cmocka_unit_test(never_torn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
