"""Several threads in a worker, and a loop that goes on while all of them are busy."""
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Iterator

import pytest

from support.client import make_request
from support.processes import descriptors
from support.server import Bask, Server
from support.wait import wait_until

HELLO = b"Hello, World!"


@contextmanager
def all_threads_busy(server: Server) -> Iterator[None]:
    """A request that ends only afterwards holds the one thread."""
    with server.connect() as holder:
        holder.send(make_request("GET", "/gate"))
        wait_until((server.folder / "in-gate").exists, "the thread is held")
        yield
        assert holder.is_silent()
        (server.folder / "go").touch()
        assert holder.answer().status == 200


def settle(server: Server) -> None:
    """Whoever runs the loop has dealt with all that came until now, and waits again."""
    before = len(descriptors(server.pid))
    assert server.raw(b"garbage\r\n\r\n").startswith(b"HTTP/1.1 400 ")
    wait_until(lambda: len(descriptors(server.pid)) <= before, "that connection is closed")


def seconds_of_four(server: Server, path: str) -> float:
    start = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(server.get, [path] * 4))
    assert all(answer.status == 200 for answer in answers)
    return time.monotonic() - start


def test_slow_requests_run_at_the_same_time(bask: Bask) -> None:
    assert seconds_of_four(bask.app("threads", "--threads", "4"), "/sleep") < 1.5


def test_slow_requests_are_spread_over_processes_and_threads(bask: Bask) -> None:
    server = bask.app("threads", "--threads", "2", workers=2)
    wait_until(lambda: seconds_of_four(server, "/sleep") < 1.5, "each thread takes one")


@pytest.mark.null
def test_slow_requests_run_at_the_same_time_in_c(bask: Bask) -> None:
    assert seconds_of_four(bask.null("--threads", "4"), "/sleep/500") < 1.5


@pytest.mark.null
def test_fast_request_passes_slow_ones(bask: Bask) -> None:
    server = bask.null("--threads", "4")
    slow = [server.connect() for _ in range(3)]
    for connection in slow:
        connection.send(make_request("GET", "/sleep/1000"))
    assert all(server.get("/").body == HELLO for _ in range(20))
    assert all(connection.is_silent() for connection in slow)
    for connection in slow:
        assert connection.answer().body == HELLO
        connection.close()


def test_response_drains_while_the_thread_is_busy(bask: Bask) -> None:
    """The application is done with 20 MB that their reader takes slowly."""
    server = bask.app("threads", "--threads", "1")
    with server.connect() as slow:
        slow.send(make_request("GET", "/large"))
        response = slow.start_answer()
        with all_threads_busy(server):
            assert len(response.read()) == 20000000


def test_garbage_is_refused_while_the_thread_is_busy(bask: Bask) -> None:
    server = bask.app("threads", "--threads", "1")
    with all_threads_busy(server):
        assert server.raw(b"garbage\r\n\r\n").startswith(b"HTTP/1.1 400 ")


def test_upload_is_received_while_the_thread_is_busy(bask: Bask) -> None:
    """More than the kernel's buffers hold goes through although nobody can answer yet."""
    server = bask.app("threads", "--threads", "1", "--post-buffering", "64m")
    body = b"u" * 30000000
    with server.connect() as upload:
        with all_threads_busy(server):
            upload.send(make_request("POST", "/echo", body=body))
        assert upload.answer().body == body


def test_head_times_out_while_the_thread_is_busy(bask: Bask) -> None:
    server = bask.app("threads", "--threads", "1", "--http-headers-timeout", "1")
    with all_threads_busy(server):
        assert server.raw(b"GET / HTTP/1.1\r\n").startswith(b"HTTP/1.1 408 ")


def test_idle_connection_is_closed_while_the_thread_is_busy(bask: Bask) -> None:
    server = bask.app("threads", "--threads", "1", "--http-keepalive-timeout", "1")
    with server.connect() as idle:
        idle.request("GET", "/")
        with all_threads_busy(server):
            assert idle.rest() == b""


@pytest.mark.null
@pytest.mark.parametrize("threads", ["1", "2", "4"])
def test_idle_connection_is_closed_after_a_slow_request(bask: Bask, threads: str) -> None:
    """The deadline is set by the thread that answers, while another one waits for events."""
    server = bask.null("--threads", threads, "--http-keepalive-timeout", "1")
    with server.connect() as connection:
        assert connection.request("GET", "/sleep/100").body == HELLO
        assert connection.rest() == b""


@pytest.mark.parametrize("threads", ["1", "2", "4"])
def test_next_request_before_the_application_is_done(bask: Bask, threads: str) -> None:
    """The client has its whole answer and goes on; the application still tidies up."""
    server = bask.app("threads", "--threads", threads)
    with server.connect() as connection:
        connection.send(make_request("GET", "/lingering"))
        assert connection.answer().body == b"body"
        wait_until((server.folder / "in-gate").exists, "the application goes on")
        connection.send(make_request("GET", "/"))
        settle(server)
        (server.folder / "go").touch()
        assert connection.answer().status == 200


@pytest.mark.parametrize("threads", ["1", "2"])
def test_client_that_leaves_before_the_application_is_done(bask: Bask, threads: str) -> None:
    """The descriptor must not stay open until somebody else comes along."""
    server = bask.app("threads", "--threads", threads)
    with server.connect() as connection:
        connection.send(make_request("GET", "/lingering"))
        assert connection.answer().body == b"body"
        wait_until((server.folder / "in-gate").exists, "the application goes on")
    settle(server)
    (server.folder / "go").touch()


@pytest.mark.null
@pytest.mark.parametrize("threads", ["2", "4"])
def test_slow_request_in_two_halves_behind_another(bask: Bask, threads: str) -> None:
    server = bask.null("--threads", threads)
    with server.connect() as connection:
        second = make_request("GET", "/bytes/9")
        connection.send(make_request("GET", "/sleep/100") + second[:10])
        assert connection.answer().body == HELLO
        connection.send(second[10:])
        assert connection.answer().body == b"x" * 9


@pytest.mark.null
@pytest.mark.parametrize("threads", ["1", "2", "8"])
def test_all_kinds_of_clients_at_once(bask: Bask, threads: str) -> None:
    """Kept, pipelined, slow and half-closed ones; every request must be answered."""
    server = bask.null("--threads", threads)
    failures = []

    def kept(number: int) -> None:
        with server.connect() as connection:
            for turn in range(50):
                path = "/sleep/2" if turn % 10 == number % 10 else "/bytes/%d" % turn
                assert connection.request("GET", path).status == 200

    def pipelined(number: int) -> None:
        with server.connect() as connection:
            for _ in range(5):
                connection.send(make_request("GET", "/sleep/3") + make_request("GET", "/") * 9)
                assert all(connection.answer().body == HELLO for _ in range(10))

    def half_closed(number: int) -> None:
        for _ in range(20):
            with server.connect() as connection:
                connection.send(make_request("POST", "/", body=b"b" * 1000))
                connection.socket.shutdown(socket.SHUT_WR)
                assert len(connection.answer().body) == 1000

    def guarded(kind: int) -> None:
        try:
            (kept, pipelined, half_closed)[kind % 3](kind)
        except Exception as error:
            failures.append("%d: %r" % (kind % 3, error))

    threads_of_test = [threading.Thread(target=guarded, args=(number,)) for number in range(12)]
    for thread in threads_of_test:
        thread.start()
    for thread in threads_of_test:
        thread.join()
    assert failures == []
