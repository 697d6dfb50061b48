"""The demo in a real browser: headless Chromium looks at the pages the real server sends.

What a page says once it is loaded is read with --dump-dom and --virtual-time-budget, pictures are
taken with --screenshot. Virtual time does not wait for a body that is still arriving and cannot
click, so the streamed response and the forms are driven over --remote-debugging-pipe, which needs
no more than two pipes and JSON.
"""
import hashlib
import html
import json
import os
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import time
import urllib.request

import pytest

TIMEOUT = 60
PAGES = ["/", "/notes", "/guestbook", "/files", "/streaming", "/errors", "/status"]

OPTIONS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage",
    "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--hide-scrollbars",
]

# The browser wants its pipes at the descriptors 3 and 4.
LAUNCHER = """
import os, sys
reads, writes = int(sys.argv[1]), int(sys.argv[2])
os.dup2(reads, 3)
os.dup2(writes, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


@pytest.fixture(scope="module")
def chromium():
    found = shutil.which("chromium")
    if found is None:
        pytest.fail("chromium is not installed; on Debian: apt-get install -y chromium")
    return found


@pytest.fixture
def base(demo_url):
    return demo_url.rstrip("/")


def run(chromium, tmp_path, *options):
    """Run the browser once and return what it printed."""
    profile = tmp_path / "profile"
    shutil.rmtree(profile, ignore_errors=True)
    done = subprocess.run(
        [chromium, *OPTIONS, f"--user-data-dir={profile}", *options],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIMEOUT, check=False)
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    return done.stdout.decode("utf-8", "replace")


def dump(chromium, tmp_path, url, budget=4000):
    return run(chromium, tmp_path, f"--virtual-time-budget={budget}", "--dump-dom", url)


def picture(chromium, tmp_path, url, name, dark=False):
    """Take a screenshot; return its size in pixels and its bytes."""
    path = tmp_path / name
    scheme = 0 if dark else 1
    run(chromium, tmp_path, "--virtual-time-budget=4000", "--window-size=1280,1200",
        "--force-device-scale-factor=1", f"--blink-settings=preferredColorScheme={scheme}",
        f"--screenshot={path}", url)
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n" and data[12:16] == b"IHDR"
    return struct.unpack(">II", data[16:24]), data


def api(url):
    with urllib.request.urlopen(url, timeout=TIMEOUT) as answer:
        return json.load(answer)


class Page:
    """One page of a browser that is told what to do over a pair of pipes."""

    def __init__(self, chromium, folder):
        to_read, self._write = os.pipe()
        self._read, to_write = os.pipe()
        self._log = open(folder / "browser.log", "wb")
        self._process = subprocess.Popen(
            [sys.executable, "-c", LAUNCHER, str(to_read), str(to_write), chromium, *OPTIONS,
             "--remote-debugging-pipe", f"--user-data-dir={folder / 'profile'}"],
            pass_fds=(to_read, to_write), stdin=subprocess.DEVNULL, stdout=self._log,
            stderr=self._log, process_group=0)
        os.close(to_read)
        os.close(to_write)
        self._rest = b""
        self._last = 0
        self._attached = None
        self.complaints = []
        try:
            target = self.call("Target.createTarget", url="about:blank")["targetId"]
            self._attached = self.call(
                "Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            for domain in ("Page", "Runtime", "Log", "DOM"):
                self.call(domain + ".enable")
        except BaseException:
            self.close()
            raise

    def _message(self, deadline):
        while b"\0" not in self._rest:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._read], [], [], left)[0]:
                raise TimeoutError("the browser did not answer in time")
            piece = os.read(self._read, 1 << 20)
            if not piece:
                raise EOFError("the browser has gone")
            self._rest += piece
        message, self._rest = self._rest.split(b"\0", 1)
        return json.loads(message)

    def _note(self, event):
        """Keep what a developer would see in red in the console."""
        if event.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(event["params"]["exceptionDetails"]["text"])
        elif event.get("method") == "Log.entryAdded":
            entry = event["params"]["entry"]
            if entry["level"] == "error":
                self.complaints.append(entry["text"] + " " + entry.get("url", ""))

    def call(self, method, **params):
        self._last += 1
        message = {"id": self._last, "method": method, "params": params}
        if self._attached is not None:
            message["sessionId"] = self._attached
        os.write(self._write, json.dumps(message).encode("ascii") + b"\0")
        deadline = time.monotonic() + TIMEOUT
        while True:
            answer = self._message(deadline)
            if answer.get("id") == self._last:
                assert "error" not in answer, answer
                return answer["result"]
            self._note(answer)

    def event(self, method):
        deadline = time.monotonic() + TIMEOUT
        while True:
            event = self._message(deadline)
            self._note(event)
            if event.get("method") == method:
                return

    def open(self, url):
        self.call("Page.navigate", url=url)
        self.event("Page.loadEventFired")

    def js(self, source):
        """Evaluate an expression, waiting for it if it is a promise."""
        answer = self.call("Runtime.evaluate", expression=source, awaitPromise=True,
                           returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def until(self, condition):
        """Wait inside the page until an expression is true."""
        self.js("new Promise((done) => { const look = () => (%s) ? done(true) "
                ": setTimeout(look, 20); look(); })" % condition)

    def submit(self, source):
        """Evaluate an expression that leaves the page and wait for the next one."""
        self.call("Runtime.evaluate", expression=source)
        self.event("Page.loadEventFired")

    def choose_file(self, selector, path):
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=node, files=[str(path)])

    def close(self):
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait(TIMEOUT)
        os.close(self._read)
        os.close(self._write)
        self._log.close()


@pytest.fixture
def page(chromium, tmp_path):
    opened = Page(chromium, tmp_path)
    yield opened
    opened.close()


@pytest.mark.parametrize("path, title, heading", [
    ("/", "Welcome · Bask", "What this demo shows"),
    ("/notes", "Notes · Bask", "All notes"),
    ("/guestbook", "Guest book · Bask", "Sign the book"),
    ("/files", "Files · Bask", "Stored files"),
    ("/errors", "Errors · Bask", "A route that raises"),
    ("/boom", "500 A scale came loose · Bask", "Back into the sun"),
    ("/nothing-here", "404 Nothing basks here · Bask", "Back into the sun"),
])
def test_page_renders(chromium, tmp_path, base, path, title, heading):
    dom = html.unescape(dump(chromium, tmp_path, base + path))
    assert f"<title>{title}</title>" in dom
    assert heading in dom
    assert dom.rstrip().endswith("</html>")


def test_home_is_made_by_pypy(chromium, tmp_path, base):
    dom = dump(chromium, tmp_path, base + "/")
    assert re.search(r"<b>PyPy</b> \d+\.\d+\.\d+", dom)
    assert re.search(r"<b>Worker</b> \d+", dom)


def test_status_panel_is_filled_by_javascript(chromium, tmp_path, base):
    dom = dump(chromium, tmp_path, base + "/status", budget=6000)
    facts = api(base + "/api/status")
    assert facts["server"]["bask"] is True
    assert facts["interpreter"]["implementation"] == "PyPy"
    pids = re.findall(r'<tr role="row" data-live="(\d+)">', dom)
    assert len(pids) == len(facts["workers"]) == facts["server"]["processes"]
    assert sorted(map(int, pids)) == sorted(worker["pid"] for worker in facts["workers"])
    updates = re.search(r'data-updates="(\d+)"', dom)
    assert updates and int(updates.group(1)) >= 2, "the panel did not refresh itself"
    assert "Live, refreshed every second" in dom


def test_status_counts_the_load(page, base):
    page.open(base + "/status")
    page.until("Number(document.getElementById('live').dataset.updates) >= 1")
    before = api(base + "/api/status")["server"]["requests"]
    page.js("document.getElementById('load').click()")
    page.until("!document.getElementById('load').disabled")
    # The panel shows the number with commas between the thousands.
    page.until("Number(document.getElementById('fact-requests').textContent.replaceAll(',', ''))"
               " >= %d" % (before + 200))
    assert page.complaints == []


def test_streamed_lines_arrive_one_by_one(page, base):
    page.open(base + "/streaming")
    page.until("!document.getElementById('stream-start').disabled")
    # Run it again with a watch on the list: when did which line come?
    moments = page.js("""new Promise((done) => {
      const list = document.getElementById("stream-lines");
      const state = document.getElementById("stream-state");
      const moments = [];
      new MutationObserver((changes) => {
        for (const change of changes) {
          for (const node of change.addedNodes) {
            if (node.nodeName === "LI") { moments.push(performance.now()); }
          }
        }
      }).observe(list, { childList: true });
      new MutationObserver(() => {
        if (/^(Done|Failed)/.test(state.textContent)) { done(moments); }
      }).observe(state, { childList: true });
      document.getElementById("stream-start").click();
    })""")
    assert page.js("document.getElementById('stream-state').textContent").startswith("Done")
    assert len(moments) == 20
    # 19 pauses of 150 ms lie between the lines; a collected response would bring all at once.
    assert moments[-1] - moments[0] > 1500
    assert sum(b - a > 50 for a, b in zip(moments, moments[1:])) >= 10
    lines = page.js("[...document.querySelectorAll('#stream-lines li')].map(e => e.textContent)")
    assert [line.split("/")[0] for line in lines] == ["%02d" % n for n in range(1, 21)]
    assert page.complaints == []


def test_stream_can_be_stopped(page, base):
    page.open(base + "/streaming")
    page.until("document.querySelectorAll('#stream-lines li').length >= 2")
    page.js("document.getElementById('stream-stop').click()")
    page.until("document.getElementById('stream-state').textContent.startsWith('Stopped')")
    page.open(base + "/")
    assert page.js("document.title") == "Welcome · Bask"


def test_note_is_added_and_deleted(page, base):
    text = "<b id='injected'>'); DROP TABLE notes; --</b> %d" % time.monotonic_ns()
    page.open(base + "/notes")
    page.until("document.getElementById('note-count').textContent !== ''")
    page.js("document.getElementById('note-text').value = %s;"
            "document.querySelector('#note-form button').click()" % json.dumps(text))
    mine = "[...document.querySelectorAll('#notes .entry')].find(" \
           "e => e.querySelector('.entry-text').textContent === %s)" % json.dumps(text)
    page.until("%s !== undefined" % mine)
    assert page.js("document.getElementById('injected')") is None
    assert text in [note["text"] for note in api(base + "/api/notes")["notes"]]
    page.js("%s.querySelector('button').click()" % mine)
    page.until("%s === undefined" % mine)
    assert text not in [note["text"] for note in api(base + "/api/notes")["notes"]]
    assert page.complaints == []


def test_form_says_what_is_wrong_and_keeps_values(page, base):
    page.open(base + "/guestbook")
    page.js("document.getElementById('name').value = 'Ada <script>';"
            "document.getElementById('email').value = 'nowhere'")
    page.submit("document.querySelector('main form button').click()")
    assert page.js("document.getElementById('name').value") == "Ada <script>"
    assert page.js("document.getElementById('email').getAttribute('aria-invalid')") == "true"
    assert page.js("document.getElementById('message-problem').textContent") != ""
    page.js("document.getElementById('email').value = '';"
            "document.getElementById('mood-basking').checked = true;"
            "document.getElementById('message').value = 'Warm here'")
    page.submit("document.querySelector('main form button').click()")
    assert "Ada <script>" in page.js("document.querySelector('.notice.good').textContent")
    assert page.js("document.querySelector('.entry-text').textContent") == "Warm here"
    page.submit("document.querySelector('.entry form button').click()")
    assert page.js("document.querySelector('.notice.good').textContent") == "The entry is gone."


def test_file_goes_up_and_comes_back(page, base, tmp_path):
    content = os.urandom(3_000_000)
    digest = hashlib.sha256(content).hexdigest()
    source = tmp_path / "basking snake ü.bin"
    source.write_bytes(content)
    page.open(base + "/files")
    page.choose_file("#file", source)
    page.submit("document.querySelector('#upload button').click()")
    assert page.js("document.querySelector('.file-name').textContent") == source.name
    assert page.js("document.querySelector('.digest code').textContent") == digest
    address = page.js("document.querySelector('.file-name').href")
    with urllib.request.urlopen(address, timeout=TIMEOUT) as answer:
        assert answer.headers["Content-Length"] == str(len(content))
        assert hashlib.sha256(answer.read()).hexdigest() == digest
    page.submit("document.querySelector('.entry form button').click()")
    assert page.js("document.querySelector('.notice.good').textContent") == "The file is gone."
    assert page.complaints == []


def test_too_large_a_file_is_refused_before_it_is_sent(page, base, tmp_path):
    source = tmp_path / "large.bin"
    with open(source, "wb") as large:
        large.truncate(16 * 1024 * 1024 + 1)
    page.open(base + "/files")
    page.choose_file("#file", source)
    page.until("!document.getElementById('file-problem').hidden")
    assert "larger than 16 MB" in page.js("document.getElementById('file-problem').textContent")


def test_pages_fit_a_narrow_screen_and_keep_the_console_clean(page, base):
    page.call("Emulation.setDeviceMetricsOverride", width=360, height=800, deviceScaleFactor=1,
              mobile=True)
    for path in PAGES:
        page.open(base + path)
        assert page.js("document.documentElement.scrollWidth") <= 360, path
        assert page.js("document.styleSheets.length") == 1, path
    assert page.complaints == []


@pytest.mark.parametrize("path", ["/", "/status", "/guestbook"])
def test_screenshot_is_not_blank(chromium, tmp_path, base, path):
    size, light = picture(chromium, tmp_path, base + path, "light.png")
    assert size == (1280, 1200)
    # A page without content or style compresses to a few KB.
    assert len(light) > 25_000
    size, dark = picture(chromium, tmp_path, base + path, "dark.png", dark=True)
    assert size == (1280, 1200)
    assert len(dark) > 25_000
    assert light != dark
