"""The demo over plain HTTP; test_demo_browser.py looks at it with a browser."""
import json

from support.client import make_request
from support.server import Server


def test_pages(demo: Server) -> None:
    for path in ("/", "/notes", "/guestbook", "/files", "/streaming", "/errors", "/status",
                 "/static/style.css"):
        assert demo.get(path).status == 200, path
    assert demo.get("/nothing-here").status == 404


def test_exception_is_told_and_survived(demo: Server) -> None:
    assert demo.get("/boom").status == 500
    demo.complained("Traceback")
    assert demo.get("/").status == 200


def test_notes_are_shared_by_all_workers(demo: Server) -> None:
    headers = {"Content-Type": "application/json"}
    made = demo.post("/api/notes", json.dumps({"text": "a note"}).encode(), headers)
    assert made.status in (200, 201)
    for _ in range(10):
        texts = [note["text"] for note in json.loads(demo.get("/api/notes").body)["notes"]]
        assert texts == ["a note"]


def test_status_knows_server_and_interpreter(demo: Server) -> None:
    facts = json.loads(demo.get("/api/status").body)
    assert facts["server"]["bask"] is True
    assert facts["interpreter"]["implementation"] == "PyPy"
    assert sorted(worker["pid"] for worker in facts["workers"]) == demo.workers()


def test_stream_is_not_held_back(demo: Server) -> None:
    with demo.connect() as connection:
        connection.send(make_request("GET", "/stream"))
        lines = connection.start_answer().read().splitlines()
    assert len(lines) >= 20
