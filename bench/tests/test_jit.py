"""Tests of what bench/jit works out, and of the applications' lists of requests."""

import subprocess
import sys
import unittest
from pathlib import Path

BENCH = Path(__file__).resolve().parent.parent
PYTHON = "/usr/bin/python3"  # Debian's, which has its packages
sys.path.insert(0, str(BENCH))
sys.path.insert(0, str(BENCH / "apps"))

import visits  # noqa: E402  (the path comes first)

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
    apps = ("shop", "office")

    def test_braces(self):
        self.assertEqual(visits.expand("/{a,b}/{,1}"), ["/a/", "/a/1", "/b/", "/b/1"])

    def test_a_body_and_its_length_on_the_wire(self):
        (request,) = visits.parse("POST /x 201 text one\\ntwo {a,b}")
        self.assertEqual(request.body, b"one\ntwo {a,b}")
        wire = visits.Visits("shop").raw(request)
        self.assertTrue(wire.startswith(b"POST /x HTTP/1.1\r\nHost: shop.example\r\n"))
        self.assertIn(b"\r\nContent-Length: 13\r\n\r\none\ntwo {a,b}", wire)

    def test_the_lists_name_150_handlers_and_more(self):
        for app in self.apps:
            listed = visits.Visits(app).requests
            self.assertGreater(len({(one.method, one.path) for one in listed}), 200)
            self.assertTrue({one.status // 100 for one in listed} <= {2, 3, 4})

    def test_the_raw_files_are_the_lists(self):
        for app in self.apps:
            listed = visits.Visits(app)
            raw = b"".join(listed.raw(one) for one in listed.requests)
            self.assertEqual((BENCH / "apps" / app / "requests.http").read_bytes(), raw, app)


VISIT = """
import sys
from jit import drive
driver = drive.Driver(sys.argv[1])
driver.order = list(range(len(driver.requests))) * 2  # twice: what a form wrote must be gone
views = set()
plain = driver.start_response
def start_response(status, headers, exc_info=None):
    views.add(dict(headers).get("X-Office-View"))
    plain(status, headers)
driver.start_response = start_response
for index in driver.order:
    before = driver.failed
    driver.one()
    if driver.failed > before:
        print(driver.requests[index].method, driver.requests[index].path, driver.status)
if sys.argv[1] == "office":
    from django.urls import get_resolver
    print(*sorted({one.name for one in get_resolver().url_patterns} - views))
"""


class Applications(unittest.TestCase):
    """Each request of the lists gets the status it names; every view of the office is visited."""

    def visit(self, app: str, module: str) -> None:
        done = subprocess.run([PYTHON, "-c", f"import {module}"], capture_output=True, check=False)
        if done.returncode:
            self.skipTest(f"{PYTHON} has no {module}")
        done = subprocess.run([PYTHON, "-c", VISIT, app], capture_output=True, text=True, cwd=BENCH, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.strip(), "")

    def test_shop(self):
        self.visit("shop", "sqlalchemy, flask")

    def test_office(self):
        self.visit("office", "django")


if __name__ == "__main__":
    unittest.main()
