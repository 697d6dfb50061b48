"""Tests of the harness's arithmetic: python3 -m unittest discover -s bench/tests."""

import json
import os
import sys
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from harness import chart, compare, config, figures, load, markdown, measure, procs  # noqa: E402


def reading(exact: int, ticks: int, *tasks: int) -> procs.CpuReading:
    return procs.CpuReading(exact, ticks, frozenset((task, task) for task in tasks), 1)


def measured(name: str, costs: list[float]) -> measure.Measured:
    windows = [measure.Window(1000, 1.0, cost, 100, 200, 0.0, "") for cost in costs]
    warmup = measure.Warmup(3000, 3.0, costs[0], costs[-1], True)
    return measure.Measured(config.load().servers[name], warmup, windows)


def result(bask: list[float]) -> dict:
    """A result of one scenario in which Bask cost so much."""
    servers = [measured("bare-c", [5.0, 10.0]), measured("uwsgi", [50.0, 40.0]),
               measured("uwsgi-close", [40.0, 50.0]), measured("bask", bask)]
    outcome = measure.Outcome(config.load().scenarios[0], 3, servers, {"nginx": "nginx not found"})
    return {"date": "2000-01-01", "rounds": 2, "retries": 0, "machine": {"CPU": "a & b"}, "versions": {},
            "startup": [], "scenarios": [figures.scenario(outcome)]}


class Cpu(unittest.TestCase):
    def test_schedstat_is_the_figure(self):
        self.assertEqual(procs.cpu_between(reading(0, 0, 1), reading(3_000_000_123, 3_000_000_000, 1)),
                         (3_000_000_123, ""))

    def test_an_ended_thread_makes_ticks_the_figure(self):
        spent, remark = procs.cpu_between(reading(9, 0, 1, 2), reading(0, 50, 1))
        self.assertEqual(spent, 50)
        self.assertIn("ended", remark)

    def test_sources_that_disagree_are_reported(self):
        _, remark = procs.cpu_between(reading(0, 0, 1), reading(3_000_000_000, 2_000_000_000, 1))
        self.assertIn("schedstat", remark)

    def test_the_tree_of_this_process_spends_time(self):
        before = procs.read_cpu(os.getpid())
        thread = threading.Thread(target=lambda: sum(range(3_000_000)))
        thread.start()
        thread.join()
        self.assertGreater(procs.cpu_between(before, procs.read_cpu(os.getpid()))[0], 0)


class Rounds(unittest.TestCase):
    def test_settled_looks_at_the_last_three(self):
        self.assertFalse(measure.settled([10, 10]))
        self.assertTrue(measure.settled([90, 10.2, 10, 10.1]))
        self.assertFalse(measure.settled([10, 10, 10.4]))

    def test_every_server_is_first_once(self):
        self.assertEqual([measure.rotated([1, 2, 3], n)[0] for n in range(4)], [1, 2, 3, 1])
        self.assertEqual(measure.rotated([], 3), [])

    def test_errors_fail_a_run(self):
        good = {"requests": 5, "microseconds": 1_000_000, "bytes": 1, "p50_us": 1, "p99_us": 2, "max_us": 3,
                "connect": 0, "read": 0, "write": 0, "status": 0, "timeout": 0}
        self.assertEqual(load.parse("x\nRESULT " + json.dumps(good)).requests, 5)
        with self.assertRaisesRegex(config.BenchError, "2 read errors"):
            load.parse("RESULT " + json.dumps({**good, "read": 2}))

    def test_the_generator_is_told_of_bursts_only_where_there_are_some(self) -> None:
        plan = {scenario.name: scenario for scenario in config.load().scenarios}
        self.assertEqual(load.command(plan["hello"], 80, 1)[-2:], ["--", "GET"])
        self.assertEqual(load.command(plan["pipelined"], 80, 1)[-5:], ["GET", "", "", "0", "16"])


class Figures(unittest.TestCase):
    def test_ratios_are_taken_round_by_round(self):
        servers = {s["name"]: s for s in result([6.0, 20.0])["scenarios"][0]["servers"]}
        self.assertEqual(servers["bask"]["cpu_over"]["bare"], {"median": 1.6, "min": 1.2, "max": 2.0})
        self.assertIsNone(servers["bask"]["cpu_over"]["nginx"])

    def test_uwsgi_is_taken_at_its_best_in_each_round(self):
        servers = {s["name"]: s for s in result([10.0, 20.0])["scenarios"][0]["servers"]}
        self.assertEqual(servers["bask"]["cpu_over"]["uwsgi"]["max"], 0.5)

    def test_the_reports_can_be_written(self):
        self.assertIn("| Bask, PyPy |", markdown.report(result([6.0, 12.0])))
        self.assertIn("a &amp; b", chart.draw(result([6.0, 12.0])))

    def test_compare_sees_more_than_three_percent(self):
        lines = {text.split()[1]: slower for text, slower in compare.compare(result([5, 10]), result([5.2, 10.4]))}
        self.assertEqual(lines, {"bare-c": False, "uwsgi": False, "uwsgi-close": False, "bask": True})
        self.assertFalse(any(slow for _, slow in compare.compare(result([5, 10]), result([5.1, 10.2]))))


class Data(unittest.TestCase):
    def test_unknown_keys_are_refused(self):
        with self.assertRaisesRegex(config.BenchError, "unknown key 'titel'"):
            config._make(config.Startup, {"titel": 1}, "here")

    def test_an_nginx_configuration_is_a_template(self):
        self.assertEqual(config.fill("http { listen {port}; }", {"port": "1"}), "http { listen 1; }")


if __name__ == "__main__":
    unittest.main()
