"""Graceful stops, pauses, and what the log says of requests that did not end."""
import os
import signal
import socket
import time
from typing import List

import pytest

from support import processes
from support.client import Connection, make_request
from support.server import Bask, Server
from support.wait import wait_until


def in_gate(bask: Bask, *arguments: str, workers: int = 1) -> Server:
    return bask.app("workers", "--graceful-on-term", *arguments, workers=workers)


def test_graceful_stop_answers_what_was_accepted(bask: Bask) -> None:
    server = in_gate(bask)
    with server.connect() as connection, server.connect() as idle:
        assert idle.request("GET", "/").status == 200
        connection.send(make_request("GET", "/gate"))
        wait_until((server.folder / "in-gate").exists, "the request runs")
        server.send_signal(signal.SIGTERM)
        assert idle.rest() == b""  # the worker knows of it
        (server.folder / "go").touch()
        answer = connection.answer()
        assert answer.status == 200
        assert answer.headers["Connection"] == "close"
    assert server.wait_end() == 0


@pytest.mark.null
def test_graceful_stop_answers_what_waits_to_be_accepted(bask: Bask) -> None:
    """Connections in the kernel's queue, with their requests: the worker is the last to take them."""
    server = bask.null("--graceful-on-term", workers=1)
    worker = server.workers()[0]
    processes.stop(worker)
    waiting: List[Connection] = [server.connect() for _ in range(20)]
    for connection in waiting:
        connection.send(make_request("GET", "/"))
    server.send_signal(signal.SIGTERM)
    wait_until(lambda: processes.is_pending(worker, signal.SIGHUP), "the worker is told to go")
    os.kill(worker, signal.SIGCONT)
    assert [connection.answer().status for connection in waiting] == [200] * 20
    for connection in waiting:
        connection.close()
    assert server.wait_end() == 0


@pytest.mark.null
def test_graceful_stop_answers_what_a_full_worker_left_waiting(bask: Bask) -> None:
    server = bask.null("--graceful-on-term", "--max-connections", "2", workers=1)
    holders = [server.connect() for _ in range(2)]
    for holder in holders:
        assert holder.request("GET", "/").status == 200
    waiting: List[Connection] = [server.connect() for _ in range(5)]
    for connection in waiting:
        connection.send(make_request("GET", "/"))
    server.wait_log("has max-connections")
    server.send_signal(signal.SIGTERM)
    assert [connection.answer().status for connection in waiting] == [200] * 5
    for connection in holders + waiting:
        connection.close()
    assert server.wait_end() == 0


def test_second_signal_cuts_a_graceful_stop_short(bask: Bask) -> None:
    server = in_gate(bask)
    with server.connect() as connection:
        connection.send(make_request("GET", "/gate"))
        wait_until((server.folder / "in-gate").exists, "the request runs")
        server.send_signal(signal.SIGTERM)
        server.wait_log("stopping when the requests are done")
        server.send_signal(signal.SIGINT)
        assert server.wait_end() == 0
    server.complained("ends with 1 requests unanswered")


def test_worker_that_outstays_its_mercy_is_killed_and_its_request_named(bask: Bask) -> None:
    server = in_gate(bask, "--worker-reload-mercy", "300ms")
    with server.connect() as connection:
        connection.send(make_request("GET", "/gate?who=me"))
        wait_until((server.folder / "in-gate").exists, "the request runs")
        assert server.stop(signal.SIGTERM) == 0
    server.complained("worker 1 .* is taking too much time to die...NO MERCY")
    server.wait_log(r"worker 1 was in a request for \d+ ms \(thread 0\): GET /gate\?who=me")


def is_left_waiting(server: Server) -> bool:
    """A connection that nobody accepts gets no answer, though the kernel takes it."""
    with server.connect() as connection:
        connection.send(make_request("GET", "/"))
        connection.socket.settimeout(0.3)
        try:
            return connection.socket.recv(1, socket.MSG_PEEK) == b""
        except socket.timeout:
            return True


@pytest.mark.null
def test_pause_and_resume(bask: Bask) -> None:
    server = bask.null(workers=2)
    server.send_signal(signal.SIGTSTP)
    server.wait_log("paused: workers accept no connections")
    wait_until(lambda: is_left_waiting(server), "nobody accepts")
    victim = server.roster()[1]
    os.kill(victim, signal.SIGKILL)
    server.complained("killed by signal 9")
    wait_until(lambda: server.roster().get(1, victim) != victim, "worker 1 is replaced")
    assert is_left_waiting(server)  # the successor knows, too
    server.send_signal(signal.SIGTSTP)
    server.wait_log("resumed")
    assert server.get("/").status == 200


@pytest.mark.null
def test_idle_connection_outlives_a_reload_for_a_moment(bask: Bask) -> None:
    """A client that takes a second for its next request is answered, and told to go."""
    server = bask.null("--http-keepalive-handover", "20", "--graceful-on-term", workers=1)
    old = server.workers()[0]
    with server.connect() as kept, server.connect() as silent:
        assert kept.request("GET", "/").status == silent.request("GET", "/").status == 200
        server.send_signal(signal.SIGHUP)
        server.wait_log("reloaded: generation 2 serves")
        time.sleep(1)  # longer than a stop would let it be idle
        answer = kept.request("GET", "/")
        assert answer.status == 200 and answer.headers["Connection"] == "close"
        assert processes.is_alive(old)
        begun = time.monotonic()
        assert server.stop(signal.SIGTERM) == 0
        assert time.monotonic() - begun < 10  # a stop does not wait so long


@pytest.mark.null
def test_one_worker_reloads_without_a_gap(bask: Bask) -> None:
    """While the old worker answers its last request the new one serves others."""
    server = bask.null(workers=1)
    with server.connect() as slow:
        slow.send(make_request("GET", "/sleep/1500"))
        server.send_signal(signal.SIGHUP)
        server.wait_log("reloaded: generation 2 serves")
        assert server.get("/").status == 200
        assert slow.is_silent()
        assert slow.answer().status == 200

