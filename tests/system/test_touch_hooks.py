"""--hook-touch: things done in the master when a file is touched."""
import os

import pytest

from support.server import Bask
from support.wait import wait_until

pytestmark = pytest.mark.null


def test_actions_are_done_when_their_file_is_touched(bask: Bask) -> None:
    server = bask.null(
        "--hook-touch", "one  write:out a b  c", "--hook-touch", "one log:seen with spaces",
        "--hook-touch", "two exec:touch began; sleep 1000 & echo $! > pid; wait",
        "--hook-touch", "three chmod:no/such/file 600", workers=1)
    (bask.folder / "one").touch()
    server.wait_log(r"\] seen with spaces")
    wait_until(lambda: (bask.folder / "out").exists() and (bask.folder / "out").read_text(), "text")
    assert (bask.folder / "out").read_text() == "a b  c"
    assert not (bask.folder / "began").exists()
    (bask.folder / "two").touch()  # a command is not waited for
    wait_until(lambda: (bask.folder / "pid").exists() and (bask.folder / "pid").read_text(), "runs")
    (bask.folder / "three").touch()
    server.complained('the hook "chmod:no/such/file 600" failed: .*No such file')
    assert server.get("/").status == 200
    os.kill(int((bask.folder / "pid").read_text()), 9)


def test_touched_again_is_done_again(bask: Bask) -> None:
    bask.null("--hook-touch", "it append:out x", workers=1)
    for count in (1, 2):
        (bask.folder / "it").write_text(str(count))
        wait_until(lambda: (bask.folder / "out").exists()
                   and len((bask.folder / "out").read_text()) == count, "it is done")


@pytest.mark.parametrize("value, why", [
    ("file", "expected \"FILE ACTION:ARGUMENTS\""),
    ("file ", "expected \"FILE ACTION:ARGUMENTS\""),
    ("file nonsense:x", "there is no such action"),
    ("file write:x", "expected write:FILE TEXT"),
    ("file wait_for_file:x", "use exec:"),
    ("file exit:1", "use exec:"),
    ("file call:f", "functions of the program")])
def test_hooks_that_cannot_be(bask: Bask, value: str, why: str) -> None:
    said = bask.refused("--plugin", "null", "--master", "--hook-touch", value)
    assert why in said and "--hook-touch \"%s\"" % value in said
