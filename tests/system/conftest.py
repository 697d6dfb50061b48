"""Fixtures of the system tests: servers that are checked after every test, and what stands before
them.

    BASK_BINARY=/a/build/bask /usr/bin/python3 -m pytest tests/system [-n 2]
"""
import os
from pathlib import Path
from typing import Any, Callable, Generator, Iterator, List

import pytest

from support import processes
from support.nginx import Nginx
from support.server import ROOT, Bask, Server
from support.source_tree import SourceTree, without_languages

TEST_SECONDS = 120


def pytest_collection_modifyitems(config: pytest.Config, items: List[pytest.Item]) -> None:
    """A limit for each test that has none, where pytest-timeout is there to enforce it."""
    if config.pluginmanager.hasplugin("timeout"):
        for item in items:
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(TEST_SECONDS))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    """Shows what the servers of a failed test wrote."""
    outcome = yield
    report = outcome.get_result()
    bask = (getattr(item, "funcargs", None) or {}).get("bask")
    if report.failed and bask is not None:
        report.sections.append(("server log", bask.logs()))


@pytest.fixture
def bask(tmp_path: Path) -> Iterator[Bask]:
    """Starts servers; afterwards each must end well and leave nothing behind."""
    started = Bask(tmp_path)
    yield started
    problems = started.finish()
    assert not problems, "\n".join(problems)


@pytest.fixture
def nginx(bask: Bask) -> Iterator[Callable[[str, str], Nginx]]:
    """Starts nginx with a location that passes everything to an address."""
    running: List[Nginx] = []

    def start(location: str, upstream: str) -> Nginx:
        running.append(Nginx(bask.folder, bask.ports.take(), location, upstream,
                             bask.environment()))
        return running[-1]

    yield start
    for one in running:
        one.stop()


@pytest.fixture
def successors() -> Iterator[None]:
    """Masters that outlive the one that the test has started can be waited for."""
    processes.adopt_orphans(True)
    yield
    processes.adopt_orphans(False)


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> SourceTree:
    """The sources, with a server without languages and the plugin for PyPy built in them."""
    base = tmp_path_factory.getbasetemp()
    return without_languages(base.parent if "PYTEST_XDIST_WORKER" in os.environ else base)


@pytest.fixture
def demo(bask: Bask) -> Server:
    """The demo on PyPy, with its data in the test's folder."""
    return bask.start(
        "--threads", "4", "--wsgi-file", str(ROOT / "examples" / "demo" / "app.py"),
        "--callable", "app", workers=2, env={"BASK_DEMO_DATA": str(bask.folder / "data")})


@pytest.fixture
def demo_url(demo: Server) -> Iterator[str]:
    """The same for a browser: it keeps its connections, and it looks at the failing page too."""
    demo.idle = False
    yield demo.url
    if "Exception on /boom" in demo.log():
        demo.complained("Exception on /boom")
