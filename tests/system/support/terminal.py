"""A person at a terminal: starts a program in a pseudo-terminal, types, and reads what appears."""
import os
import pty
import re
import select
import signal
import time
from typing import Dict, List, Optional

SECONDS = 60.0  # the first import of IPython, on a busy machine
CURSOR_QUESTION, CURSOR_ANSWER = b"\x1b[6n", b"\x1b[1;1R"
CODES = re.compile(rb"\x1b(\[[0-9;?]*[A-Za-z]|[=>])")

PLAIN, IPYTHON = ">>> ", r"In .*\[\d+.*\].*:"  # the prompts of Python
CTRL_C, CTRL_D, CTRL_BACKSLASH = "\x03", "\x04", "\x1c"


class Terminal:
    """The program is the leader of the terminal's session, as a login shell is."""

    def __init__(self, words: List[str], folder: str, env: Dict[str, str]) -> None:
        self.shown = b""  # all of it, without the codes that move the cursor
        self._seen = 0
        self._half = b""
        self.status: Optional[int] = None
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            try:
                os.chdir(folder)
                os.execve(words[0], words, {**env, "TERM": "xterm"})
            finally:
                os._exit(127)

    def type(self, text: str) -> None:
        os.write(self._fd, text.encode())

    def _read(self) -> bool:
        if not select.select([self._fd], [], [], 0.1)[0]:
            return True
        try:
            data = os.read(self._fd, 65536)
        except OSError:  # nobody has the other side open any more
            return False
        if CURSOR_QUESTION in data:
            os.write(self._fd, CURSOR_ANSWER)
        self.shown += CODES.sub(b"", data)
        return bool(data)

    def wait(self, pattern: str) -> "re.Match[bytes]":
        """Waits until it appears behind what was waited for before."""
        end = time.monotonic() + SECONDS
        wanted = re.compile(pattern.encode())
        alive = True
        while True:
            found = wanted.search(self.shown, self._seen)
            if found:
                self._seen = found.end()
                return found
            assert alive and time.monotonic() < end, (pattern, self.shown[self._seen:])
            alive = self._read()

    def ask(self, line: str, answer: str) -> None:
        """Types a line; the answer must not be in it, because what is typed appears, too."""
        assert answer not in line
        self.type(line + "\r")
        self.wait(answer)

    def interrupt_a_sleep(self, prompt: str) -> None:
        """Ctrl-C ends what runs at a Python prompt, and the prompt comes again.

        The sleep is many, because a signal just before one does not end that one.
        """
        self.ask("import time; print('be'+'gun'); [time.sleep(0.1) for _ in range(9999)]", "begun")
        self.type(CTRL_C)
        self.wait("KeyboardInterrupt")
        self.wait(prompt)

    def wait_end(self) -> int:
        """Its exit status; negative if a signal ended it."""
        end = time.monotonic() + SECONDS
        while self.status is None:
            assert time.monotonic() < end, "it did not end: %r" % self.shown[-2000:]
            self._read()
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status

    def close(self) -> None:
        """Ends what is still there."""
        if self.status is None:
            os.kill(self.pid, signal.SIGQUIT)
            try:
                self.wait_end()
            except AssertionError:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                raise
        os.close(self._fd)
