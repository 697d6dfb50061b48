"""One contestant of bench/jit/duel, inside the interpreter that it is about.

usage: INTERPRETER duelist.py '{"app": "shop", "jit": parameters, "seconds": CPU seconds, "boundaries": bool}'

Warms up, says so in a line of JSON, and forks. The child calms down, makes 100 requests unmeasured, and
for each number that it reads makes so many requests and says what they cost.
"""

import json
import os
import sys
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent / "python")]

import drive  # noqa: E402  (the path comes first)

REPLAY = 100


def survey(driver):
    """As Bask's own warm-up begins: finds the functions that handlers share, and marks them."""
    from bask_pypy import boundaries

    marked = []

    def end(codes):
        boundaries.mark_all(codes)
        marked.append(len(codes))

    boundaries.Survey(end).start()
    while not marked:
        driver.one()
    return marked[0]


def prepare(plan):
    """Loads and warms up."""
    threading._after_fork()  # see drive.py
    driver, started = drive.Driver(plan["app"]), time.process_time()
    marked = survey(driver) if plan["boundaries"] and drive.pypyjit else 0
    seconds = plan["seconds"] - (time.process_time() - started)
    state = drive.warm(driver, {"jit": plan["jit"], "seconds": seconds})
    return driver, dict(state, boundaries=marked, traces=drive.traces())


def serve(driver, line):
    """The child: a number in, the mean in us, the worst in ms and how many took over 10 ms out."""
    if drive.pypyjit:
        drive.set_jit("default")
        driver.run(REPLAY)
    while line:
        times = driver.run(int(line))
        late = sum(one > 10e6 for one in times)
        print(json.dumps([sum(times) / len(times) / 1000, max(times) / 1e6, late]), flush=True)
        line = sys.stdin.readline()
    return driver.failed


def main():
    driver, state = prepare(json.loads(sys.argv[1]))
    drive.settle(2, True)
    print(json.dumps(state), flush=True)
    line = sys.stdin.readline()
    pid = os.fork()
    if pid == 0:
        os._exit(1 if serve(driver, line) else 0)
    sys.exit(1 if os.waitpid(pid, 0)[1] else 0)


if __name__ == "__main__":
    main()
