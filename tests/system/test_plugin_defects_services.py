"""What is wrong with the PyPy plugin of uWSGI, by the numbers of the reference: RPC and signals."""
import struct

from support.client import Connection
from support.server import Bask, Server
from support.uwsgi import packet
from support.wait import wait_until


def start(bask: Bask, defined: str, *options: str, workers: int = 1) -> Server:
    (bask.folder / "defined.py").write_text(defined)
    return bask.app("services", *options, workers=workers)


def ask(server: Server, expression: str) -> str:
    return server.post("/", expression.encode()).text


def test_defect_01_names_may_be_text_or_bytes(bask: Bask) -> None:
    server = start(bask, "for n, name in enumerate(('text', b'bytes')):\n"
                         "    uwsgi.register_rpc(name, lambda *args: b'|'.join(args))\n"
                         "for n, target in enumerate(('worker1', b'worker1')):\n"
                         "    uwsgi.register_signal(n, target, handle)\n"
                         "    uwsgi.add_file_monitor(n, ('a', b'a')[n])\n")
    for node in ("''", "b''"):
        for name in ("'text'", "b'text'", "'bytes'", "b'bytes'"):
            assert ask(server, "uwsgi.rpc(%s, %s, 'a', b'b')" % (node, name)) == "b'a|b'"
            assert ask(server, "uwsgi.call(%s, 'a', b'b')" % name) == "b'a|b'"
    ask(server, "[uwsgi.signal(n) for n in range(2)]")
    wait_until(lambda: ask(server, "lines()") == "2", "both handlers ran")


def test_defect_01_names_of_caches_and_keys_may_be_text_or_bytes(bask: Bask) -> None:
    server = start(bask, "", "--cache2", "name=c,items=20")
    for key in ("'k'", "b'k'"):
        for cache in ("'c'", "b'c'"):
            where = (key, cache)
            for call, answer in (("update(%s, 'v', 0, %s)", "True"), ("get(%s, %s)", "b'v'"),
                                 ("exists(%s, %s)", "True"), ("set(%s, b'v', 0, %s)", "None"),
                                 ("num(%s, %s)", "0"), ("del(%s, %s)", "True"),
                                 ("inc(%s, 1, 0, %s)", "True"), ("dec(%s, 1, 0, %s)", "True"),
                                 ("mul(%s, 1, 0, %s)", "True"), ("div(%s, 1, 0, %s)", "True")):
                assert ask(server, "uwsgi.cache_" + call % where) == answer, call % where
    assert ask(server, "[uwsgi.cache_keys(b'c'), uwsgi.cache_clear(b'c')]") == "[[b'k'], True]"


def test_defect_01_names_of_metrics_may_be_text_or_bytes(bask: Bask) -> None:
    server = start(bask, "", "--metric", "m")
    for name in ("'m'", "b'm'"):
        for call in ("set(%s, 5)", "inc(%s)", "dec(%s)", "mul(%s)", "div(%s)"):
            assert ask(server, "uwsgi.metric_" + call % name) == "True", call
        assert ask(server, "uwsgi.metric_get(%s)" % name) == "5"


def test_defect_05_the_cache_says_true_or_none(bask: Bask) -> None:
    server = start(bask, "", "--cache2", "name=c,items=1,blocksize=8")
    for call, answer in (("set('k', 'v')", "True"), ("set('k', 'v')", "None"),
                         ("set('other', 'v')", "None"), ("update('other', 'v')", "None"),
                         ("update('k', 'w')", "True"), ("update('k', 'too large')", "None"),
                         ("del('other')", "None"), ("del('k')", "True"), ("del('k')", "None")):
        assert ask(server, "uwsgi.cache_" + call) == answer, call


def test_defect_06_arguments_live_as_long_as_the_call(bask: Bask) -> None:
    where = "127.0.0.1:%d" % bask.ports.take()
    server = start(bask, "import gc\n"
                         "uwsgi.register_rpc('count', lambda *args: str(len(set(args))))\n"
                         "def call(count):\n"
                         "    args = (b'%%09d' %% n * 20 for n in range(count))\n"
                         "    return uwsgi.rpc(%r, 'count', *args)\n" % where,
                   "--socket", where, "--threads", "2")
    for _ in range(20):
        assert ask(server, "call(254)") == "b'254'"
    assert ask(server, "call(255)") == "ValueError: a function has at most 254 arguments"


def test_defect_07_functions_that_raise_or_give_nothing(bask: Bask) -> None:
    where = ("127.0.0.1", bask.ports.take())
    server = start(bask, "uwsgi.register_rpc('fails', lambda: 1 / 0)\n"
                         "uwsgi.register_rpc('nothing', lambda: None)\n"
                         "uwsgi.register_rpc('text', lambda: 'text')",
                   "--socket", "%s:%d" % where, "--threads", "2")
    before = int(ask(server, "uwsgi.workers()[0]['exceptions']"))
    for name in (b"fails", b"nothing"):
        assert ask(server, "uwsgi.call(%r)" % name) == "None"
        with Connection(where) as connection:
            connection.send(packet(struct.pack("<H", len(name)) + name, 173))
            assert connection.rest() == b""
    assert ask(server, "uwsgi.call('text')") == "b'text'"
    server.complained("the RPC function fails raised:\n(?s:.*)ZeroDivisionError")
    assert "cffi" not in server.log()
    assert int(ask(server, "uwsgi.workers()[0]['exceptions']")) == before + 1


def test_defect_24_results_may_be_large(bask: Bask) -> None:
    where = "127.0.0.1:%d" % bask.ports.take()
    size = 100 << 20
    server = start(bask, "uwsgi.register_rpc('large', lambda: b'x' * %d)" % size,
                   "--socket", where, "--threads", "2")
    assert ask(server, "len(uwsgi.rpc(%r, 'large'))" % where) == str(size)


def test_defect_25_handlers_that_raise_are_failures(bask: Bask) -> None:
    server = start(bask, "uwsgi.register_signal(3, '', lambda n: 1 / 0)")
    ask(server, "uwsgi.signal(3)")
    server.complained("the handler of signal 3 raised:\n(?s:.*)ZeroDivisionError")
    wait_until(lambda: ask(server, "uwsgi.workers()[0]['exceptions']") == "1", "it is counted")
    assert ask(server, "uwsgi.workers()[0]['signals']") == "1"
