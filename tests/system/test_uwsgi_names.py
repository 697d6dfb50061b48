"""What uWSGI's module has beside its subsystems: facts, hooks, names that are needless."""
import subprocess
from pathlib import Path
from typing import Dict, List

import pytest

from support.aides import ask, seen, wait_born, wait_seen
from support.server import Bask, Server
from support.wait import wait_until


def start(bask: Bask, defined: str = "", *options: str, workers: int = 1) -> Server:
    (bask.folder / "defined.py").write_text(defined)
    return bask.app("services", *options, workers=workers)


# Of uWSGI 2.0 and 2.1, what is there with these options
NAMES: Dict[str, List[str]] = {
    "facts": ["version", "version_info", "hostname", "numproc", "cores", "has_threads", "opt",
              "started_on", "loop", "sockets", "unbit", "is_a_reload", "applications",
              "buffer_size", "mode", "pidfile", "spoolers", "queue_size"],
    "hooks": ["applications", "atexit", "post_fork_hook", "after_req_hook", "spooler",
              "mule_msg_hook", "mule_msg_extra_hooks"],
    "process": ["masterpid", "worker_id", "mule_id", "request_id", "total_requests", "workers",
                "reload", "stop", "accepting", "ready", "setprocname", "mem", "listen_queue",
                "logsize", "micros", "set_user_harakiri", "parsefile", "extract",
                "embedded_data", "set_warning_message", "i_am_the_spooler"],
    "request": ["log", "log_this_request", "set_logvar", "get_logvar", "add_var", "cl",
                "disconnect", "connection_fd", "alarm", "sendfile", "offload"],
    "locks": ["lock", "unlock", "is_locked"],
    "signals": ["register_signal", "signal", "signal_wait", "signal_received",
                "signal_registered", "add_timer", "add_rb_timer", "add_ms_timer",
                "add_file_monitor", "add_cron"],
    "rpc": ["register_rpc", "rpc", "call", "rpc_list"],
    "cache": ["cache_get", "cache_set", "cache_update", "cache_del", "cache_exists",
              "cache_clear", "cache_inc", "cache_dec", "cache_mul", "cache_div", "cache_num",
              "cache_keys"],
    "metrics": ["metric_inc", "metric_dec", "metric_mul", "metric_div", "metric_get",
                "metric_set", "metric_set_max", "metric_set_min"],
    "mules": ["mule_msg", "farm_msg", "mule_get_msg", "farm_get_msg", "in_farm",
              "mule_msg_recv_size", "mule_file", "install_mule_msg_hook"],
    "spooler": ["spool", "send_to_spooler", "set_spooler_frequency", "spooler_jobs",
                "spooler_pid", "spooler_pids", "spooler_get_task", "spooler_dir", "SPOOL_OK",
                "SPOOL_RETRY", "SPOOL_IGNORE"],
    "queue": ["queue_push", "queue_pull", "queue_pop", "queue_get", "queue_set", "queue_last",
              "queue_slot", "queue_pull_slot"],
    "areas": ["sharedarea_" + name for name in (
        "read", "write", "readbyte", "writebyte", "read8", "write8", "read16", "write16",
        "read32", "write32", "read64", "write64", "readlong", "writelong", "inc32", "dec32",
        "inc64", "dec64", "inclong", "rlock", "wlock", "unlock", "memoryview", "object")],
    "waiting": ["async_sleep", "async_connect", "connect", "wait_fd_read", "wait_fd_write",
                "ready_fd", "suspend", "green_schedule", "is_connected", "send", "recv", "close"],
    "websockets": ["websocket_handshake", "websocket_recv", "websocket_recv_nb",
                   "websocket_send", "websocket_send_binary", "chunked_read", "chunked_read_nb"],
    "there while a request is answered": ["env", "start_response"],
}
# Those whose subsystem this server does not have: internal routing, the legion, SNMP; and two
# that are about how uWSGI is made
ABSENT = ["route", "i_am_the_lord", "lord_scroll", "scrolls", "snmp_set_counter32", "magic_table",
          "request_context"]


def test_all_names_are_there(bask: Bask) -> None:
    server = start(bask, "", "--spooler", "tasks", "--mule", "--queue", "10", "--sharedarea", "1",
                   "--cache2", "name=c,items=10", "--enable-metrics", "--mode", "test",
                   "--pidfile", "pid")
    wanted = [name for names in NAMES.values() for name in names]
    assert ask(server, "[name for name in %r if not hasattr(uwsgi, name)]" % wanted) == "[]"
    assert ask(server, "[name for name in %r if hasattr(uwsgi, name)]" % ABSENT) == "[]"


def test_facts(bask: Bask) -> None:
    server = start(bask, "", "--mode", "test", "--pidfile", "pid", "--buffer-size", "8k")
    assert ask(server, "uwsgi.mode, uwsgi.pidfile, uwsgi.buffer_size") == "(b'test', b'pid', 8192)"
    assert ask(server, "uwsgi.offload('file', 10)") == "b''"


def test_without_their_options(bask: Bask) -> None:
    server = start(bask)
    assert ask(server, "hasattr(uwsgi, 'mode'), hasattr(uwsgi, 'pidfile')") == "(False, False)"
    assert ask(server, "uwsgi.nonsense") == (
        "AttributeError: module 'uwsgi' has no attribute 'nonsense'")


def test_request_by_other_names(bask: Bask) -> None:
    server = start(bask)
    assert ask(server, "uwsgi.env is environ, uwsgi.env['REQUEST_METHOD']") == "(True, 'POST')"
    assert ask(server, "uwsgi.start_response.__name__") == "'start'"
    ask(server, "exec('''def ask(): note([hasattr(uwsgi, name) for name in ('env',"
                " 'start_response')])\\nthread = threading.Thread(target=ask)\\n"
                "thread.start()\\nthread.join()''', globals())")
    assert seen(server) == ["[False, False]"]


@pytest.mark.parametrize("what, note", [
    ("note('after')", "after"), ("note('exits') or os._exit", "exits"),
    ("note('raises') or 1 / 0", "raises")])
def test_after_req_hook(bask: Bask, what: str, note: str) -> None:
    server = start(bask, "uwsgi.after_req_hook = lambda: %s\n" % what)
    for _ in range(3):
        assert ask(server, "1 + 1") == "2"
    wait_until(lambda: seen(server) == [note] * 3, "it ran after each")
    if note == "raises":
        server.complained("uwsgi.after_req_hook raised:\n(.*\n)+ZeroDivisionError")


def test_embedded_data(bask: Bask) -> None:
    server = start(bask)
    assert ask(server, "uwsgi.embedded_data('nothing')") == (
        "ValueError: unable to find symbol nothing")
    assert ask(server, "uwsgi.embedded_data('a\\0b')").startswith("ValueError")


def test_mules_and_their_files(bask: Bask) -> None:
    (bask.folder / "mule.py").write_text(
        "import uwsgi\nwith open('seen', 'a') as seen: seen.write('%r\\n' % (uwsgi.mule_file(),))\n"
        "while True: uwsgi.mule_get_msg()\n")
    server = start(bask, "", "--mule=mule.py", "--mules", "1")
    wait_born(server, "mule")
    wait_seen(server, "b'mule.py'")
    assert ask(server, "uwsgi.mule_file(1), uwsgi.mule_file(2)") == "(b'mule.py', None)"
    for call in ("mule_file()", "mule_file(3)", "mule_file(-1)"):
        assert ask(server, "uwsgi." + call).startswith("ValueError: The id you provided")
    assert ask(server, "uwsgi.mule_msg_recv_size()") == "65536"


def test_embedded_data_of_a_library(bask: Bask, tmp_path: Path) -> None:
    """As `ld -r -b binary` names it."""
    source = tmp_path / "data.c"
    source.write_text('__asm__(".data\\n.globl _binary_it_start\\n_binary_it_start: .ascii '
                      '\\"con\\\\0tent\\"\\n.globl _binary_it_end\\n_binary_it_end: .byte 0\\n");')
    subprocess.run(["cc", "-shared", "-fPIC", "-o", "data.so", "data.c"], cwd=tmp_path, check=True)
    server = start(bask, "import ctypes\nKEPT = ctypes.CDLL('%s/data.so', ctypes.RTLD_GLOBAL)\n"
                   % tmp_path)
    assert ask(server, "uwsgi.embedded_data('it')") == "b'con\\x00tent'"
