"""uWSGI's cache: what workers have in common, how long, and what outlives what."""
import os
import re
import signal
import struct
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from support.server import Bask, Server
from support.wait import wait_until


def start(bask: Bask, *options: str, workers: int = 2, defined: str = "", **how: Any) -> Server:
    (bask.folder / "defined.py").write_text(defined)
    return bask.app("services", *options, workers=workers, **how)


def ask(server: Server, expression: str) -> str:
    return server.post("/", expression.encode()).text


def tell_all(server: Server, expression: str) -> None:
    """Evaluated in each worker."""
    seen = set()
    wait_until(lambda: seen.add(ask(server, "[os.getpid(), %s][0]" % expression))
               or len(seen) == server.worker_count, "every worker has answered")


def test_results_are_those_of_the_cpython_plugin(bask: Bask) -> None:
    server = start(bask, "--cache2", "name=c,items=10,blocksize=16,keysize=8")
    for asked, answer in (
            ("get('a')", "None"), ("exists('a')", "None"), ("del('a')", "None"),
            ("set('a', 'one')", "True"), ("set(b'a', b'two')", "None"), ("get(b'a')", "b'one'"),
            ("update('a', b'\\0\\xff')", "True"), ("get('a')", "b'\\x00\\xff'"),
            ("exists('a')", "True"), ("set('caf\\xe9', 'caf\\xe9')", "True"),
            ("get(b'caf\\xc3\\xa9')", "b'caf\\xc3\\xa9'"), ("del('a')", "True"),
            ("keys()", "[b'caf\\xc3\\xa9']"), ("set('key too long', 'x')", "None"),
            ("get('key too long')", "None"), ("set('', 'x')", "None"), ("set('v', 'x' * 17)", "None"),
            ("set('v', 'x' * 16)", "True"), ("update('v', bytearray(b'x'), 10)", "True"),
            ("inc('n')", "True"), ("inc('n', 9, 100, 'c')", "True"), ("mul('n')", "True"),
            ("dec('n', 5)", "True"), ("num('n')", "15"), ("div('n')", "True"), ("num('n')", "7"),
            ("div('n', 0)", "True"), ("num('n')", "0"), ("dec('n')", "True"), ("num('n')", "-1"),
            ("num('v')", "0"), ("num('none')", "0"), ("inc('v')", "None"),
            ("clear()", "True"), ("keys('c')", "[]"), ("clear('none')", "None"),
            ("get('a', 'none')", "None"), ("set('a', 'b', 0, 'none')", "None"),
            ("keys('none')", "ValueError: no local uWSGI cache available"),
            ("set(1, 'x')", "TypeError: a key must be str or bytes, not int"),
            ("set('a', None)", "TypeError: a value must be str or bytes, not NoneType"),
            ("inc('a', 1 << 63)", "OverflowError: numbers of a cache have 64 bits")):
        assert ask(server, "uwsgi.cache_" + asked) == answer, asked


def test_without_a_cache_nothing_is_found(bask: Bask) -> None:
    server = start(bask, workers=0)
    assert ask(server, "[uwsgi.cache_set('a', 'b'), uwsgi.cache_get('a'), uwsgi.cache_del('a'),"
                       " uwsgi.cache_inc('a'), uwsgi.cache_num('a'), uwsgi.cache_clear()]"
               ) == "[None, None, None, None, 0, None]"
    assert ask(server, "uwsgi.cache_keys()").startswith("ValueError")


def test_workers_and_generations_have_the_same(bask: Bask) -> None:
    server = start(bask, "--cache", "100", "--cache2", "name=other,items=10",
                   defined="uwsgi.cache_set('loaded', str(os.getpid()))")
    tell_all(server, "uwsgi.cache_set('by %d' % os.getpid(), 'x')")
    assert ask(server, "len(uwsgi.cache_keys('default'))") == "3"
    assert ask(server, "uwsgi.cache_keys('other')") == "[]"
    before = ask(server, "uwsgi.cache_get('loaded')")
    os.kill(server.workers()[0], signal.SIGKILL)
    server.complained("Respawned Bask worker")
    server.send_signal(signal.SIGHUP)
    server.wait_log("reloaded: generation 2 serves")
    assert ask(server, "uwsgi.cache_get('loaded')") == before
    assert ask(server, "len(uwsgi.cache_keys())") == "3"


def test_counting_together(bask: Bask) -> None:
    server = start(bask, "--cache", "5", "--threads", "2",
                   defined="def count():\n    for _ in range(200):\n        uwsgi.cache_inc('n')\n")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: ask(server, "count()"), range(24)))
    assert ask(server, "uwsgi.cache_num('n')") == "4800"
    assert ask(server, "uwsgi.cache_get('n')") == repr(struct.pack("=q", 4800))


@pytest.mark.parametrize("workers", [0, 1])
def test_expiry(bask: Bask, workers: int) -> None:
    server = start(bask, "--cache", "5", workers=workers)
    began = time.monotonic()
    assert ask(server, "[uwsgi.cache_set('a', 'x', 1), uwsgi.cache_inc('n', 5, 1),"
                       " uwsgi.cache_set('b', 'y', 3600), uwsgi.cache_set('c', 'z', -1)]"
               ) == "[True, True, True, True]"
    assert ask(server, "[uwsgi.cache_get('c'), uwsgi.cache_get('b')]") == "[None, b'y']"
    wait_until(lambda: ask(server, "uwsgi.cache_get('a')") == "None", "it has expired")
    assert time.monotonic() - began >= 1
    wait_until(lambda: ask(server, "uwsgi.cache_num('n')") == "0", "the number has, too")
    assert ask(server, "uwsgi.cache_set('a', 'again', 0)") == "True"
    assert ask(server, "sorted(uwsgi.cache_keys())") == "[b'a', b'b']"


def test_the_master_takes_out_what_has_expired(bask: Bask) -> None:
    server = start(bask, "--cache", "1000", "--cache-report-freed-items")
    ask(server, "[uwsgi.cache_set(str(n), 'x', 1 + n % 2 * 99) for n in range(100)]")
    server.wait_log("freed 50 cache items")
    lazy = start(bask, "--cache2", "name=c,items=10,lazy=1", "--cache", "10", "--cache-no-expire",
                 "--cache-report-freed-items")
    ask(lazy, "[uwsgi.cache_set(str(n), 'x', 1, cache) for n in range(10) for cache in ('c', '')]")
    wait_until(lambda: ask(lazy, "uwsgi.cache_get('5')") == "None", "they have expired")
    assert ask(lazy, "uwsgi.cache_set('more', 'x')") == "True"  # in place of one of them
    assert "freed" not in lazy.log()


def test_full(bask: Bask) -> None:
    server = start(bask, "--cache2", "name=full,items=3", "--cache2", "name=lru,items=3,lru=1",
                   "--cache2", "name=quiet,items=3,ignore_full=1", workers=1)
    for cache, last, left in (("full", "None", ["0", "1", "2"]), ("lru", "True", ["0", "2", "3"]),
                              ("quiet", "None", ["0", "1", "2"])):
        assert ask(server, "[uwsgi.cache_set(str(n), 'x', 0, %r) for n in range(3)]" % cache
                   ) == "[True, True, True]"
        assert ask(server, "uwsgi.cache_get('0', %r)" % cache) == "b'x'"
        assert ask(server, "uwsgi.cache_set('3', 'x', 0, %r)" % cache) == last
        assert ask(server, "sorted(map(bytes.decode, uwsgi.cache_keys(%r)))" % cache) == repr(left)
    server.wait_log('cache "full" is FULL')
    assert '"quiet" is FULL' not in server.log() and '"lru" is FULL' not in server.log()


def test_large_values(bask: Bask) -> None:
    server = start(bask, "--cache2", "name=c,items=4,blocks=100,blocksize=64k,bitmap=1")
    assert ask(server, "uwsgi.cache_set('large', bytes(range(250)) * 20000)") == "True"
    assert ask(server, "uwsgi.cache_get('large') == bytes(range(250)) * 20000") == "True"
    assert ask(server, "uwsgi.cache_set('too large', bytes(6 << 20))") == "None"


def test_store(bask: Bask) -> None:
    """Outlives the server, and an upgrade has it at once."""
    options = ("--cache2", "name=c,items=10,store=kept,store_sync=1", "--cache", "4",
               "--cache-store", "kept default")
    first = start(bask, *options)
    assert ask(first, "[uwsgi.cache_set('a', 'kept', 0, c) for c in ('c', '')]") == "[True, True]"
    assert first.stop() == 0
    second = start(bask, *options)
    assert ask(second, "[uwsgi.cache_get('a', 'c'), uwsgi.cache_get('a')]") == "[b'kept', b'kept']"
    said = bask.refused("--plugin", "null", "--cache2", "name=c,items=11,store=kept")
    assert "kept is no store of such a cache" in said


def test_upgrade_goes_on_with_a_store(bask: Bask, successors: None) -> None:
    server = start(bask, "--cache2", "name=c,items=10,store=kept", "--cache2", "name=lost,items=10",
                   "--control-socket", "control")
    ask(server, "[uwsgi.cache_set('a', 'kept', 0, c) for c in ('c', 'lost')]")
    successor = int(server.ctl("upgrade").stdout.split()[1])
    assert server.succeeded_by(successor) == 0
    server.idle = False
    assert ask(server, "[uwsgi.cache_get('a', c) for c in ('c', 'lost')]") == "[b'kept', None]"
    assert ask(server, "uwsgi.cache_set('b', 'new', 0, 'c')") == "True"


@pytest.mark.parametrize("text, complaint", [
    ("name=a", "it needs a number of items (items=...)"),
    ("items=10", "it needs a name (name=...)"),
    ("name=a,items=ten", '"items": expected 1 to 1073741824, not "ten"'),
    ("name=a,items=10,nodes=h:1", '"nodes": caches of several servers are not kept equal here'),
    ("name=a,items=10,color=red", 'there is no key "color"'),
    ("name=a,items=10,store=/nonexistent/x", "/nonexistent/x: No such file or directory"),
    ("name=default,items=10", "there is a cache default already"),
])
def test_bad_descriptions(bask: Bask, text: str, complaint: str) -> None:
    said = bask.refused("--plugin", "null", "--cache", "1", "--cache2", text)
    assert re.search(r"command line, argument \d+: --cache2", said) and complaint in said


@pytest.mark.null
def test_caches_cost_no_memory_until_they_are_used(bask: Bask) -> None:
    server = bask.null("--cache2", "name=c,items=10000", "--cache", "10000", workers=1)
    assert server.get("/").status == 200
    for pid in (server.pid, *server.workers()):
        with open("/proc/%d/status" % pid) as status:
            shared = [int(line.split()[1]) for line in status if line.startswith("RssShmem")]
        assert shared[0] < 4096


def test_killed_while_they_write(bask: Bask) -> None:
    """Whenever it happens: what is there is whole, and the cache goes on."""
    server = start(bask, "--cache2", "name=c,items=50,blocks=80,blocksize=4k,bitmap=1,lru=1",
                   defined="import random, uwsgidecorators\n"
                           "def write():\n"
                           "    while True:\n"
                           "        n = random.randrange(99)\n"
                           "        uwsgi.cache_update(str(n), b'%d ' % n * random.randrange(4000))\n"
                           "        time.sleep(0.0001)\n"
                           "uwsgidecorators.postfork(uwsgidecorators.thread(write))\n"
                           "def check():\n"
                           "    return [key for key in uwsgi.cache_keys()\n"
                           "            if (uwsgi.cache_get(key) or b'').replace(key + b' ', b'')]\n")
    for _ in range(5):
        before = server.roster()
        wait_until(lambda: ask(server, "len(uwsgi.cache_keys()) > 20") == "True", "they write")
        os.kill(before[1], signal.SIGKILL)
        wait_until(lambda: server.roster().get(1, before[1]) != before[1], "it is replaced")
        assert ask(server, "check()") == "[]"
        assert ask(server, "[uwsgi.cache_clear(), uwsgi.cache_set('new', 'new ')]") == "[True, True]"
    server.complained("killed by signal 9")
