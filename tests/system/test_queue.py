"""uWSGI's queue: messages between workers."""
import os
import signal
from concurrent.futures import ThreadPoolExecutor

from support.server import Bask, Server


def start(bask: Bask, *options: str, workers: int = 2) -> Server:
    return bask.app("services", *options, workers=workers)


def ask(server: Server, expression: str) -> str:
    return server.post("/", expression.encode()).text


def test_results_are_those_of_the_cpython_plugin(bask: Bask) -> None:
    server = start(bask, "--queue", "4", "--queue-blocksize", "8")
    assert ask(server, "uwsgi.queue_size") == "4"
    for asked, answer in (
            ("pull()", "None"), ("pop()", "None"), ("last()", "None"), ("slot()", "0"),
            ("push('a')", "True"), ("push(b'\\0\\xff')", "True"), ("push('')", "None"),
            ("push('x' * 9)", "None"), ("push('c' * 8)", "True"), ("slot()", "3"),
            ("get(1)", "b'\\x00\\xff'"), ("get(3)", "None"), ("get(4)", "None"), ("get(-1)", "None"),
            ("last()", "b'cccccccc'"), ("last(2)", "[b'cccccccc', b'\\x00\\xff']"),
            ("last(9)", "[b'cccccccc', b'\\x00\\xff', b'a', None]"),
            ("last(-1)", "ValueError: queue_last takes a number of messages, not -1"),
            ("set(0, 'z')", "True"), ("set(4, 'z')", "None"), ("set(0, '')", "None"),
            ("pull()", "b'z'"), ("pull_slot()", "1"), ("pop()", "b'cccccccc'"), ("slot()", "2"),
            ("pull()", "b'\\x00\\xff'"), ("pull()", "None"),
            ("push(5)", "TypeError: a message must be str or bytes, not int")):
        assert ask(server, "uwsgi.queue_" + asked) == answer, asked
    assert ask(server, "[[uwsgi.queue_push(str(n)) for n in range(6)],"
                       " [uwsgi.queue_pull() for _ in range(5)]][1]"
               ) == "[b'2', b'3', b'4', b'5', None]"


def test_without_the_option_there_is_none(bask: Bask) -> None:
    server = start(bask, workers=1)
    assert ask(server, "[name for name in dir(uwsgi) if name.startswith('queue')]") == "[]"


def test_every_message_comes_once(bask: Bask) -> None:
    server = start(bask, "--queue", "1000", "--threads", "2")
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda i: ask(server, "[uwsgi.queue_push('%d %%d' %% n) for n in range(20)]" % i),
                      range(20)))
        found = list(pool.map(lambda _: eval(ask(server, "[uwsgi.queue_pull() for _ in range(30)]")),
                              range(20)))
    messages = [message.decode() for part in found for message in part if message]
    assert sorted(messages) == sorted("%d %d" % (i, n) for i in range(20) for n in range(20))


def test_outlives_workers_and_generations(bask: Bask) -> None:
    server = start(bask, "--queue", "10")
    ask(server, "uwsgi.queue_push('kept')")
    for pid in server.workers():
        os.kill(pid, signal.SIGKILL)
    server.complained("(?s)Respawned.*Respawned")
    server.send_signal(signal.SIGHUP)
    server.wait_log("reloaded: generation 2 serves")
    assert ask(server, "uwsgi.queue_pull()") == "b'kept'"
