/* svc/areas: descriptions, memory of its own and of files, locks. */
#include "test.h"

#include "base/err.h"
#include "svc/areas.h"
#include "svc/svc.h"

#include <bask/service_area.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void
descriptions(void **state)
{
    (void)state;
    const int64_t page = sysconf(_SC_PAGESIZE);
    struct bask_area_spec spec;
    char error[256];
    const struct {
        const char *text;
        int64_t size, offset;
        const char *file;
    } good[] = {
        {"3", 3 * page, 0, ""},
        {"pages=2", 2 * page, 0, ""},
        {"size=100", 100, 0, ""},
        {" size = 64k , file = /a/b ", 65536, 0, "/a/b"},
        {"file=/dev/mem,size=0xB4,offset=0x20200000", 0xb4, 0x20200000, "/dev/mem"},
    };
    static const char *const bad[] = {
        "",
        "0",
        "-1",
        "x",
        "1073741824000",
        "size=",
        "size=0",
        "size=0x",
        "size=0xg",
        "size=0x-1",
        "size=-5",
        "size=2048g",
        "pages=",
        "offset=4096",
        "size=1,file=",
        "size=1,ptr=5",
        "size=1,file=a,offset=1",
        "size=0xfffffffffffffffff",
        "size=1,colour=red",
    };
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_int_equal(bask_area_parse(bask_str_of(good[i].text), &spec, error, sizeof error), 0);
        assert_int_equal(spec.size, good[i].size);
        assert_int_equal(spec.offset, good[i].offset);
        assert_str(spec.file, bask_str_of(good[i].file));
    }
    for (size_t i = 0; i < COUNT(bad); i++)
        if (bask_area_parse(bask_str_of(bad[i]), &spec, error, sizeof error) != BASK_E_SYNTAX)
            fail_msg("\"%s\" was taken", bad[i]);
}

static int
open_one(struct bask_areas *areas, const char *text, char *error, size_t error_size)
{
    struct bask_value value = {bask_str_of(text), BASK_STR("here")};
    return bask_areas_open(areas, &(struct bask_values){&value, 1}, error, error_size);
}

static void
memory_of_files(void **state)
{
    (void)state;
    char path[] = "/tmp/bask-area-XXXXXX", text[128], error[256];
    struct bask_areas areas;
    size_t size;
    int fd = mkstemp(path);
    const int page = (int)sysconf(_SC_PAGESIZE);
    assert_int_equal(ftruncate(fd, 2 * page), 0);
    snprintf(text, sizeof text, "file=%s,size=%d,offset=%d", path, page - 6, page);
    assert_int_equal(open_one(&areas, text, error, sizeof error), 0);
    char *memory = bask_areas_memory(&areas, 0, &size);
    assert_int_equal(size, page - 6);
    memcpy(memory, "written", 7);
    bask_areas_close(&areas);
    char found[7];
    assert_int_equal(pread(fd, found, 7, page), 7);
    assert_memory_equal(found, "written", 7);
    close(fd);
    snprintf(text, sizeof text, "file=%s,size=%d", path, 2 * page + 1);
    assert_true(open_one(&areas, text, error, sizeof error) < 0);
    assert_non_null(strstr(error, "here: --sharedarea"));
    assert_non_null(strstr(error, "not that long"));
    unlink(path);
    assert_true(open_one(&areas, text, error, sizeof error) < 0);
    assert_non_null(strstr(error, "No such file"));
}

static void
the_service(void **state)
{
    (void)state;
    const struct bask_svc_options options = {.rpc_max = 64};
    struct bask_value values[] = {{BASK_STR("1"), BASK_STR("here")},
                                  {BASK_STR("size=10"), BASK_STR("there")}};
    const struct bask_shared_options wanted = {.areas = {values, 2}};
    const struct bask_service_area *service = bask_svc_find("area");
    struct bask_shared shared;
    char error[256];
    size_t size;
    int status;
    bask_svc_set_up(&(struct bask_svc_setup){.options = &options});
    assert_int_equal(service->count, 0);
    assert_null(service->memory(0, &size));
    assert_int_equal(bask_shared_open(&shared, &wanted, error, sizeof error), 0);
    bask_svc_set_up(&(struct bask_svc_setup){.options = &options, .shared = &shared});
    assert_int_equal(service->count, 2);
    assert_null(service->memory(2, &size));
    char *memory = service->memory(1, &size);
    assert_int_equal(size, 10);
    if (fork() == 0) {
        memory[9] = 'x';
        _exit(service->lock(1)); /* and ends with it */
    }
    wait(&status);
    assert_int_equal(status, 0);
    assert_int_equal(memory[9], 'x');
    assert_int_equal(service->lock(1), 0);
    assert_int_equal(service->lock(1), 0);
    assert_int_equal(service->unlock(1), 0);
    assert_int_equal(service->unlock(1), 0);
    assert_int_equal(service->lock(2), BASK_E_RANGE);
    assert_int_equal(service->unlock(2), BASK_E_RANGE);
    bask_svc_set_up(&(struct bask_svc_setup){.options = &options});
    bask_shared_close(&shared);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(descriptions),
        cmocka_unit_test(memory_of_files),
        cmocka_unit_test(the_service),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
