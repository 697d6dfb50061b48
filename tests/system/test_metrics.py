"""uWSGI's metrics: numbers of the application, and what the server counts."""
import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.server import Bask, Server
from support.wait import wait_until


def start(bask: Bask, *options: str, workers: int = 2) -> Server:
    return bask.app("services", *options, workers=workers)


def ask(server: Server, expression: str) -> str:
    return server.post("/", expression.encode()).text


def test_results_are_those_of_the_cpython_plugin(bask: Bask) -> None:
    server = start(bask, "--metric", "hits", "--metric", "name=level,initial_value=50,type=gauge",
                   "--metric", "name=other,alias=hits")
    for asked, answer in (
            ("get('hits')", "0"), ("inc('hits')", "True"), ("inc(b'hits', 9)", "True"),
            ("get(b'other')", "10"), ("dec('hits', 2)", "True"), ("mul('hits', 3)", "True"),
            ("div('hits', 5)", "True"), ("get('hits')", "4"), ("div('hits', 0)", "None"),
            ("set('hits', -7)", "True"), ("get('hits')", "-7"), ("set('hits')", "True"),
            ("get('hits')", "1"), ("get('level')", "50"), ("set_max('level', 40)", "True"),
            ("get('level')", "50"), ("set_min('level', 40)", "True"), ("get('level')", "40"),
            ("set_max('level', 41)", "True"), ("get('level')", "41"), ("inc('other')", "None"),
            ("get('nothing')", "0"), ("inc('nothing')", "None"),
            ("inc('worker.1.requests')", "None"),
            ("inc(5)", "TypeError: the name of a metric must be str or bytes, not int"),
            ("inc('hits', 1 << 63)", "OverflowError: metrics have 64 bits")):
        assert ask(server, "uwsgi.metric_" + asked) == answer, asked


def test_counting_together_over_generations(bask: Bask) -> None:
    server = start(bask, "--metric", "hits", "--threads", "2")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: ask(server, "[uwsgi.metric_inc('hits') for _ in range(100)]"),
                      range(20)))
    os.kill(server.workers()[0], signal.SIGKILL)
    server.complained("Respawned")
    server.send_signal(signal.SIGHUP)
    server.wait_log("reloaded: generation 2 serves")
    assert ask(server, "uwsgi.metric_get('hits')") == "2000"


def test_what_the_server_counts(bask: Bask) -> None:
    server = start(bask, "--enable-metrics", workers=1)
    for _ in range(5):
        ask(server, "1")
    wait_until(lambda: int(ask(server, "uwsgi.metric_get('worker.1.requests')")) >= 5, "counted")
    assert int(ask(server, "uwsgi.metric_get('core.total_tx')")) > 100
    assert int(ask(server, "uwsgi.metric_get('worker.1.rss_size')")) > 1 << 20
    assert ask(server, "uwsgi.metric_get('core.busy_workers')") == "1"
    assert ask(server, "uwsgi.metric_get('worker.2.requests')") == "0"


def test_without_the_option_there_are_none(bask: Bask) -> None:
    server = start(bask, workers=1)
    assert ask(server, "[uwsgi.metric_get('worker.1.rss_size'), uwsgi.metric_inc('x')]") == "[0, None]"


@pytest.mark.parametrize("text, complaint", [
    ("name=a,collector=file", "expected name, type, initial_value, alias or oid, not \"collector\""),
    ("type=gauge", "it needs a name"), ("here", "there is a metric here already")])
def test_bad_descriptions(bask: Bask, text: str, complaint: str) -> None:
    said = bask.refused("--plugin", "null", "--metric", "here", "--metric", text)
    assert '--metric "%s": %s' % (text, complaint) in said
