"""Tests of what bench/jit works out, and of the shop's list of requests."""

import sys
import unittest
from pathlib import Path

BENCH = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(BENCH))
sys.path.insert(0, str(BENCH / "apps" / "shop"))

import requests as shop  # noqa: E402

from jit import drive, plan, report  # noqa: E402


def child(name: str, us: list[float], **more: object) -> dict:
    return {"name": name, "buckets": [[one, one / 10] for one in us], "faults": [5, 700, 900],
            "over_10ms": 0, "failed": 0} | more


def result(children: list[dict], interpreter: str = "pypy", warm: str = "eager") -> dict:
    phase = {"name": "30", "requests": 1000, "last_us": 90.0, "children": children}
    return {"app": "shop", "interpreter": interpreter, "warm": warm, "phases": [phase]}


class Plan(unittest.TestCase):
    def test_phases_add_up(self):
        steps = plan.phases("threshold=9", [10, 30, 60])
        self.assertEqual([step["seconds"] for step in steps], [10, 20, 30])
        self.assertEqual([step["jit"] for step in steps], ["threshold=9", "", ""])

    def test_phases_must_grow(self):
        for seconds in ([30, 10], [5, 5]):
            with self.assertRaises(ValueError):
                plan.phases("", seconds)

    def test_interpreter(self):
        self.assertEqual(plan.interpreter("sid=chroot /x pypy3").command, ("chroot", "/x", "pypy3"))
        self.assertFalse(plan.interpreter("cpython3.11=python3").has_jit)
        for text in ("pypy3", "=pypy3", "pypy= "):
            with self.assertRaises(ValueError):
                plan.interpreter(text)

    def test_every_combination_and_cpython_once(self):
        matrix = plan.read(BENCH / "jit" / "matrix.toml")
        both = [plan.interpreter("cpython=python3"), plan.interpreter("pypy=pypy3")]
        made = plan.experiments(matrix, both, ["shop", "cpu"], ["default", "eager"])
        self.assertEqual(len(made), 2 * (1 + 2))
        self.assertEqual(made[1].plan["phases"][0]["jit"], "")
        self.assertTrue(all(one.plan["children"][0]["requests"] for one in made))
        with self.assertRaises(ValueError):
            plan.experiments(matrix, both, ["shop"], ["eeger"])


class Report(unittest.TestCase):
    def test_medians_over_rounds_and_the_worst_of_all(self):
        rounds = [result([child("calm", [us, us / 2, us / 4])]) for us in (100, 900, 200)]
        (row,) = report.rows(rounds)
        self.assertEqual(row["us"], [200, 100, 50])
        self.assertEqual(row["worst_ms"][0], 90)
        self.assertEqual((row["children"], row["died"]), (3, 0))

    def test_a_child_that_died_is_counted_and_not_averaged(self):
        (row,) = report.rows([result([child("calm", [10]), {"name": "calm", "died": 11}])])
        self.assertEqual((row["us"], row["died"]), ([10], 1))
        self.assertIn("(1 died)", report.markdown([row], {"shop": "x"}))

    def test_a_parent_that_crashed_gives_no_row(self):
        self.assertEqual(report.rows([{"app": "shop", "interpreter": "p", "status": -11}]), [])

    def test_ratios_are_of_the_steady_baseline(self):
        table = report.rows([result([child("-", [300, 200, 200])], "cpython", "-"),
                             result([child("calm", [100, 60, 40])])])
        base = report.baseline(table, "shop")
        self.assertEqual(base, [300, 200, 200])
        self.assertEqual(report.ratios(table[1], base), [2.0, 4.0])
        self.assertEqual(report.ratios(table[1], []), [])
        self.assertIn("| 2.0 / 4.0 |", report.markdown(table, {"shop": "x"}))


class Drive(unittest.TestCase):
    def test_summary(self):
        times = [2_000_000] + [1_000_000] * 99 + [500_000] * 10
        self.assertEqual(drive.summary(times), [[1010.0, 2.0], [500.0, 0.5]])


class Requests(unittest.TestCase):
    def test_braces(self):
        self.assertEqual(shop.expand("/{a,b}/{,1}"), ["/a/", "/a/1", "/b/", "/b/1"])

    def test_a_body_and_its_length_on_the_wire(self):
        (request,) = shop.parse("POST /x 201 text one\\ntwo {a,b}")
        self.assertEqual(request.body, b"one\ntwo {a,b}")
        wire = shop.raw(request)
        self.assertTrue(wire.startswith(b"POST /x HTTP/1.1\r\nHost: shop.example\r\n"))
        self.assertIn(b"\r\nContent-Length: 13\r\n\r\none\ntwo {a,b}", wire)

    def test_the_list_names_150_handlers_and_more(self):
        listed = shop.read()
        self.assertGreater(len({(one.method, one.path) for one in listed}), 200)
        self.assertTrue({one.status // 100 for one in listed} <= {2, 3, 4})

    def test_the_raw_file_is_the_list(self):
        raw = b"".join(shop.raw(one) for one in shop.read())
        self.assertEqual((BENCH / "apps" / "shop" / "requests.http").read_bytes(), raw)


if __name__ == "__main__":
    unittest.main()
