"""Plugins in shared objects: built by the server itself, found by their names, refused, loaded."""
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict

import pytest

from support.server import BINARY, ROOT, Bask
from support.source_tree import SourceTree

HELLO = ROOT / "plugins" / "example_c" / "hello.c"
BUILT = "hello_plugin.so is built; load it with --plugin ./hello_plugin.so\n"
null = pytest.mark.null


def build(bask: Bask, what: Any, **env: str) -> "subprocess.CompletedProcess[str]":
    return bask.run("--build-plugin", str(what), env=env)


def built(bask: Bask, what: Any, **env: str) -> Path:
    """The file, of which nothing but it must be left."""
    before = set(os.listdir(bask.folder))
    temporary = bask.folder / "tmp"
    temporary.mkdir()
    done = build(bask, what, TMPDIR=str(temporary), **env)
    assert done.returncode == 0, done.stderr
    temporary.rmdir()
    (name,) = set(os.listdir(bask.folder)) - before
    assert done.stdout == "%s is built; load it with --plugin ./%s\n" % (name, name)
    return bask.folder / name


def complaint(bask: Bask, what: Any, **env: str) -> str:
    """The sentence of a build that fails and changes nothing."""
    before = sorted(os.listdir(bask.folder))
    done = build(bask, what, **env)
    assert done.returncode == 1 and done.stdout == ""
    assert sorted(os.listdir(bask.folder)) == before
    last = done.stderr.splitlines()[-1]
    assert last.startswith("bask: ")
    return last[len("bask: "):]


def folder(bask: Bask, **files: str) -> Path:
    """A folder "hello" of files whose names have _ for the dot."""
    made = bask.folder / "hello"
    made.mkdir()
    for name, text in files.items():
        (made / ".".join(name.rsplit("_", 1))).write_text(text)
    return made


# Building


@null
@pytest.mark.parametrize("words", [
    ("--hello-text", "Hi", "--plugin", "./example_c_plugin.so"),
    ("--plugin", "./example_c_plugin.so", "--hello-text", "Hi"),
    ("--plugin=0:./example_c_plugin.so", "--hello-text=Hi"),
])
def test_example_in_c(bask: Bask, words: Any) -> None:
    assert built(bask, ROOT / "plugins" / "example_c").name == "example_c_plugin.so"
    assert bask.start(*words).get("/").text == "Hi"


@null
def test_example_in_cxx(bask: Bask) -> None:
    built(bask, ROOT / "plugins" / "example_cxx")
    server = bask.start("--plugin", "./example_cxx_plugin.so", "--threads", "2")
    assert server.get("/a").text == "visits of /a: 1\n"
    assert server.get("/a").text == "visits of /a: 2\n"


@null
def test_example_in_objective_c(bask: Bask) -> None:
    built(bask, ROOT / "plugins" / "example_objc")
    # What the runtime of Objective-C keeps until the end is its own.
    env = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}
    server = bask.start("--plugin", "./example_objc_plugin.so", env=env)
    assert server.get("/").text == "Hello from Objective-C\n"


@null
@pytest.mark.parametrize("where, name", [
    (str(HELLO), "hello"),
    (str(HELLO) + " greeter", "greeter"),
    (str(HELLO.parent) + "/", "example_c"),
    (str(HELLO.parent) + " greeter", "greeter"),
    ("a folder", None),
    ("'a folder' greeter", "greeter"),
])
def test_name_of_a_plugin(bask: Bask, where: str, name: Any) -> None:
    (bask.folder / "a folder").mkdir()
    shutil.copy(HELLO, bask.folder / "a folder")
    if name is None:
        assert "cannot be called \"a folder\"" in complaint(bask, where)
    else:
        assert built(bask, where).name == name + "_plugin.so"


@null
def test_name_of_the_manifest_counts_whatever_the_folder_is_called(bask: Bask) -> None:
    made = bask.folder / "hello-1.0 (copy)"
    made.mkdir()
    shutil.copy(HELLO, made)
    (made / "plugin.ini").write_text("[plugin]\nname = hello\n")
    assert built(bask, made).name == "hello_plugin.so"
    assert built(bask, "'%s' other" % made).name == "other_plugin.so"


@null
def test_plugin_is_built_against_the_headers_in_the_server(bask: Bask) -> None:
    """A server that was moved to where there is no source of it."""
    shutil.copy(BINARY, bask.folder / "moved")
    shutil.copy(HELLO, bask.folder)
    done = bask.run("--build-plugin", "hello.c", program=("./moved",))
    assert done.stdout == BUILT, done.stderr


@null
def test_flags_of_the_environment_and_of_the_manifest(bask: Bask) -> None:
    source = ('#include "it.h"\n' + HELLO.read_text()).replace(
        "options.text)", "BASK_STR(FROM_INI FROM_HEADER FROM_CFLAGS FROM_CPPFLAGS))")
    made = folder(bask, plugin_ini="""
[plugin]
name = flags
sources = own.c
source = "other source.c"
cflags = -DFROM_INI='"a b"' -Iinclude
ldflags = -Wl,-soname,flags
libs = -lm
pkg-config = libcmocka-of-ours
""", own_c=source)
    (made / "other source.c").write_text("#include <math.h>\ndouble f(double x) { return cos(x); }\n")
    (made / "include").mkdir()
    (made / "include" / "it.h").write_text('#define FROM_HEADER " c"\n')
    (bask.folder / "libcmocka-of-ours.pc").write_text(
        "Name: ours\nDescription: ours\nVersion: 1\nCflags: -DFROM_PACKAGE\nLibs: -lm\n")
    (made / "own.c").write_text("#ifndef FROM_PACKAGE\n#error no package\n#endif\n" + source)
    plugin = built(bask, made, CFLAGS="-DFROM_CFLAGS='\" d\"'", CPPFLAGS="-DFROM_CPPFLAGS='\" e\"'",
                   LDFLAGS="-Wl,-z,lazy", PKG_CONFIG_PATH=str(bask.folder))
    assert plugin.name == "flags_plugin.so"
    assert bask.start("--plugin", "./flags_plugin.so").get("/").text == "a b c d e"


@null
def test_compiler_of_the_environment(bask: Bask) -> None:
    log = bask.folder / "compiled"
    log.write_text("")
    compiler = bask.folder / "my cc"
    compiler.write_text('#!/bin/sh\necho "$@" >> "%s"\nshift\nexec cc "$@"\n' % log)
    compiler.chmod(0o755)
    built(bask, HELLO, CC="'%s' --first" % compiler)
    compiled, linked = log.read_text().splitlines()
    assert compiled.startswith("--first -std=gnu11") and "-c hello.c" in compiled
    assert linked.startswith("--first -shared")


@null
@pytest.mark.parametrize("files, said", [
    ({}, r"hello has no sources in C, C\+\+ or Objective-C \(.*\) and no plugin.ini that names some"),
    ({"plugin_ini": "[plugin]\n"}, "hello has no sources"),
    ({"plugin_ini": "[plugin]\nsources = none.c\n"}, "cc failed at none.c"),
    ({"plugin_ini": "[plugin]\nsources = a.rs\n"}, r"a.rs is no source in C"),
    ({"plugin_ini": "[plugin]\nsources = 'a.c\n"}, r":2: a quote is not closed"),
    ({"plugin_ini": "[plugin]\nsoruces = a.c\n"}, '"soruces" is not an option; did you mean "sources"'),
    ({"plugin_ini": "[plugin]\nname = a/b\n", "a_c": ""}, r'cannot be called "a/b"'),
    ({"plugin_ini": "[plugin]\npkg-config = no-such-lib\n", "a_c": ""},
     "pkg-config does not know all of what plugin.ini names"),
    ({"a_c": "int f("}, "cc failed at a.c"),
    ({"a_c": "int f(void) { return nowhere(); } int nowhere(void);"}, "cc failed at the link"),
    ({"a_c": "#include <uwsgi.h>\n"}, "cc failed at a.c"),
])
def test_build_that_fails(bask: Bask, files: Dict[str, str], said: str) -> None:
    made = folder(bask, **files)
    assert re.search(said, complaint(bask, made))


@null
def test_failed_build_shows_what_the_compiler_says_and_keeps_the_old(bask: Bask) -> None:
    shutil.copy(HELLO, bask.folder)
    old = built(bask, "hello.c").stat().st_ino
    (bask.folder / "hello.c").write_text("int f(")
    done = build(bask, "hello.c")
    assert "hello.c:1:" in done.stderr and done.returncode == 1
    assert (bask.folder / "hello_plugin.so").stat().st_ino == old


@null
@pytest.mark.parametrize("what, said", [
    ("nowhere", "nowhere: No such file or directory"),
    ("", 'expected FOLDER or "FOLDER NAME"'),
    ("a b c", 'expected FOLDER or "FOLDER NAME"'),
    (str(ROOT / "README.md"), "README.md is neither a folder nor a source in C, C++ or Objective-C"),
    ("https://example.org/hello", "a repository has to be cloned first"),
])
def test_nothing_to_build(bask: Bask, what: str, said: str) -> None:
    assert said in complaint(bask, what)


@null
@pytest.mark.parametrize("env, said", [
    ({"CC": "no-such-compiler"}, "there is no program no-such-compiler"),
    ({"PATH": "/nonexistent"}, "there is no compiler for C: none of cc, gcc, clang works; CC can name one"),
    ({"CC": "'cc"}, "CC: not well formed"),
    ({"TMPDIR": "/nonexistent"}, "/nonexistent/bask-plugin-"),
])
def test_no_compiler(bask: Bask, env: Dict[str, str], said: str) -> None:
    assert said in complaint(bask, HELLO, **env)


@null
@pytest.mark.parametrize("compiler, language, suffix", [("cc", "c", "c"), ("c++", "c++", "cc")])
def test_headers_as_one(bask: Bask, compiler: str, language: str, suffix: str) -> None:
    """It needs no other, and has all but that of the library."""
    header = bask.run("--dot-h").stdout
    names = {path.name for path in (ROOT / "include" / "bask").iterdir()} - {"library.h"}
    assert {"%s" % name for name in re.findall(r"(?m)^/\* bask/(\w+\.h) \*/$", header)} == names
    (bask.folder / "bask.h").write_text(header)
    (bask.folder / ("it." + suffix)).write_text('#include "bask.h"\n#include "bask.h"\n'
                                                "int size(void);\nint size(void) { return sizeof(struct bask_host); }\n")
    flags = bask.run("--cflags").stdout.split()
    assert {"-fPIC", "-std=gnu11"} <= set(flags)
    if language != "c":
        flags.remove("-std=gnu11")
    done = subprocess.run([compiler, *flags, "-Werror", "-fsyntax-only", "it." + suffix],
                          cwd=str(bask.folder), check=False, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr


@null
@pytest.mark.timeout(600)
def test_plugin_of_a_source_tree_without_a_build(bask: Bask) -> None:
    """Built in a folder that is gone afterwards; Meson has to be there."""
    tree = SourceTree(bask.folder / "sources")
    tree.copy()
    before = sorted(path.name for path in tree.folder.iterdir())
    (bask.folder / "tmp").mkdir()
    done = tree.run(BINARY, "--build-plugin", tree.folder / "plugins" / "null", cwd=bask.folder,
                    TMPDIR=str(bask.folder / "tmp"))
    assert done.stdout.startswith("null_plugin.so is built"), done.stderr
    assert (bask.folder / "null_plugin.so").exists()
    (bask.folder / "tmp").rmdir()
    assert sorted(path.name for path in tree.folder.iterdir()) == before
    said = complaint(bask, tree.folder / "plugins" / "null", PATH="/nonexistent")
    assert said == "there is no program meson"


# Loading


@pytest.fixture
def hello(bask: Bask) -> Path:
    return built(bask, HELLO)


def refused(bask: Bask, *words: str) -> str:
    said = bask.refused(*words)
    assert said.count("\n") == 1
    return said


@null
@pytest.mark.parametrize("words", [
    ("--plugin", "hello"),
    ("--plugin", "http,0:hello"),
    ("--plugin", "hello_plugin.so"),
    ("--plugins=hello", "--plugins-dir", "/nonexistent"),
    ("--need-plugin", "hello"),
    ("--need-plugins", "./hello_plugin.so,hello"),
])
def test_plugin_in_the_current_folder(bask: Bask, hello: Path, words: Any) -> None:
    assert bask.start(*words, "--hello-text", "Hi").get("/").text == "Hi"


@null
@pytest.mark.parametrize("words, text, env", [
    (("--plugins-dir", "made", "--plugin", "hello", "--hello-text", "Hi"), None, {}),
    (("--plugin", "hello", "--hello-text", "Hi", "--plugin-dir=made"), None, {}),
    (("app.ini",), "hello-text = Hi\nplugins = hello\nplugins-dir = made", {}),
    (("--plugins-dir", "made", "app.ini"), "plugin = hello\nhello-text = Hi", {}),
    (("app.ini",), "plugin-dir = made\nneed-plugin = 0:hello\nhello-text = Hi", {}),
    (("--plugin", "hello", "app.ini"), "plugins-dir = made\nhello-text = Hi", {}),
    (("--plugin", "hello", "--hello-text", "Hi"), None, {"UWSGI_PLUGINS_DIR": "made"}),
    ((), None, {"UWSGI_PLUGINS_DIR": "made", "UWSGI_PLUGINS": "hello", "UWSGI_HELLO_TEXT": "Hi"}),
])
def test_plugin_in_a_folder_of_plugins(bask: Bask, hello: Path, words: Any, text: Any,
                                       env: Dict[str, str]) -> None:
    (bask.folder / "made").mkdir()
    hello.rename(bask.folder / "made" / hello.name)
    if text is not None:
        (bask.folder / "app.ini").write_text("[uwsgi]\n%s\n" % text)
    assert bask.start(*words, env=env).get("/").text == "Hi"


@null
@pytest.mark.parametrize("words, text", [
    (("--plugins-dir", "made", "--plugin", "cache", "--hello-text", "Hi"), None),
    (("--need-plugin", "http,0:cache", "--hello-text", "Hi", "--plugins-dir", "made"), None),
    (("app.ini",), "plugins = cache\nplugins-dir = made\nhello-text = Hi"),
    (("--plugin", "made/cache_plugin.so", "--hello-text", "Hi"), None),
])
def test_plugin_with_the_name_of_a_part_of_the_server(bask: Bask, hello: Path, words: Any,
                                                      text: Any) -> None:
    """It is what the user means by it. uWSGI's own file of that name is not."""
    (bask.folder / "made").mkdir()
    (bask.folder / "made" / "rpc_plugin.so").write_bytes(b"\x7fELF for uWSGI")
    hello.rename(bask.folder / "made" / "cache_plugin.so")
    if text is not None:
        (bask.folder / "app.ini").write_text("[uwsgi]\n%s\n" % text)
    assert bask.start(*words, "--plugin", "rpc").get("/").text == "Hi"


@null
def test_part_of_the_server_is_looked_for_only_where_the_user_says(bask: Bask, hello: Path) -> None:
    hello.rename(bask.folder / "cache_plugin.so")
    assert bask.start("--plugin", "cache", "--plugin", "null").get("/").text != "Hi"
    assert "hello-text" in bask.refused("--plugin", "cache", "--hello-text", "Hi")


@null
def test_plugin_is_not_found(bask: Bask) -> None:
    said = refused(bask, "--need-plugin", "http,hello", "--plugins-dir", "made")
    assert 'there is no plugin named "hello"' in said and "no hello_plugin.so in made, " in said


@null
def test_list_of_plugins(bask: Bask, hello: Path) -> None:
    (bask.folder / "app.ini").write_text(
        "[uwsgi]\nplugin = hello\nif-plugin = hello\nhello-text = it is there\nendif =\n")
    server = bask.start("app.ini", "--plugins-list")
    server.wait_log(r"plugin null: an application in C")
    server.wait_log(r"plugin example_c: an example in C \(loaded\)")
    assert server.get("/").text == "it is there"


@null
def test_two_of_one_name(bask: Bask, hello: Path) -> None:
    """An option has one owner: the second file is not used."""
    shutil.copy(hello, bask.folder / "copy.so")
    server = bask.start("--plugin", "hello", "--plugin", "./copy.so", "--hello-text", "Hi")
    server.wait_log(r"\./copy\.so: the server has a plugin example_c already, which is used")
    assert server.get("/").text == "Hi"


@null
@pytest.mark.parametrize("change, said", [
    (("BASK_ABI_MAJOR,", "99,"), "was built for plugin ABI 99, this server has 1"),
    (("BASK_ABI_MINOR,", "BASK_ABI_MINOR + 1,"), r"is newer than this server: it needs plugin ABI 1."),
    (("sizeof(struct bask_plugin)", "32"), "lacks functions that every plugin has"),
    (("bask_plugin = {", "bask_plugin_hello = {"), "is no Bask plugin: it has no symbol bask_plugin"),
    (('"hello-text"', '"http-socket"'), "http-socket"),
])
def test_plugin_that_does_not_fit(bask: Bask, change: Any, said: str) -> None:
    source = HELLO.read_text().replace("sizeof bask_plugin,", "sizeof(struct bask_plugin),")
    assert change[0] in source
    (bask.folder / "hello.c").write_text(source.replace(*change))
    built(bask, "hello.c")
    assert said in refused(bask, "--plugin", "./hello_plugin.so")


GUEST = """
#include <bask/guest.h>
static const struct bask_host *host;
static bool wanted(void) { return false; }
static int load(const struct bask_host *server)
{
    host = server;
    host->log(BASK_LOG_INFO, BASK_STR("a guest is loaded"));
    return 0;
}
static int post_fork(void) { return 0; }
static void fini(void) {}
const struct bask_guest bask_guest = {%s, sizeof bask_guest, "hello", "a guest", 0, wanted, load,
                                      post_fork, fini, %s};
"""


@null
@pytest.mark.parametrize("minor", ["0", "BASK_ABI_MINOR"])
def test_guest_is_loaded(bask: Bask, minor: str) -> None:
    (bask.folder / "hello.c").write_text(GUEST % ("BASK_ABI_MAJOR", minor))
    built(bask, "hello.c")
    server = bask.null("--plugin", "hello", "--plugins-list")
    server.wait_log(r"plugin hello: a guest \(loaded\)")
    server.wait_log("a guest is loaded")


@null
@pytest.mark.parametrize("major, minor, said", [
    ("99", "0", "was built for plugin ABI 99, this server has 1"),
    ("BASK_ABI_MAJOR", "9999", "is newer than this server: it needs plugin ABI 1.9999, "),
])
def test_guest_that_does_not_fit(bask: Bask, major: str, minor: str, said: str) -> None:
    (bask.folder / "hello.c").write_text(GUEST % (major, minor))
    built(bask, "hello.c")
    assert said in refused(bask, "--plugin", "hello", "--plugin", "null")


@null
def test_new_version_of_a_plugin_comes_with_an_upgrade(bask: Bask, successors: None) -> None:
    """The old file is replaced, not written over: who has it open goes on, also after a reload."""
    source = bask.folder / "hello.c"
    source.write_text(HELLO.read_text().replace("options.text)", 'BASK_STR("one"))'))
    built(bask, "hello.c")
    server = bask.start("--plugin", "hello", "--control-socket", "control", workers=2)
    server.idle = False
    assert server.get("/").text == "one"
    source.write_text(HELLO.read_text().replace("options.text)", 'BASK_STR("two"))'))
    assert build(bask, "hello.c").returncode == 0
    assert server.get("/").text == "one"
    server.ctl("reload")
    assert server.get("/").text == "one"
    said = server.ctl("upgrade").stdout
    assert server.succeeded_by(int(said.split()[1])) == 0
    assert server.get("/").text == "two"


# A server without languages


slow = pytest.mark.timeout(600)  # the first of them waits for the build
APP = """
import os
import uwsgi

def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello %d" % uwsgi.worker_id()]
"""


@pytest.fixture
def bare(bask: Bask, tree: SourceTree) -> Bask:
    (bask.folder / "myapp.py").write_text(APP)
    return bask


@slow
def test_server_without_languages(bare: Bask, tree: SourceTree) -> None:
    said = bare.run("--pypy-wsgi", "myapp", program=(str(tree.bask),)).stderr
    assert "unknown option --pypy-wsgi" in said
    listed = bare.run("--help-list", program=(str(tree.bask),)).stdout.split()
    assert "plugin" in listed and not [name for name in listed if name.startswith(("pypy", "lua", "jvm"))]
    libraries = subprocess.run(["ldd", str(tree.bask)], check=True, capture_output=True).stdout
    assert b"liblua" not in libraries


@slow
def test_plugin_needs_nothing_of_the_program(tree: SourceTree) -> None:
    wanted = subprocess.run(["nm", "-D", "--undefined-only", str(tree.plugin)], check=True,
                            capture_output=True, encoding="utf-8").stdout
    assert not re.findall(r" U (?:bask|pypy|glue)\w*", wanted)
    given = subprocess.run(["nm", "-D", "--defined-only", str(tree.plugin)], check=True,
                           capture_output=True, encoding="utf-8").stdout
    assert [line.split()[-1] for line in given.splitlines()] == ["bask_plugin"]


@slow
@pytest.mark.parametrize("words", [
    ("--plugin", "{plugin}", "--pypy-wsgi", "myapp"),
    ("--pypy-wsgi", "myapp", "--plugin={plugin}"),
    ("--plugins-dir", "{folder}", "--plugins", "pypy", "--pypy-wsgi", "myapp"),
    ("--plugins-dir", "{folder}", "--plugin", "pypy,http", "myapp.py"),
])
def test_pypy_is_loaded(bare: Bask, tree: SourceTree, words: Any) -> None:
    server = bare.start(*[word.format(plugin=tree.plugin, folder=tree.plugin.parent) for word in words],
                        program=(str(tree.bask),))
    assert server.get("/").text == "hello 1"


@slow
def test_pypy_is_loaded_by_a_file(bare: Bask, tree: SourceTree) -> None:
    """With a master, workers, a reload, and who asks for it."""
    (bare.folder / "app.ini").write_text(
        "[uwsgi]\npypy-wsgi = myapp\nplugins-dir = %s\nplugins = pypy\n" % tree.plugin.parent)
    server = bare.launch("--control-socket", "control", "app.ini", workers=2, program=(str(tree.bask),))
    server.wait_ready()
    assert re.fullmatch("hello [12]", server.get("/").text)
    (bare.folder / "myapp.py").write_text(APP.replace("hello", "hello again"))
    server.send_signal(signal.SIGHUP)
    server.wait_log("generation 2 serves")
    server.ctl("reload")
    assert re.fullmatch("hello again [12]", server.get("/").text)
    assert '"workers"' in server.ctl("status", "--json").stdout


@slow
def test_setup_file_of_a_loaded_plugin(bare: Bask, tree: SourceTree) -> None:
    printed = bare.run("--plugin", str(tree.plugin), "--print-sym", "uwsgi_pypy_setup",
                       program=(str(tree.bask),))
    assert "hooks.loader" in printed.stdout, printed.stderr


@slow
def test_pypy_that_is_built_in_is_used(bare: Bask, tree: SourceTree) -> None:
    server = bare.start("--plugin", str(tree.plugin), "--pypy-wsgi", "myapp")
    assert server.get("/").text == "hello 1"
    server.wait_log("the server has a plugin pypy already")


@slow
def test_lua_is_loaded(bare: Bask, tree: SourceTree) -> None:
    done = tree.run(tree.bask, "--build-plugin", tree.folder / "plugins" / "lua", cwd=bare.folder)
    assert done.returncode == 0, done.stderr
    (bare.folder / "it.lua").write_text(
        "function hi() return 'hi from lua' end\nuwsgi.register_rpc('hi', hi)\n")
    (bare.folder / "myapp.py").write_text(APP.replace('b"hello %d" % uwsgi.worker_id()',
                                                      'uwsgi.call("hi")'))
    server = bare.start("--plugin", "lua,%s" % tree.plugin, "--lua-load", "it.lua", "--pypy-wsgi",
                        "myapp", program=(str(tree.bask),))
    assert server.get("/").text == "hi from lua"


# uWSGI's script


@slow
@pytest.mark.parametrize("words, name", [
    (("--plugin", "plugins/pypy"), "pypy"),
    (("-p", "plugins/example_c", "core", "mine"), "mine"),
    (("--extra-plugin", "plugins/example_c"), "example_c"),
    (("-x", "plugins/example_c", "other"), "other"),
])
def test_uwsgiconfig_builds_a_plugin(tree: SourceTree, words: Any, name: str) -> None:
    made = tree.folder / (name + "_plugin.so")
    done = tree.run(sys.executable, "uwsgiconfig.py", *words)
    assert done.returncode == 0 and made.exists(), done.stderr
    made.unlink()


@slow
def test_uwsgiconfig_builds_the_server(tree: SourceTree) -> None:
    """What is up to date is not built again."""
    before = tree.bask.stat().st_mtime
    done = tree.run(sys.executable, "uwsgiconfig.py", "--build")
    assert done.returncode == 0 and tree.bask.stat().st_mtime == before, done.stderr
    assert "-fPIC" in tree.run(sys.executable, "uwsgiconfig.py", "--cflags").stdout


@pytest.mark.parametrize("words, what", [
    (("a b",), "a b"),
    (("a b", "core", "c"), "'a b' c"),
    (("plain", "core", "c"), "plain c"),
])
def test_uwsgiconfig_names_a_folder_with_a_space(tmp_path: Path, words: Any, what: str) -> None:
    shutil.copy(ROOT / "uwsgiconfig.py", tmp_path)
    (tmp_path / "build").mkdir()
    server = tmp_path / "build" / "bask"
    server.write_text('#!/bin/sh\nprintf "%s|" "$@"\n')
    server.chmod(0o755)
    done = subprocess.run([sys.executable, "uwsgiconfig.py", "--plugin", *words], cwd=str(tmp_path),
                          check=True, stdout=subprocess.PIPE, encoding="utf-8")
    assert done.stdout == "--build-plugin|%s|" % what


@pytest.mark.parametrize("words, said", [
    ((), "nothing to do"),
    (("--check",), "unknown option --check"),
    (("--plugin",), "--plugin takes 1 to 3 words"),
    (("--cflags", "more"), "--cflags takes no more words"),
])
def test_uwsgiconfig_is_asked_for_what_it_cannot(words: Any, said: str) -> None:
    done = subprocess.run([sys.executable, str(ROOT / "uwsgiconfig.py"), *words], check=False,
                          capture_output=True, encoding="utf-8")
    assert done.returncode == 1
    assert done.stderr.startswith("uwsgiconfig.py: " + said)
