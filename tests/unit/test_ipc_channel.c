/* ipc/channel: records keep their borders; what each end learns when the other is gone. */
#include "test.h"

#include "base/err.h"
#include "ipc/channel.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

static void
records(void **state)
{
    (void)state;
    int ends[2];
    struct bask_message message;
    assert_int_equal(bask_channel_open(ends), 0);
    for (int i = 0; i < 2; i++) {
        assert_true(fcntl(ends[i], F_GETFD) & FD_CLOEXEC);
        assert_int_equal(bask_channel_receive(ends[i], &message), BASK_E_AGAIN);
    }
    for (int i = 0; i < 5; i++)
        assert_int_equal(bask_channel_send(ends[i & 1], &(struct bask_message){.code = i}), 0);
    static const int order[2][3] = {{1, 3, -1}, {0, 2, 4}};
    for (int end = 0; end < 2; end++)
        for (int i = 0; i < 3 && order[end][i] >= 0; i++) {
            assert_int_equal(bask_channel_receive(ends[end], &message), 0);
            assert_int_equal(message.code, order[end][i]);
        }
    close(ends[0]);
    close(ends[1]);
}

static void
last_words(void **state)
{
    (void)state;
    int ends[2];
    struct bask_message message = {.kind = BASK_MESSAGE_FAILED, .code = 22};
    assert_int_equal(bask_channel_open(ends), 0);
    assert_int_equal(bask_channel_send(ends[1], &message), 0);
    close(ends[1]);
    assert_int_equal(bask_channel_send(ends[0], &message), BASK_E_CLOSED);
    message.code = 0;
    assert_int_equal(bask_channel_receive(ends[0], &message), 0);
    assert_int_equal(message.code, 22);
    assert_int_equal(bask_channel_receive(ends[0], &message), BASK_E_CLOSED);
    close(ends[0]);
}

static void
malformed(void **state)
{
    (void)state;
    int ends[2];
    struct bask_message message = {.code = 7};
    assert_int_equal(bask_channel_open(ends), 0);
    assert_int_equal(send(ends[0], "x", 1, 0), 1);
    assert_int_equal(bask_channel_receive(ends[1], &message), BASK_E_CLOSED);
    assert_int_equal(message.code, 7);
    close(ends[0]);
    close(ends[1]);
    assert_int_equal(bask_channel_send(-1, &message), BASK_E_SYSTEM);
}

/* A sender is heard, or learns that it is not. */
static void
closed_to_senders(void **state)
{
    (void)state;
    int ends[2];
    struct bask_message message;
    assert_int_equal(bask_channel_open(ends), 0);
    assert_int_equal(bask_channel_send(ends[1], &(struct bask_message){.code = 7}), 0);
    bask_channel_close_to_senders(ends[0]);
    assert_int_equal(bask_channel_send(ends[1], &(struct bask_message){.code = 8}), BASK_E_CLOSED);
    assert_int_equal(bask_channel_receive(ends[0], &message), 0);
    assert_int_equal(message.code, 7);
    assert_int_equal(bask_channel_receive(ends[0], &message), BASK_E_CLOSED);
    close(ends[0]);
    close(ends[1]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closed_to_senders),
        cmocka_unit_test(records),
        cmocka_unit_test(last_words),
        cmocka_unit_test(malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
