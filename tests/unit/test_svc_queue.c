/* svc/queue: the ring, many hands on it, and processes that die in the midst. */
#include "stepped.h"
#include "test.h"

#include "base/err.h"
#include "svc/queue.h"
#include "svc/svc.h"

#include <bask/service_queue.h>
#include <pthread.h>
#include <stdlib.h>

enum { HANDS = 4, ROUNDS = 2000 };

static int
push(struct bask_queue *queue, const char *message)
{
    return bask_queue_push(queue, bask_str_of(message));
}

/* The message as text, which lasts until the next call; "" for none. */
static const char *
text_of(int err, bask_str message)
{
    static char text[64];
    snprintf(text, sizeof text, "%.*s", err ? 0 : (int)message.len, err ? "" : message.ptr);
    if (!err)
        free((char *)message.ptr);
    return text;
}

static const char *
pull(struct bask_queue *queue)
{
    bask_str message;
    int err = bask_queue_pull(queue, &message);
    return text_of(err, message);
}

static const char *
pop(struct bask_queue *queue)
{
    bask_str message;
    int err = bask_queue_pop(queue, &message);
    return text_of(err, message);
}

static const char *
get(struct bask_queue *queue, uint32_t slot)
{
    bask_str message;
    int err = bask_queue_get(queue, slot, &message);
    return text_of(err, message);
}

static void
first_and_last(void **state)
{
    (void)state;
    struct bask_queue *queue = bask_queue_new(3, 4);
    assert_string_equal(pull(queue), "");
    assert_string_equal(pop(queue), "");
    assert_int_equal(bask_queue_push_slot(queue), 0); /* that moved nothing */
    push(queue, "a");
    push(queue, "b");
    push(queue, "c");
    assert_int_equal(bask_queue_push_slot(queue), 0);
    assert_string_equal(pop(queue), "c");
    assert_string_equal(pull(queue), "a");
    assert_int_equal(bask_queue_pull_slot(queue), 1);
    push(queue, "d");
    push(queue, "e");
    assert_string_equal(pull(queue), "b");
    assert_string_equal(pull(queue), "d");
    assert_string_equal(pull(queue), "e");
    assert_string_equal(pull(queue), "");
    bask_queue_free(&queue);
    bask_queue_free(&queue);
}

static void
full_rings(void **state)
{
    (void)state;
    struct bask_queue *queue = bask_queue_new(3, 4);
    for (char c = 'a'; c <= 'g'; c++)
        assert_int_equal(push(queue, (char[]){c, 0}), 0);
    assert_string_equal(pull(queue), "e");
    assert_string_equal(pull(queue), "f");
    assert_string_equal(pull(queue), "g");
    assert_string_equal(pull(queue), "");
    bask_queue_free(&queue);
    queue = bask_queue_new(1, 4);
    push(queue, "a");
    push(queue, "b");
    assert_string_equal(pull(queue), "b");
    push(queue, "c");
    assert_string_equal(pop(queue), "c");
    bask_queue_free(&queue);
}

static void
slots_and_limits(void **state)
{
    (void)state;
    struct bask_queue *queue = bask_queue_new(3, 4);
    assert_int_equal(bask_queue_count(queue), 3);
    assert_int_equal(bask_queue_count(NULL), 0);
    assert_int_equal(push(queue, ""), BASK_E_RANGE);
    assert_int_equal(push(queue, "12345"), BASK_E_RANGE);
    assert_int_equal(push(queue, "1234"), 0);
    assert_string_equal(get(queue, 0), "1234");
    assert_string_equal(get(queue, 0), "1234");
    assert_string_equal(get(queue, 1), "");
    assert_string_equal(get(queue, 3), "");
    assert_int_equal(bask_queue_set(queue, 2, BASK_STR("x")), 0);
    assert_string_equal(get(queue, 2), "x");
    assert_int_equal(bask_queue_set(queue, 3, BASK_STR("x")), BASK_E_RANGE);
    assert_int_equal(bask_queue_set(queue, 0, BASK_STR("12345")), BASK_E_RANGE);
    assert_int_equal(bask_queue_set(NULL, 0, BASK_STR("1")), BASK_E_RANGE);
    push(queue, "b");
    push(queue, "c"); /* where something else was put */
    assert_string_equal(pull(queue), "1234");
    assert_string_equal(pull(queue), "b");
    assert_string_equal(pull(queue), "c");
    bask_queue_free(&queue);
}

static void *
push_and_pull(void *queue)
{
    for (int i = 0; i < ROUNDS; i++) {
        bask_str message;
        while (bask_queue_push(queue, BASK_STR("message")))
            abort();
        if (!bask_queue_pull(queue, &message)) {
            if (!bask_str_eq(message, BASK_STR("message")))
                abort();
            free((char *)message.ptr);
        }
    }
    return NULL;
}

/* The ring has room for all, so each push finds a pull. */
static void
many_hands(void **state)
{
    (void)state;
    struct bask_queue *queue = bask_queue_new(16, 10);
    pthread_t threads[HANDS];
    int status;
    for (int i = 0; i < HANDS; i++)
        if (fork() == 0) {
            push_and_pull(queue);
            _exit(0);
        }
    for (int i = 0; i < HANDS; i++)
        pthread_create(&threads[i], NULL, push_and_pull, queue);
    for (int i = 0; i < HANDS; i++)
        pthread_join(threads[i], NULL);
    while (wait(&status) > 0)
        assert_int_equal(status, 0);
    assert_string_equal(pull(queue), "");
    assert_int_equal(bask_queue_push_slot(queue), 2 * HANDS * ROUNDS % 16);
    assert_int_equal(bask_queue_pull_slot(queue), 2 * HANDS * ROUNDS % 16);
    bask_queue_free(&queue);
}

static int
act_push(void *queue)
{
    return push(queue, "new");
}

static int
act_pull(void *queue)
{
    bask_str message;
    return bask_queue_pull(queue, &message); /* and no more: each instruction costs */
}

static int
act_pop(void *queue)
{
    bask_str message;
    return bask_queue_pop(queue, &message);
}

static int
act_set_first(void *queue)
{
    return bask_queue_set(queue, 0, BASK_STR("new"));
}

static int
act_set_third(void *queue)
{
    return bask_queue_set(queue, 2, BASK_STR("new"));
}

static int
act_set_second(void *queue)
{
    return bask_queue_set(queue, 1, BASK_STR("new"));
}

/* What is left, from the oldest on, in one word. */
static const char *
all_of(struct bask_queue *queue)
{
    static char text[64];
    const char *message;
    text[0] = '\0';
    while (*(message = pull(queue)))
        strcat(text, message);
    return text;
}

static void
killed_anywhere(void **state)
{
    (void)state;
    static const struct {
        int (*act)(void *queue);
        int messages; /* before */
        const char *undone, *done;
        const char *between; /* the message in hand has gone first */
    } deeds[] = {{act_push, 2, "ab", "abnew", "ab"},
                 {act_push, 4, "abcd", "bcdnew", "bcd"},
                 {act_pull, 3, "abc", "bc", "bc"},
                 {act_pop, 3, "abc", "ab", "ab"},
                 {act_set_first, 3, "abc", "newbc", "bc"},
                 {act_set_second, 3, "abc", "anewc", "ac"},
                 {act_set_first, 4, "abcd", "newbcd", "bcd"},
                 {act_set_third, 3, "abc", "abnew", "ab"},
                 {act_set_second, 4, "abcd", "anewcd", "acd"}};
    if (SANITIZED)
        skip();
    for (size_t i = 0; i < COUNT(deeds); i++) {
        bool goes_on = true;
        for (long n = 1; goes_on && n < 20000; n += 7) {
            struct bask_queue *queue = bask_queue_new(4, 10);
            for (int k = 0; k < deeds[i].messages; k++)
                push(queue, (char[]){(char)('a' + k), 0});
            goes_on = stop_after(deeds[i].act, queue, n);
            const char *left = all_of(queue);
            bool is_good = strcmp(left, deeds[i].done) == 0 ||
                           (goes_on && (strcmp(left, deeds[i].undone) == 0 ||
                                        strcmp(left, deeds[i].between) == 0));
            if (!is_good)
                fail_msg("deed %zu, after %ld instructions: %s", i, n, left);
            push(queue, "x");
            push(queue, "y");
            assert_string_equal(all_of(queue), "xy");
            bask_queue_free(&queue);
        }
        assert_false(goes_on);
    }
}

/* One that died while it set a slot left a hole, which is as if it had never been. */
static void
holes(void **state)
{
    (void)state;
    if (SANITIZED)
        skip();
    bool goes_on = true;
    for (long n = 1; goes_on; n += 7) {
        struct bask_queue *queue = bask_queue_new(4, 10);
        for (char c = 'a'; c <= 'c'; c++)
            push(queue, (char[]){c, 0});
        goes_on = stop_after(act_set_second, queue, n);
        assert_string_equal(pop(queue), "c");
        const char *left = pop(queue);
        if (*left != 'a')
            assert_string_equal(pop(queue), "a");
        assert_string_equal(pop(queue), "");
        push(queue, "x");
        assert_string_equal(all_of(queue), "x");
        bask_queue_free(&queue);
    }
}

static void
the_service(void **state)
{
    (void)state;
    const struct bask_svc_options options = {.rpc_max = 64};
    const struct bask_shared_options wanted = {.queue = 3, .queue_blocksize = 5};
    const struct bask_service_queue *service = bask_svc_find("queue");
    struct bask_shared shared;
    char error[128];
    bask_str message;
    bask_svc_set_up(&(struct bask_svc_setup){.options = &options});
    assert_int_equal(service->count, 0);
    assert_int_equal(service->push(BASK_STR("x")), BASK_E_RANGE);
    assert_int_equal(service->pull(&message), BASK_E_NOTFOUND);
    assert_int_equal(service->push_slot(), 0);
    assert_int_equal(bask_shared_open(&shared, &wanted, error, sizeof error), 0);
    bask_svc_set_up(&(struct bask_svc_setup){.options = &options, .shared = &shared});
    assert_int_equal(service->count, 3);
    assert_int_equal(service->push(BASK_STR("a")), 0);
    assert_int_equal(service->set(1, BASK_STR("b")), 0);
    assert_int_equal(service->push_slot(), 1);
    assert_int_equal(service->pull_slot(), 0);
    assert_int_equal(service->get(1, &message), 0);
    service->release(message);
    assert_int_equal(service->pop(&message), 0);
    service->release(message);
    assert_int_equal(service->pull(&message), BASK_E_NOTFOUND);
    bask_svc_set_up(&(struct bask_svc_setup){.options = &options});
    bask_shared_close(&shared);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_and_last),   cmocka_unit_test(full_rings),
        cmocka_unit_test(slots_and_limits), cmocka_unit_test(many_hands),
        cmocka_unit_test(killed_anywhere),  cmocka_unit_test(holes),
        cmocka_unit_test(the_service),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
