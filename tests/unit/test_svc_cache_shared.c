/* svc/cache under many hands: threads and processes at once, processes that are killed at whatever
 * instruction, and files that come from outside. */
#include "cache_fixture.h"
#include "stepped.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HANDS = 4, ROUNDS = SANITIZED ? 500 : 4000 };

/* A value that can be told to be whole: one letter, so many times. */
static void
one_round(struct bask_cache *cache, unsigned *seed)
{
    char key[8], value[64];
    bask_str found;
    snprintf(key, sizeof key, "%d", rand_r(seed) % 24);
    size_t len = (size_t)(1 + rand_r(seed) % (int)sizeof value);
    memset(value, 'a' + rand_r(seed) % 26, len);
    bask_str name = bask_str_of(key);
    switch (rand_r(seed) % 8) {
    case 0:
        bask_cache_remove(cache, name);
        break;
    case 1:
        bask_cache_calculate(cache, BASK_STR("count"), BASK_CACHE_ADD, 1, 0);
        break;
    case 2:
    case 3:
        bask_cache_set(cache, name, bask_str_n(value, len), rand_r(seed) % 3 - 1, true);
        break;
    case 4:
        bask_cache_tend(cache);
        break;
    case 5:
        bask_cache_set(cache, name, bask_str_n(value, len), 0, false);
        break;
    default:
        if (bask_cache_get(cache, name, &found))
            break;
        for (size_t i = 1; i < found.len; i++)
            if (found.ptr[i] != found.ptr[0])
                abort();
        free((char *)found.ptr);
    }
}

static void *
use_much(void *context)
{
    unsigned seed = (unsigned)(uintptr_t)&seed ^ (unsigned)getpid();
    for (int i = 0; i < ROUNDS; i++)
        one_round(context, &seed);
    return NULL;
}

static void
wait_for_all(void)
{
    int status;
    while (wait(&status) > 0)
        assert_int_equal(status, 0);
}

static void
many_hands(void **state)
{
    (void)state;
    static const char *const kinds[] = {
        "name=c,items=16,blocksize=64,ignore_full=1,hashsize=7",
        "name=c,items=16,blocksize=64,lru=1,hashsize=7",
        "name=c,items=16,blocks=40,blocksize=9,bitmap=1,lru=1,hashsize=7",
        "name=c,items=16,blocks=40,blocksize=9,bitmap=1,clear_on_full=1,hashsize=7",
    };
    for (size_t kind = 0; kind < COUNT(kinds); kind++) {
        struct bask_cache *cache = open_cache(kinds[kind]);
        pthread_t threads[HANDS];
        for (int i = 0; i < HANDS; i++)
            if (fork() == 0) {
                use_much(cache);
                _exit(0);
            }
        for (int i = 0; i < HANDS; i++)
            pthread_create(&threads[i], NULL, use_much, cache);
        for (int i = 0; i < HANDS; i++)
            pthread_join(threads[i], NULL);
        wait_for_all();
        check_order(cache);
        bask_cache_close(&cache);
    }
}

/* None is lost: the sum is right. */
static void
counting_together(void **state)
{
    (void)state;
    struct bask_cache *cache = open_cache("name=c,items=2");
    bask_str value;
    int64_t sum;
    for (int i = 0; i < HANDS; i++)
        if (fork() == 0) {
            for (int k = 0; k < ROUNDS; k++)
                bask_cache_calculate(cache, BASK_STR("n"), BASK_CACHE_ADD, 2, 0);
            _exit(0);
        }
    wait_for_all();
    assert_int_equal(bask_cache_get(cache, BASK_STR("n"), &value), 0);
    memcpy(&sum, value.ptr, sizeof sum);
    free((char *)value.ptr);
    assert_int_equal(sum, 2 * HANDS * ROUNDS);
    bask_cache_close(&cache);
}

static void
killed_now_and_then(void **state)
{
    (void)state;
    struct bask_cache *cache =
        open_cache("name=c,items=16,blocks=40,blocksize=9,bitmap=1,lru=1,hashsize=7");
    for (unsigned i = 0; i < (SANITIZED ? 10 : 100); i++) {
        pid_t child = fork();
        if (child == 0)
            for (unsigned seed = i;;)
                one_round(cache, &seed);
        usleep(i * 37 % 1000);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        bask_cache_count(cache);
        check_order(cache);
    }
    bask_cache_close(&cache);
}

/* What a process does when it is stopped after so many instructions. */
struct deed {
    const char *name;
    int (*act)(void *cache);
};

static int
act_insert(void *cache)
{
    return set(cache, "new", "twenty-two characters.");
}

static int
act_replace(void *cache)
{
    return update(cache, "a", "something else, longer");
}

static int
act_remove(void *cache)
{
    return bask_cache_remove(cache, BASK_STR("a"));
}

static int
act_use(void *cache)
{
    return value_of(cache, "a") ? 0 : -1;
}

static int
act_clear(void *cache)
{
    bask_cache_clear(cache);
    return 0;
}

static void
check_values(struct bask_cache *cache, const char *deed)
{
    static const char *const values[] = {"twelve bytes", "something else, longer",
                                         "twenty-two characters."};
    static const char *const names[] = {"a", "b", "c", "new"};
    for (size_t i = 0; i < COUNT(names); i++) {
        const char *value = value_of(cache, names[i]);
        bool is_good = value == NULL;
        for (size_t k = 0; k < COUNT(values); k++)
            is_good |= value && strcmp(value, values[k]) == 0;
        bool may_be_gone = strcmp(names[i], "a") == 0 || strcmp(names[i], "new") == 0 ||
                           strcmp(deed, "clear") == 0;
        if (!is_good || (!value && !may_be_gone))
            fail_msg("%s: %s is %s", deed, names[i], value ? value : "lost");
    }
}

static void
killed_anywhere(void **state)
{
    (void)state;
    static const struct deed deeds[] = {{"insert", act_insert},
                                        {"replace", act_replace},
                                        {"remove", act_remove},
                                        {"use", act_use},
                                        {"clear", act_clear}};
    enum { STRIDE = 29, MOST = 30000 };
    uint32_t repaired = 0;
    if (SANITIZED)
        skip();
    for (size_t i = 0; i < COUNT(deeds); i++) {
        bool goes_on = true;
        for (long n = 1; goes_on && n < MOST; n += STRIDE) {
            struct bask_cache *cache =
                open_cache("name=c,items=8,blocks=16,blocksize=9,bitmap=1,lru=1,hashsize=3");
            set(cache, "a", "twelve bytes");
            set(cache, "b", "twelve bytes");
            set(cache, "c", "twelve bytes");
            set(cache, "gone", "whose blocks are free");
            bask_cache_remove(cache, BASK_STR("gone"));
            goes_on = stop_after(deeds[i].act, cache, n);
            repaired += atomic_load(&cache->head->changing);
            bask_cache_count(cache);
            check_order(cache);
            check_values(cache, deeds[i].name);
            bask_cache_close(&cache);
        }
        assert_false(goes_on);
    }
    assert_true(repaired > 20); /* else nothing of this was tested */
}

/* Files */

static char path[64], description[160];

static int
make_path(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "/tmp/bask-cache-XXXXXX");
    int fd = mkstemp(path);
    close(fd);
    unlink(path);
    snprintf(description, sizeof description,
             "name=c,items=8,blocks=16,blocksize=9,bitmap=1,hashsize=3,keysize=10,"
             "ignore_full=1,store=%s",
             path);
    return fd < 0;
}

static int
remove_path(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

static void
files_keep_what_is_in_them(void **state)
{
    (void)state;
    struct bask_cache *cache = open_cache(description);
    set(cache, "a", "twelve bytes");
    bask_cache_set(cache, BASK_STR("gone"), BASK_STR("x"), -1, false);
    bask_cache_close(&cache);
    cache = open_cache(description);
    assert_string_equal(value_of(cache, "a"), "twelve bytes");
    assert_null(value_of(cache, "gone"));
    assert_int_equal(set(cache, "b", "x"), 0);
    check_order(cache);
    bask_cache_close(&cache);
    struct stat found;
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);
}

static int
try_open(const char *more, char *error, size_t error_size)
{
    struct bask_cache_spec spec;
    char text[256];
    snprintf(text, sizeof text, "%s,%s", description, more);
    assert_int_equal(bask_cache_parse(bask_str_of(text), &spec, error, error_size), 0);
    struct bask_cache *cache = bask_cache_open(&spec, error, error_size);
    bool is_open = cache != NULL;
    bask_cache_close(&cache);
    return is_open;
}

static void
files_of_other_caches(void **state)
{
    (void)state;
    char error[512];
    struct bask_cache *cache = open_cache(description);
    set(cache, "a", "x");
    bask_cache_close(&cache);
    assert_false(try_open("items=9,blocks=40", error, sizeof error)); /* another size */
    assert_non_null(strstr(error, "no store of such a cache"));
    assert_false(try_open("blocksize=8", error, sizeof error));
    assert_false(try_open("hashsize=5", error, sizeof error)); /* of the same size */
    assert_non_null(strstr(error, "no store of such a cache"));
    assert_false(try_open("store=/nonexistent/file", error, sizeof error));
    assert_non_null(strstr(error, "No such file"));
    assert_false(try_open("store=/dev/null", error, sizeof error));
    assert_true(try_open("items=9,blocks=40,store_delete=1", error, sizeof error));
    assert_true(try_open("items=9,blocks=40", error, sizeof error));
}

/* Two servers, one after the other upgraded, have the same file at the same time. */
static void
files_in_use(void **state)
{
    (void)state;
    char error[512];
    struct bask_cache *first = open_cache(description), *second = open_cache(description);
    set(first, "a", "x");
    assert_string_equal(value_of(second, "a"), "x");
    bask_cache_close(&first);
    assert_int_equal(set(second, "b", "y"), 0);
    first = open_cache(description);
    assert_string_equal(value_of(first, "b"), "y");
    assert_false(try_open("items=9,blocks=40,store_delete=1", error, sizeof error));
    assert_false(try_open("hashsize=5,store_delete=1", error, sizeof error));
    check_order(first);
    bask_cache_close(&first);
    bask_cache_close(&second);
}

/* Locks know threads by their numbers, which are others in another namespace of processes. */
static void
files_in_use_elsewhere(void **state)
{
    (void)state;
    struct bask_cache *cache = open_cache(description);
    char error[512];
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        if (unshare(CLONE_NEWPID) && unshare(CLONE_NEWUSER | CLONE_NEWPID))
            _exit(2);
        pid = fork();
        if (pid == 0)
            _exit(try_open("lru=0", error, sizeof error) ||
                  !strstr(error, "in use by a server in another container"));
        waitpid(pid, &status, 0);
        _exit(WEXITSTATUS(status));
    }
    waitpid(pid, &status, 0);
    bask_cache_close(&cache);
    if (WEXITSTATUS(status) == 2)
        skip(); /* namespaces are not allowed here */
    assert_int_equal(status, 0);
}

/* Whatever bytes a file has, what is not whole is left out, and nothing outside is touched. */
static void
files_of_enemies(void **state)
{
    (void)state;
    unsigned seed = 1;
    for (int round = 0; round < 300; round++) {
        struct bask_cache *cache = open_cache(description);
        for (unsigned i = 0; i < 20; i++)
            one_round(cache, &seed);
        /* Behind the shape, which says that it is the right file. */
        char *from = (char *)&cache->head->seed, *to = cache->keys;
        for (int i = rand_r(&seed) % 30; i >= 0; i--)
            from[rand_r(&seed) % (to - from)] = (char)(rand_r(&seed) % 3 ? rand_r(&seed) : 1);
        bask_cache_close(&cache);
        cache = open_cache(description);
        check_order(cache);
        for (unsigned i = 0; i < 20; i++) {
            char key[12];
            uint32_t cursor = 0;
            size_t len;
            while (!bask_cache_next_key(cache, &cursor, key, 10, &len)) {
                bask_str value;
                if (!bask_cache_get(cache, bask_str_n(key, len), &value))
                    free((char *)value.ptr);
            }
            update(cache, (char[]){(char)('a' + i), 0}, "twelve bytes");
        }
        check_order(cache);
        bask_cache_clear(cache);
        bask_cache_close(&cache);
    }
}

/* Where no entry was yet, a file may hold whatever was in it before. */
static void
killed_in_files_of_enemies(void **state)
{
    (void)state;
    bool goes_on = true;
    if (SANITIZED)
        skip();
    for (long n = 1; goes_on; n += 17) {
        struct bask_cache *cache = open_cache(description);
        set(cache, "a", "twelve bytes");
        atomic_store(&cache_entry(cache, 2)->used, 1);
        cache_entry(cache, 2)->first_block = 3;
        cache->links[2] = 4;
        cache->links[3] = 5;
        goes_on = stop_after(act_insert, cache, n);
        bask_cache_count(cache);
        check_order(cache);
        const char *value = value_of(cache, "new");
        assert_int_equal(bask_cache_count(cache), value ? 2 : 1);
        assert_string_equal(value ? value : "", value ? "twenty-two characters." : "");
        bask_cache_close(&cache);
        unlink(path);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_hands),
        cmocka_unit_test(counting_together),
        cmocka_unit_test(killed_now_and_then),
        cmocka_unit_test(killed_anywhere),
        cmocka_unit_test_setup_teardown(files_keep_what_is_in_them, make_path, remove_path),
        cmocka_unit_test_setup_teardown(files_of_other_caches, make_path, remove_path),
        cmocka_unit_test_setup_teardown(files_in_use, make_path, remove_path),
        cmocka_unit_test_setup_teardown(files_in_use_elsewhere, make_path, remove_path),
        cmocka_unit_test_setup_teardown(files_of_enemies, make_path, remove_path),
        cmocka_unit_test_setup_teardown(killed_in_files_of_enemies, make_path, remove_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
