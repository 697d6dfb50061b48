"""Tests of the demo through Flask's test client: every route, with good and with bad input.

    /usr/bin/python3 -m pytest examples/demo/test_demo.py
"""
import hashlib
import importlib.util
import io
import json
import os
import re
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
MB = 1024 * 1024


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """Load app.py the way a server does: by its path, under a name of the server's choice."""
    os.environ["BASK_DEMO_DATA"] = str(tmp_path_factory.mktemp("first"))
    spec = importlib.util.spec_from_file_location("wsgi_file_app", os.path.join(HERE, "app.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def app(demo, tmp_path, monkeypatch):
    monkeypatch.setenv("BASK_DEMO_DATA", str(tmp_path / "data"))
    return demo.create_app({"STREAM_PAUSE": 0})


@pytest.fixture
def client(app):
    return app.test_client()


def token(client, path="/guestbook"):
    page = client.get(path).get_data(as_text=True)
    return re.search(r'name="token" value="([^"]+)"', page).group(1)


def upload(client, content, name="a.bin", **more):
    form = {"token": token(client), "file": (io.BytesIO(content), name)}
    form.update(more)
    return client.post("/files", data=form, content_type="multipart/form-data")


def blobs(app):
    return os.listdir(app.config["BLOBS"])


GUEST = {"name": "Ada", "email": "ada@example.org", "mood": "sunny", "message": "Hello"}


# Pages

@pytest.mark.parametrize("path, text", [
    ("/", "What this demo shows"), ("/notes", "/api/notes"), ("/guestbook", "Sign the book"),
    ("/files", "Stored files"), ("/streaming", "curl -N"), ("/errors", "A route that raises"),
    ("/status", "Requests per second"),
])
def test_pages(client, path, text):
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.mimetype == "text/html"
    assert text in answer.get_data(as_text=True)
    assert client.head(path).status_code == 200


@pytest.mark.parametrize("path", ["/", "/api/notes", "/boom", "/nothing", "/static/style.css"])
def test_security_headers(client, path):
    headers = client.get(path).headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"


def test_only_static_files_may_be_cached(client):
    assert client.get("/").headers["Cache-Control"] == "no-store"
    assert client.get("/static/style.css").headers["Cache-Control"] == "no-cache"


def test_pages_have_no_inline_code_or_foreign_hosts():
    for folder in ("templates", "static"):
        for name in os.listdir(os.path.join(HERE, folder)):
            with open(os.path.join(HERE, folder, name), encoding="utf-8") as source:
                text = source.read()
            assert not re.search(r"<[^>]*\son\w+=", text), name
            assert not re.search(r"<[^>]*\sstyle=", text), name
            assert "<script>" not in text and "<style" not in text, name
            assert "innerHTML" not in text, name
            assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text), name


def test_every_static_file_a_page_names_exists(client):
    for path in ("/", "/notes", "/files", "/streaming", "/status"):
        for named in re.findall(r'"(/static/[^"]+)"', client.get(path).get_data(as_text=True)):
            assert client.get(named).status_code == 200, named


# Errors

def test_raising_route_gives_a_page(client):
    answer = client.get("/boom")
    assert answer.status_code == 500
    text = answer.get_data(as_text=True)
    assert "A scale came loose" in text
    assert "RuntimeError" not in text and "Traceback" not in text


def test_missing_page(client):
    answer = client.get("/nothing/<script>")
    assert answer.status_code == 404
    assert "Nothing basks here" in answer.get_data(as_text=True)
    assert "/nothing/<script>" not in answer.get_data(as_text=True)


def test_wrong_method_keeps_allow(client):
    answer = client.post("/status")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
    assert client.put("/api/notes").json["error"]["code"] == 405


def test_api_errors_are_json(client):
    answer = client.get("/api/nothing")
    assert answer.status_code == 404
    assert answer.json["error"]["code"] == 404


def test_body_without_length_is_refused(client):
    answer = client.post("/files", environ_overrides={"HTTP_TRANSFER_ENCODING": "chunked"})
    assert answer.status_code == 411


# Notes

def test_note_life(client):
    assert client.get("/api/notes").json == {"notes": []}
    answer = client.post("/api/notes", json={"text": "  first\r\nnote "})
    assert answer.status_code == 201
    note = answer.json["note"]
    assert note["text"] == "first\nnote"
    where = answer.headers["Location"]
    assert client.get(where).json == {"note": note}
    second = client.post("/api/notes", json={"text": "second"}).json["note"]
    assert [n["id"] for n in client.get("/api/notes").json["notes"]] == [second["id"], note["id"]]
    gone = client.delete(where)
    assert (gone.status_code, gone.data) == (204, b"")
    assert client.delete(where).status_code == 404
    assert client.get(where).status_code == 404
    assert client.get("/api/notes").json["notes"] == [second]


@pytest.mark.parametrize("text", [
    "'); DROP TABLE notes; --", '" OR 1=1 --', "%_?;:1", "\\", "<script>alert(1)</script>",
    "snake \U0001f40d ü", "x" * 280,
])
def test_note_text_comes_back_unchanged(client, text):
    note = client.post("/api/notes", json={"text": text}).json["note"]
    assert client.get("/api/notes").json["notes"] == [note]
    assert note["text"] == text


@pytest.mark.parametrize("document", [
    {}, {"text": ""}, {"text": " \n "}, {"text": 5}, {"text": None}, {"text": ["a"]}, [], "text",
    7, {"text": "x" * 281}, {"text": "nul\0"}, {"text": "\x1b[31m"},
])
def test_bad_note(client, document):
    answer = client.post("/api/notes", json=document)
    assert answer.status_code == 422
    assert answer.json["error"]["message"]
    assert client.get("/api/notes").json["notes"] == []


def test_bad_note_bodies(client):
    def post(body, kind="application/json"):
        return client.post("/api/notes", data=body, content_type=kind)

    assert post(b"{").status_code == 422
    assert post(b"").status_code == 422
    assert post(b"null").status_code == 422
    assert post(b'{"text": "\\ud800"}').status_code == 422
    assert post(b'{"text": "\xff"}').status_code == 422
    assert post(b"[" * 50000).status_code == 422
    assert post(b'{"text": "a"}', "text/plain").status_code == 415
    assert post(b"text=a", "application/x-www-form-urlencoded").status_code == 415
    assert post(b'{"text": "%s"}' % (b"a" * 70000)).status_code == 413
    assert client.get("/api/notes").json["notes"] == []


@pytest.mark.parametrize("wrong", [
    "0", "999999", "-1", "abc", "1.5", "1%20OR%201=1", str(2 ** 63),
    "9" * 19, "9" * 5000, "\u0663", "%00", "..",
])
def test_wrong_ids(client, wrong):
    client.post("/api/notes", json={"text": "stays"})
    for answer in (client.get("/api/notes/" + wrong), client.delete("/api/notes/" + wrong),
                   client.get("/files/" + wrong)):
        assert answer.status_code == 404
    form = {"token": token(client)}
    assert client.post("/files/%s/delete" % wrong, data=form).status_code == 404
    assert client.post("/guestbook/%s/delete" % wrong, data=form).status_code == 404
    assert len(client.get("/api/notes").json["notes"]) == 1


def test_old_notes_make_room(app, client, monkeypatch):
    monkeypatch.setattr(sys.modules["store"], "KEEP_ROWS", 3)
    for number in range(5):
        client.post("/api/notes", json={"text": "note %d" % number})
    assert [n["text"] for n in client.get("/api/notes").json["notes"]] == [
        "note 4", "note 3", "note 2"]


# Guest book

def test_guest_is_stored_then_redirected(client):
    answer = client.post("/guestbook", data=dict(GUEST, token=token(client)))
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith("/guestbook")
    text = client.get("/guestbook").get_data(as_text=True)
    assert "Thank you, Ada" in text and "Hello" in text
    assert "ada@example.org" not in text
    assert "Thank you" not in client.get("/guestbook").get_data(as_text=True)


@pytest.mark.parametrize("field, value, message", [
    ("name", "", "tell us your name"),
    ("name", "   ", "tell us your name"),
    ("name", "x" * 61, "at most 60"),
    ("name", "two\nlines", "one line"),
    ("name", "bell\a", "control characters"),
    ("email", "nowhere", "e-mail address"),
    ("email", "a@b", "e-mail address"),
    ("email", "a@b@c.d", "e-mail address"),
    ("email", "a" * 121, "at most 120"),
    ("mood", "", "one of the moods"),
    ("mood", "furious", "one of the moods"),
    ("message", "", "leave a message"),
    ("message", "x" * 501, "at most 500"),
])
def test_bad_guest_keeps_values(client, field, value, message):
    form = dict(GUEST, token=token(client), message="<kept & escaped>")
    form[field] = value
    answer = client.post("/guestbook", data=form)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert message in text
    if field != "message":
        assert "&lt;kept &amp; escaped&gt;" in text
    if field != "name":
        assert 'value="Ada"' in text
    assert "Nobody has signed yet" in client.get("/guestbook").get_data(as_text=True)


def test_empty_form_names_every_field(client):
    text = client.post("/guestbook", data={"token": token(client)}).get_data(as_text=True)
    for field in ("name", "mood", "message"):
        assert 'id="%s-problem"' % field in text
    assert 'id="email-problem"' not in text


def test_guest_text_is_escaped_and_sql_is_text(client):
    form = dict(GUEST, token=token(client), name="'); DROP TABLE guests; --",
                message="<img src=x>")
    client.post("/guestbook", data=form)
    text = client.get("/guestbook").get_data(as_text=True)
    assert "&lt;img src=x&gt;" in text and "<img src=x>" not in text
    assert "DROP TABLE guests" in text


@pytest.mark.parametrize("path", ["/guestbook", "/guestbook/1/delete", "/files/1/delete", "/files"])
@pytest.mark.parametrize("given", [None, "", "wrong", "ä" * 32])
def test_form_without_token_is_refused(client, path, given):
    token(client)
    form = dict(GUEST) if given is None else dict(GUEST, token=given)
    assert client.post(path, data=form).status_code == 400
    assert "Nobody has signed yet" in client.get("/guestbook").get_data(as_text=True)


def test_token_of_another_browser_is_refused(app, client):
    form = dict(GUEST, token=token(app.test_client()))
    token(client)
    assert client.post("/guestbook", data=form).status_code == 400
    assert app.test_client().post("/guestbook", data=form).status_code == 400


def test_cookie_is_not_for_scripts(client):
    cookie = client.get("/guestbook").headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie


def test_guest_is_deleted_once(client):
    form = {"token": token(client)}
    client.post("/guestbook", data=dict(GUEST, **form))
    assert client.post("/guestbook/1/delete", data=form).status_code == 303
    assert client.post("/guestbook/1/delete", data=form).status_code == 404


# Files

def test_file_life(app, client):
    content = os.urandom(300_000)
    assert upload(client, content, "report.pdf").status_code == 303
    text = client.get("/files").get_data(as_text=True)
    assert "Stored report.pdf" in text
    assert hashlib.sha256(content).hexdigest() in text
    assert "293.0 KB" in text
    answer = client.get("/files/1")
    assert answer.data == content
    assert answer.mimetype == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == "attachment; filename=report.pdf"
    form = {"token": token(client)}
    assert client.post("/files/1/delete", data=form).status_code == 303
    assert client.post("/files/1/delete", data=form).status_code == 404
    assert client.get("/files/1").status_code == 404
    assert blobs(app) == []


def test_file_wrapper_of_the_server_gets_the_file(client):
    seen = []

    def wrapper(source, size=8192):
        seen.append(os.fstat(source.fileno()).st_size)
        return iter(lambda: source.read(size), b"")

    upload(client, b"x" * 5000)
    answer = client.get("/files/1", environ_overrides={"wsgi.file_wrapper": wrapper})
    assert answer.data == b"x" * 5000
    assert answer.headers["Content-Length"] == "5000"
    assert seen == [5000]


def test_download_in_parts_and_conditional(client):
    upload(client, b"0123456789")
    part = client.get("/files/1", headers={"Range": "bytes=2-4"})
    assert (part.status_code, part.data) == (206, b"234")
    assert client.get("/files/1", headers={"Range": "bytes=50-"}).status_code == 416
    etag = client.get("/files/1").headers["ETag"]
    assert client.get("/files/1", headers={"If-None-Match": etag}).status_code == 304
    head = client.head("/files/1")
    assert (head.headers["Content-Length"], head.data) == ("10", b"")


def test_empty_file(client):
    assert upload(client, b"").status_code == 303
    assert client.get("/files/1").data == b""


def test_largest_file_and_one_byte_more(app, client):
    assert upload(client, b"x" * (16 * MB)).status_code == 303
    answer = upload(client, b"x" * (16 * MB + 1))
    assert answer.status_code == 413
    assert "16 MB" in answer.get_data(as_text=True)
    assert len(blobs(app)) == 1
    # Far too big: refused by its announced length, before the form is read.
    assert upload(client, b"x" * (17 * MB)).status_code == 413
    assert len(blobs(app)) == 1


def test_sum_of_files_is_limited(app, client, monkeypatch):
    monkeypatch.setattr(sys.modules["files"], "MAX_TOTAL", 1000)
    assert upload(client, b"x" * 900).status_code == 303
    answer = upload(client, b"x" * 200)
    assert answer.status_code == 507
    assert "no room" in answer.get_data(as_text=True)
    assert len(blobs(app)) == 1


def test_no_file_chosen(client):
    form = {"token": token(client)}
    for extra in ({}, {"file": (io.BytesIO(b""), "")}, {"file": "text, not a file"}):
        answer = client.post("/files", data=dict(form, **extra),
                             content_type="multipart/form-data")
        assert answer.status_code == 422
        assert "choose a file" in answer.get_data(as_text=True)


@pytest.mark.parametrize("given, kept", [
    ("../../etc/passwd", "passwd"),
    ("/etc/passwd", "passwd"),
    ("..\\..\\boot.ini", "boot.ini"),
    ("C:\\temp\\a.txt", "a.txt"),
    ("..", "unnamed"),
    ("a/", "unnamed"),
    (". .", "unnamed"),
    ("exe\u202egpj.txt", "exegpj.txt"),
    ("nul\0\n\r.txt", "nul.txt"),
    ("a" * 300 + ".tar", "a" * 116 + ".tar"),
    ("a" * 300, "a" * 120),
    ("e\u0301t\u00e9.txt", "\u00e9t\u00e9.txt"),
    ("<b>.html", "<b>.html"),
])
def test_shown_name(demo, given, kept):
    assert demo.files.shown_name(given) == kept


@pytest.mark.parametrize("name", [
    "../../../evil.txt", "/tmp/evil.txt", "..\\evil.txt", "a\u202eb.txt", "<script>.html",
    "quote\".txt", "semi;colon=.txt", "ü🐍.txt", "%2e%2e%2fevil", "demo.sqlite3", "key",
])
def test_names_never_become_paths(app, client, name):
    before = sorted(os.listdir(app.config["DATA"]))
    assert upload(client, b"content", name).status_code == 303
    assert [n for n in sorted(os.listdir(app.config["DATA"])) if "sqlite3-" not in n] == [
        n for n in before if "sqlite3-" not in n]
    assert len(blobs(app)) == 1
    assert re.fullmatch("[0-9a-f]{32}", blobs(app)[0])
    answer = client.get("/files/1")
    assert answer.data == b"content"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.mimetype == "application/octet-stream"
    assert "<script>.html" not in client.get("/files").get_data(as_text=True)


def test_damaged_row_cannot_name_another_file(app, client):
    upload(client, b"content")
    with sqlite3.connect(os.path.join(app.config["DATA"], "demo.sqlite3")) as db:
        db.execute("UPDATE files SET blob = '../key'")
    db.close()
    assert client.get("/files/1").status_code == 500


def test_lost_blob_is_a_missing_page(app, client):
    upload(client, b"content")
    os.unlink(os.path.join(app.config["BLOBS"], blobs(app)[0]))
    assert client.get("/files/1").status_code == 404
    assert client.post("/files/1/delete", data={"token": token(client)}).status_code == 303


# Stream

def test_stream(client):
    answer = client.get("/stream", buffered=False)
    assert answer.mimetype == "text/plain"
    assert "Content-Length" not in answer.headers
    pieces = list(answer.response)
    assert len(pieces) == 20
    lines = b"".join(pieces).decode("ascii").splitlines()
    assert [line[:5] for line in lines] == ["%02d/20" % n for n in range(1, 21)]
    assert lines[-1].count("~~~~:>(*)") == 1


# Status

def test_status_without_the_module(client, demo, monkeypatch):
    monkeypatch.setattr(demo.status, "uwsgi", None)
    facts = client.get("/api/status").json
    assert facts["server"]["bask"] is False
    assert facts["server"]["requests"] >= 1
    assert [worker["pid"] for worker in facts["workers"]] == [os.getpid()]
    assert facts["workers"][0]["rss"] > MB
    assert facts["workers"][0]["threads"] >= 1
    assert "does not run under Bask" in client.get("/status").get_data(as_text=True)


class FakeServer:
    """What the uwsgi module of the server looks like to the panel."""

    version = b"1.2.3"
    numproc = 2
    started_on = 1_000_000_000

    @staticmethod
    def worker_id():
        return 2

    @staticmethod
    def masterpid():
        return 4321

    @staticmethod
    def total_requests():
        return 30

    @staticmethod
    def workers():
        return (
            {"id": 1, "pid": os.getpid(), "requests": 10, "exceptions": 1, "status": b"busy",
             "rss": 7 * MB, "tx": 9, "avg_rt": 1500, "running_time": 10, "respawn_count": 3,
             "last_spawn": 1_000_000_000},
            {"id": 2, "pid": 2 ** 22 + 5, "requests": 20, "exceptions": 0, "status": b"idle",
             "rss": 0, "tx": 9, "avg_rt": 0, "running_time": 0, "respawn_count": 0,
             "last_spawn": 0},
        )


def test_status_with_the_module(client, demo, monkeypatch):
    monkeypatch.setattr(demo.status, "uwsgi", FakeServer)
    facts = client.get("/api/status").json
    assert facts["server"]["version"] == "1.2.3"
    assert facts["server"]["master_pid"] == 4321
    assert facts["server"]["requests"] == 30
    assert facts["answered_by"] == {"pid": os.getpid(), "worker": 2}
    first, second = facts["workers"]
    assert (first["status"], first["rss"], first["respawns"]) == ("busy", 7 * MB, 2)
    assert first["threads"] >= 1 and first["uptime"] > 0
    assert (second["rss"], second["threads"], second["uptime"]) == (None, None, None)
    text = client.get("/status").get_data(as_text=True)
    assert "1.2.3" in text and "4321" in text and "1.5 ms" in text
    assert "does not run under Bask" not in text
    assert "worker 2" in client.get("/").get_data(as_text=True)


def test_status_with_a_bare_module(client, demo, monkeypatch):
    bare = type("Bare", (FakeServer,), {"workers": staticmethod(lambda: ({"id": 1}, {}))})
    monkeypatch.setattr(demo.status, "uwsgi", bare)
    assert len(client.get("/api/status").json["workers"]) == 2
    assert client.get("/status").status_code == 200


def test_ping(client):
    assert client.get("/api/ping").json["pid"] == os.getpid()


# Data folder and several processes

def test_folder_is_private(app):
    for path in (app.config["DATA"], app.config["BLOBS"]):
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o700
    for name in ("key", "demo.sqlite3", "lock"):
        found = os.stat(os.path.join(app.config["DATA"], name))
        assert stat.S_IMODE(found.st_mode) & 0o077 == 0


def test_default_folder(demo, tmp_path, monkeypatch):
    monkeypatch.delenv("BASK_DEMO_DATA")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    folder = demo.store.data_folder()
    assert folder == str(tmp_path / ("bask-demo-%d" % os.geteuid()))
    assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
    assert demo.store.data_folder() == folder
    os.chmod(folder, 0o755)
    with pytest.raises(demo.store.UnsafeFolder):
        demo.store.data_folder()
    os.rmdir(folder)
    os.mkdir(str(tmp_path / "elsewhere"), 0o700)
    os.symlink(str(tmp_path / "elsewhere"), folder)
    with pytest.raises(demo.store.UnsafeFolder):
        demo.store.data_folder()


WORKER = """
import sys
sys.path.insert(0, sys.argv[1])
from app import app
client = app.test_client()
for number in range(20):
    assert client.post("/api/notes", json={"text": sys.argv[2]}).status_code == 201
print(app.config["SECRET_KEY"].hex())
"""


def test_processes_start_and_write_together(app, client):
    workers = [
        subprocess.Popen([sys.executable, "-c", WORKER, HERE, "process %d" % number],
                         stdout=subprocess.PIPE, env=dict(os.environ))
        for number in range(4)]
    keys = {worker.communicate(timeout=120)[0].strip() for worker in workers}
    assert all(worker.returncode == 0 for worker in workers)
    assert keys == {app.config["SECRET_KEY"].hex().encode("ascii")}
    assert len(client.get("/api/notes").json["notes"]) == 80


def test_threads_write_together_and_delete_once(app):
    results = []

    def work():
        client = app.test_client()
        for _ in range(10):
            assert client.post("/api/notes", json={"text": "thread"}).status_code == 201
        results.append(client.delete("/api/notes/1").status_code)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [204] + [404] * 5
    assert len(app.test_client().get("/api/notes").json["notes"]) == 59


def test_journal_is_wal(app):
    with sqlite3.connect(os.path.join(app.config["DATA"], "demo.sqlite3")) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    db.close()


def test_api_keeps_unicode_readable_by_any_client(client):
    body = json.dumps({"text": "ü"}).encode("utf-8")
    client.post("/api/notes", data=body, content_type="application/json; charset=utf-8")
    assert json.loads(client.get("/api/notes").data)["notes"][0]["text"] == "ü"
