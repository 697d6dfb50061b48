/* proc/steady: on which curves of cost it says that it has settled, and when. */
#include "test.h"

#include "proc/steady.h"

#include <math.h>

enum { NEVER = 1000 };

/* Repeatable noise between -1 and 1. */
static double
noise(void)
{
    static uint32_t state = 12345;
    state = state * 1664525 + 1013904223;
    return (double)(state >> 8) / (double)(1 << 23) - 1;
}

/* The window at which it settles; NEVER: not in so many. */
static int
settles_at(double (*cost)(int window), double noisy)
{
    struct bask_steady steady = {0};
    for (int i = 0; i < NEVER; i++)
        if (bask_steady_add(&steady, cost(i) * (1 + noisy * noise())))
            return i;
    return NEVER;
}

static double
flat(int i)
{
    (void)i;
    return 20;
}

static double
quickly_flat(int i)
{
    return i < 6 ? 3000.0 / (i + 1) : 20;
}

/* As PyPy's: several windows in which almost everything is compiling, one above the other. */
static double
burst(int i)
{
    static const double first[] = {3783, 1534, 1823, 1226, 3652, 4299, 6601, 7333, 4511,
                                   1172, 446,  547,  1015, 766,  303,  48,   27};
    return i < (int)COUNT(first) ? first[i] : 23;
}

/* The same, drawn out until no window was better for a long time. */
static double
long_burst(int i)
{
    return i < 4 ? 1500 : i < 60 ? 4000 + 1500 * (i % 3) : 40;
}

static double
hyperbola(int i)
{
    return 600 / sqrt(i + 1.0);
}

static double
slow_decay(int i)
{
    return 30 + 200 * exp(-i / 60.0);
}

static double
steps(int i)
{
    return i < 10 ? 200 : i < 14 ? 120 : i < 19 ? 80 : i < 25 ? 50 : 30;
}

/* One window that is far too good, at the beginning. */
static double
lucky(int i)
{
    return i == 3 ? 5 : i < 40 ? 200 - 4 * i : 40;
}

static double
alternating(int i)
{
    return i % 2 ? 100 : 20;
}

static double
rising(int i)
{
    return 20 * pow(1.05, i);
}

static void
curves(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double (*cost)(int);
        double noisy;
        int at_least, at_most;
    } rows[] = {
        {"flat", flat, 0, 19, 19},
        {"flat, 10 % noise", flat, 0.1, 19, 30},
        {"flat, 25 % noise", flat, 0.25, 19, 60},
        {"quickly flat", quickly_flat, 0.1, 19, 30},
        {"burst", burst, 0, 26, 40},
        {"burst, 10 % noise", burst, 0.1, 26, 60},
        {"long burst", long_burst, 0.05, 70, 140},
        {"slow decay", slow_decay, 0, 150, 520},
        {"slow decay, 10 % noise", slow_decay, 0.1, 120, 520},
        {"steps", steps, 0.05, 35, 60},
        {"a lucky window", lucky, 0.05, 40, 90},
        {"never flat", hyperbola, 0, NEVER, NEVER},
        {"never flat, 5 % noise", hyperbola, 0.05, 100, NEVER},
        {"alternating", alternating, 0, NEVER, NEVER},
        {"rising", rising, 0, NEVER, NEVER},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        int at = settles_at(rows[i].cost, rows[i].noisy);
        if (at < rows[i].at_least || at > rows[i].at_most)
            fail_msg("%s: settles at %d, expected %d to %d", rows[i].name, at, rows[i].at_least,
                     rows[i].at_most);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(curves)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
