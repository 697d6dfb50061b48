"""The command line: what it accepts, and what it says where it does not."""
import re

import pytest

from support.server import Bask

HELLO = b"Hello, World!"


def one_line(said: str) -> str:
    """What the server says must be one line, without a traceback."""
    assert said.count("\n") == 1, said
    return said


def test_option_of_a_plugin_that_is_probably_meant(bask: Bask) -> None:
    assert "did you mean --virtualenv" in one_line(bask.refused("--virtual-env"))


@pytest.mark.null
@pytest.mark.parametrize("word, meant", [
    ("--mastr", "--master"), ("--proceses=2", "--processes"), ("--http-soket", "--http-socket"),
    ("--proc", "--processes"), ("-master", "--master"),
])
def test_unknown_option_names_the_probable_one(bask: Bask, word: str, meant: str) -> None:
    said = one_line(bask.refused(word))
    assert re.search("unknown option.*did you mean %s" % meant, said), said


@pytest.mark.null
def test_unknown_option_without_a_neighbour(bask: Bask) -> None:
    assert "unknown option --xyzzyx\n" in bask.refused("--xyzzyx")


@pytest.mark.null
@pytest.mark.parametrize("words", [
    ("--processes", "many"), ("--processes", "0"), ("--threads", "-1"), ("--threads", "4x"),
    ("--buffer-size", "12"), ("--buffer-size", "64kk"), ("--socket-timeout", "soon"),
    ("--processes",), ("--master=perhaps",), ("--listen", "99999999999999999999"),
])
def test_bad_value_names_the_option(bask: Bask, words: "tuple[str, ...]") -> None:
    said = one_line(bask.refused(*words))
    assert words[0].split("=")[0] in said
    assert "command line, argument" in said


@pytest.mark.null
def test_version(bask: Bask) -> None:
    ended = bask.run("--version")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", ended.stdout)


@pytest.mark.null
@pytest.mark.parametrize("word", ["--help", "-h", "--help=processes"])
def test_help_fits_the_terminal(bask: Bask, word: str) -> None:
    ended = bask.run(word)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "--processes" in ended.stdout
    assert max(map(len, ended.stdout.splitlines())) <= 80


@pytest.mark.null
def test_no_application_named(bask: Bask) -> None:
    assert "no application was named" in one_line(bask.refused())


@pytest.mark.null
def test_no_socket_named(bask: Bask) -> None:
    ended = bask.run("--plugin", "null")
    assert ended.returncode == 1
    assert "--http-socket" in one_line(ended.stderr)


@pytest.mark.null
@pytest.mark.parametrize("word", ["app", "no/such", ":application", "app:", "a b:c", "app.pyc"])
def test_word_that_names_no_application(bask: Bask, word: str) -> None:
    assert word in one_line(bask.refused(word))


@pytest.mark.null
def test_unknown_plugin(bask: Bask) -> None:
    assert "nonesuch" in one_line(bask.refused("--need-plugin", "nonesuch"))


@pytest.mark.null
def test_plugin_file_that_is_missing(bask: Bask) -> None:
    assert "/nonexistent.so" in one_line(bask.refused("--need-plugin", "/nonexistent.so"))


@pytest.mark.null
@pytest.mark.parametrize("name", ["python3", "http", "python,http"])
def test_plugins_of_uwsgi_that_are_built_in(bask: Bask, name: str) -> None:
    server = bask.start("--plugins", name, "--plugin", "null")
    assert server.get("/").body == HELLO


@pytest.mark.null
@pytest.mark.parametrize("words", [
    ("-M", "-p", "2"), ("-Mp2",), ("--workers=2",), ("--processes", "2"),
])
def test_spellings_of_two_processes(bask: Bask, words: "tuple[str, ...]") -> None:
    server = bask.launch("--plugin", "null", *words)
    server.wait_log(r"spawned Bask worker 2")
    server.worker_count = 2
    server.wait_ready()
    assert server.get("/").body == HELLO


@pytest.mark.null
def test_chdir_to_nowhere(bask: Bask) -> None:
    said = bask.refused("--plugin", "null", "--chdir", "/nonexistent")
    assert "cannot change to /nonexistent" in said


def test_failed_start_with_a_master_ends_it(bask: Bask) -> None:
    said = bask.refused("--master", "--wsgi-file", "missing.py", status=22)
    assert "missing.py" in said
