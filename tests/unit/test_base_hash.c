/* base/hash: the numbers that the authors of SipHash-2-4 give. */
#include "test.h"

#include "base/hash.h"

static void
known_numbers(void **state)
{
    (void)state;
    static const uint64_t expected[] = {
        [0] = UINT64_C(0x726fdb47dd0e0e31),  [1] = UINT64_C(0x74f839c593dc67fd),
        [7] = UINT64_C(0xab0200f58b01d137),  [8] = UINT64_C(0x93f5f5799a932462),
        [15] = UINT64_C(0xa129ca6149be45e5),
    };
    const struct bask_hash_seed seed = {
        {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)}};
    char bytes[16];
    for (int i = 0; i < 16; i++)
        bytes[i] = (char)i;
    for (size_t len = 0; len < COUNT(expected); len++)
        if (expected[len])
            assert_true(bask_hash(&seed, bask_str_n(bytes, len)) == expected[len]);
    assert_true(bask_hash(&seed, (bask_str){0}) == expected[0]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(known_numbers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
