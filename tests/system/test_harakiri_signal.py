"""--harakiri-graceful-signal: the application may end what hangs by itself."""
import signal

import pytest

from support.server import Bask
from support.wait import wait_until


def test_handler_of_the_application_ends_the_request(bask: Bask) -> None:
    server = bask.app("alarmed", "--harakiri", "500ms", "--harakiri-graceful-timeout", "20",
                      "--harakiri-graceful-signal", str(int(signal.SIGUSR2)), workers=1)
    pid = server.get("/").text
    assert server.get("/hang").status == 504
    wait_until((bask.folder / "interrupted").exists, "the handler has run")
    server.complained("came back")
    assert server.get("/").text == pid
    server.idle = False


@pytest.mark.null
@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGTERM, signal.SIGHUP])
def test_signal_that_nobody_handles_ends_no_other_request(bask: Bask, number: int) -> None:
    server = bask.null("--harakiri", "500ms", "--harakiri-graceful-timeout", "20", "--threads", "2",
                       "--harakiri-graceful-signal", str(int(number)), workers=1)
    worker = server.workers()
    assert server.get("/sleep/1500").status == 504
    server.complained("is not sent: the application has no handler for it")
    assert server.get("/").status == 200
    server.wait_log("came back")
    assert server.workers() == worker
