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
    assert int(ask(server, "uwsgi.metric_get('worker.1.core.0.requests')")) >= 5
    assert ask(server, "uwsgi.metric_get('socket.0.listen_queue')") == "0"
    assert ask(server, "uwsgi.metric_get('worker.2.requests')") == "0"


def test_without_the_option_there_are_none(bask: Bask) -> None:
    server = start(bask, workers=1)
    assert ask(server, "[uwsgi.metric_get('worker.1.rss_size'), uwsgi.metric_inc('x')]") == "[0, None]"


@pytest.mark.parametrize("text, complaint", [
    ("name=a,collector=file", "expected name, type, initial_value, alias, oid or reset_after_push, not "
     "\"collector\""),
    ("type=gauge", "it needs a name"), ("here", "there is a metric here already")])
def test_bad_descriptions(bask: Bask, text: str, complaint: str) -> None:
    said = bask.refused("--plugin", "null", "--metric", "here", "--metric", text)
    assert '--metric "%s": %s' % (text, complaint) in said


# Files

def test_metrics_are_kept_in_files(bask: Bask) -> None:
    folder = bask.folder / "metrics"
    folder.mkdir()
    options = ("--metrics-dir", "metrics", "--metrics-dir-restore", "--metric", "hits",
               "--metric", "name=level,initial_value=7")
    server = start(bask, *options, workers=1)
    server.idle = False  # a file is open for a moment, now and then
    ask(server, "uwsgi.metric_set('hits', 12345)")
    wait_until(lambda: (folder / "hits").exists() and (folder / "hits").read_text() == "12345\n",
               "it is written")
    assert (folder / "level").read_text() == "7\n"
    wait_until(lambda: int((folder / "worker.1.requests").read_text()) >= 1, "the server's, too")
    assert int((folder / "core.total_rss").read_text()) > 1 << 20
    ask(server, "uwsgi.metric_set('hits', 9)")
    server.stop()  # at once: the last value is kept
    assert (folder / "hits").read_text() == "9\n"
    (folder / "level").write_text("-55\n")
    server = start(bask, *options, workers=1)
    server.idle = False
    assert ask(server, "uwsgi.metric_get('hits'), uwsgi.metric_get('level')") == "(9, -55)"


@pytest.mark.null
def test_files_of_metrics_that_are_none(bask: Bask) -> None:
    folder = bask.folder / "metrics"
    folder.mkdir()
    (folder / "hits").write_text("many\n")
    server = bask.null("--metrics-dir", "metrics", "--metrics-dir-restore", "--metric", "hits",
                       workers=1)
    server.idle = False
    server.wait_log(r"\[warn\].* --metrics-dir-restore: metrics/hits has no number")
    wait_until(lambda: (folder / "hits").read_text() == "0\n", "it is one now")
    assert "--metrics-dir nowhere: No such file or directory" in bask.refused(
        "--plugin", "null", "--metrics-dir", "nowhere")


# Thresholds

def test_metric_that_is_too_large_is_an_alarm(bask: Bask) -> None:
    server = start(bask, "--metric", "load", "--metric", "other", "--alarm", "note cmd:cat >> told",
                   "--metric-threshold", "key=load,value=10,alarm=note,msg=load is high,rate=3600",
                   "--alarm-metric", "key=other,value=-1,alarm=note,rate=3600,reset=-5", workers=1)
    told = bask.folder / "told"
    wait_until(lambda: told.exists() and "other" in told.read_text(), "the other is told of")
    assert ask(server, "uwsgi.metric_get('other')") == "-5"
    assert ask(server, "uwsgi.metric_set('load', 10)") == "True"
    wait_until(lambda: "load is high" in told.read_text(), "load is told of")
    assert ask(server, "uwsgi.metric_get('load')") == "10"


@pytest.mark.null
@pytest.mark.parametrize("text, complaint", [
    ("key=a", "it needs key=NAME and value=NUMBER"), ("value=1", "it needs key=NAME"),
    ("key=nobody,value=1", "there is no metric nobody"),
    ("key=a,value=x", 'expected a number, not "x"'),
    ("key=a,value=1,alarm=none", "there is no alarm none (--alarm)"),
    ("key=a,value=1,rate=-1", '"rate": expected seconds, at most a day'),
    ("key=a,value=1,colour=red", 'expected key, value, alarm, rate, msg or reset, not "colour"'),
    ("key=worker.1.requests,value=1,reset=0", "is the server's, and cannot be reset"),
])
def test_thresholds_that_are_none_are_refused(bask: Bask, text: str, complaint: str) -> None:
    said = bask.refused("--plugin", "null", "--metric", "a", "--metric-threshold", text)
    assert "--metric-threshold %s: " % text in said
    assert complaint in said


@pytest.mark.null
def test_file_of_a_metric_that_cannot_be_written_is_tried_again(bask: Bask) -> None:
    """And is named once, whatever becomes of the others."""
    folder = bask.folder / "metrics"
    (folder / "mine").mkdir(parents=True)
    server = bask.null("--metrics-dir", "metrics", "--metric", "name=mine,initial_value=7",
                       workers=1)
    server.wait_log("--metrics-dir: mine: Is a directory")
    server.get("/")
    wait_until(lambda: (folder / "worker.1.requests").read_text() == "1\n", "another is written")
    (folder / "mine").rmdir()
    wait_until(lambda: (folder / "mine").exists(), "it is written")
    assert server.log().count("Is a directory") == 1
