"""The examples of uWSGI's documentation of RPC, of Lua and of the JVM, with PyPy as their Python.

Paths and ports are the test's own, and `http`, which is a process of its own there, is
`http-socket`.
"""
import shutil
import subprocess

from support import java
from support.server import Bask

HELLO_LUA = """
function hello_with_args(arg1, arg2)
    return 'args are '..arg1..' '..arg2
end

uwsgi.register_rpc('hellolua', hello_with_args)
"""
CALLS_LUA = """
import uwsgi

def application(env, start_response):
    start_response('200 Ok', [('Content-Type', 'text/html')])
    return uwsgi.rpc('10.0.0.2:3031', 'hellolua', 'foo', 'bar')
"""
FOOBAR = """
public class Foobar {
   static void main() {

       // create an anonymous function
       uwsgi.RpcFunction rpc_func = new uwsgi.RpcFunction() {
           public String function(String... args) {
               return "Hello World";
           }
       };

       // register it in the uWSGI RPC subsystem
       uwsgi.register_rpc("hello", rpc_func);
   }
}
"""
MYAPP = """
import uwsgi

def application(environ, start_response):
    start_response('200 OK', [('Content-Type','text/html')])
    yield "<h1>"
    yield uwsgi.call('hello')
    yield "</h1>"
"""
CONFIGURATION = """
[uwsgi]
plugins = python,jvm
http-socket = 127.0.0.1:%d
wsgi-file = myapp.py
jvm-classpath = %s
jvm-main-class = Foobar
jvm-opt = -Xmx10m
jvm-class = Foobar
"""


def test_lua_of_another_server(bask: Bask) -> None:
    there = "127.0.0.1:%d" % bask.ports.take()
    (bask.folder / "hello.lua").write_text(HELLO_LUA)
    (bask.folder / "app.py").write_text(CALLS_LUA.replace("10.0.0.2:3031", there))
    bask.null("--plugins", "lua", "--lua-load", "hello.lua", "--socket", there)
    server = bask.start("--wsgi-file", "app.py")
    assert server.get("/").text == "args are foo bar"


def test_java_from_python(bask: Bask) -> None:
    """Compiled in the folder, as it is shown; Python 3 wants bytes where the example has text."""
    port = bask.ports.take()
    jar = bask.folder / "uwsgi.jar"
    shutil.copy(java.JAR, jar)
    (bask.folder / "Foobar.java").write_text(FOOBAR)
    subprocess.run([java.JAVAC, "-cp", str(jar), "Foobar.java"], cwd=bask.folder, check=True)
    (bask.folder / "myapp.py").write_text(MYAPP.replace('yield "', 'yield b"'))
    (bask.folder / "app.ini").write_text(CONFIGURATION % (port, jar))
    server = bask.start("app.ini", address=("127.0.0.1", port))
    assert server.get("/").text == "<h1>Hello World</h1>"
