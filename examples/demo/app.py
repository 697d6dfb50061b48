"""The Bask demo: a small Flask application in which every page shows one thing the server does.

    bask --http-socket 127.0.0.1:9090 --master --processes 2 --threads 4 \\
         --wsgi-file examples/demo/app.py --callable app

This module wires the routes; store.py keeps data, files.py uploads, forms.py checks input and
status.py asks the server about itself.
"""
import os
import sys
import time
from datetime import datetime, timezone
from typing import Any, Dict, Iterator, Optional, Tuple, Union

# A server loads this file by its path, not as a part of a package: nothing else puts the folder
# with the other modules on the import path.
HERE = os.path.dirname(os.path.abspath(__file__))
if HERE not in sys.path:
    sys.path.insert(0, HERE)

from flask import (  # noqa: E402
    Flask, Response, abort, current_app, flash, g, jsonify, make_response, redirect,
    render_template, request, send_file, url_for)
from werkzeug.exceptions import HTTPException, InternalServerError  # noqa: E402
from werkzeug.routing import BaseConverter  # noqa: E402
from werkzeug.wrappers import Response as AnyResponse  # noqa: E402

import files  # noqa: E402
import forms  # noqa: E402
import status  # noqa: E402
import store  # noqa: E402

Page = Union[str, AnyResponse, Tuple[str, int]]

STREAM_LINES = 20
STREAM_PAUSE = 0.15
JSON_MAX = 64 * 1024

ROW = "<row:row_id>"

HEADERS: Dict[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

ERROR_TEXTS: Dict[int, Tuple[str, str]] = {
    400: ("That did not add up", "The request was not one this page understands. If you sent a "
          "form, load its page again and send it once more."),
    404: ("Nothing basks here", "There is no page at this address. It may have been deleted, or "
          "the link has a typo."),
    405: ("Not that way", "This address exists, but not for this kind of request."),
    411: ("How long is it?", "Please send the length of the body (Content-Length) along."),
    413: ("Too big to swallow", "This demo takes files of up to 16 MB each, and 256 MB "
          "altogether."),
    500: ("A scale came loose", "The application raised an exception. The worker caught it, wrote "
          "the traceback to the log and goes on serving: this very page is the proof."),
}


class RowConverter(BaseConverter):
    """A row id in a path: no more digits than sqlite's 64 bits hold, so a longer one is a 404."""

    regex = "[0-9]{1,18}"

    def to_python(self, value: str) -> int:
        return int(value)


def create_app(extra: Optional[Dict[str, Any]] = None) -> Flask:
    """Build the application and prepare its data folder."""
    folder = store.data_folder()
    # The explicit paths keep Flask from guessing them out of the name the server gave this module.
    application = Flask("bask_demo", root_path=HERE, instance_path=folder)
    application.config.update(
        DATA=folder,
        BLOBS=store.blob_folder(folder),
        SECRET_KEY=store.prepare(folder),
        SESSION_COOKIE_NAME="bask_demo",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        # The file plus what a multipart form wraps around it.
        MAX_CONTENT_LENGTH=files.MAX_FILE + JSON_MAX,
        STREAM_PAUSE=STREAM_PAUSE,
    )
    application.config.update(extra or {})
    application.url_map.converters["row"] = RowConverter
    add_hooks(application)
    add_pages(application)
    add_notes_api(application)
    add_guest_book(application)
    add_files(application)
    add_status(application)
    add_errors(application)
    return application


def open_store() -> store.Store:
    """Return the database connection of this request, opened when first asked for."""
    opened: Optional[store.Store] = g.get("store")
    if opened is None:
        opened = g.store = store.Store(current_app.config["DATA"])
    return opened


def size_text(size: Optional[int]) -> str:
    if size is None:
        return "–"
    if size < 1024:
        return "%d B" % size
    if size < 1024 * 1024:
        return "%.1f KB" % (size / 1024)
    return "%.1f MB" % (size / 1024 / 1024)


def span_text(seconds: Optional[int]) -> str:
    if seconds is None:
        return "–"
    if seconds < 60:
        return "%d s" % seconds
    if seconds < 3600:
        return "%d min %02d s" % (seconds // 60, seconds % 60)
    return "%d h %02d min" % (seconds // 3600, seconds // 60 % 60)


def utc(stamp: int, layout: str) -> str:
    return datetime.fromtimestamp(stamp, timezone.utc).strftime(layout)


def is_api() -> bool:
    return request.path.startswith("/api/")


def check_token() -> None:
    """Refuse a posted form that does not come from one of our own pages."""
    if not forms.token_ok(request.form.get("token")):
        abort(400, "The form had no valid token. Load the page again and send it once more; "
                   "cookies must be allowed.")


def add_hooks(application: Flask) -> None:
    application.add_template_filter(size_text, "size")
    application.add_template_filter(span_text, "span")
    application.add_template_filter(lambda t: utc(t, "%Y-%m-%dT%H:%M:%SZ"), "iso")
    application.add_template_filter(lambda t: utc(t, "%d %b %Y, %H:%M UTC"), "when")

    @application.before_request
    def begin() -> None:
        g.started = time.perf_counter()
        status.requests_here.add()
        if request.content_length is None and "Transfer-Encoding" in request.headers:
            # Without a length the limit on uploads could not be kept.
            abort(411)

    @application.after_request
    def add_headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if request.endpoint != "static":
            # Each page tells which worker made it, so it must not come out of a cache.
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    @application.teardown_appcontext
    def end(_error: Optional[BaseException]) -> None:
        opened = g.pop("store", None)
        if opened is not None:
            opened.close()

    @application.context_processor
    def shared() -> Dict[str, Any]:
        def took() -> str:
            return "%.1f ms" % ((time.perf_counter() - g.started) * 1000)

        return {"form_token": forms.form_token, "interpreter": status.interpreter(),
                "under_bask": status.under_bask(), "worker": status.worker_id(),
                "pid": os.getpid(), "took": took}


def add_pages(application: Flask) -> None:
    @application.get("/")
    def home() -> Page:
        return render_template("home.html")

    @application.get("/notes")
    def notes() -> Page:
        return render_template("notes.html", longest=forms.NOTE_MAX)

    @application.get("/streaming")
    def streaming() -> Page:
        return render_template("streaming.html", lines=STREAM_LINES)

    @application.get("/stream")
    def stream() -> AnyResponse:
        pause = float(current_app.config["STREAM_PAUSE"])
        response = Response(crawl(pause), mimetype="text/plain")
        # A proxy in front must not collect the lines before it passes them on.
        response.headers["X-Accel-Buffering"] = "no"
        return response

    @application.get("/errors")
    def errors() -> Page:
        return render_template("errors.html")

    @application.get("/boom")
    def boom() -> Page:
        raise RuntimeError("this route raises on purpose")


def crawl(pause: float) -> Iterator[str]:
    """Yield a snake on its way to the sun, one line at a time.

    A client that goes away closes the generator, which ends the wait early.
    """
    started = time.perf_counter()
    where = "worker %s, pid %d" % (status.worker_id() or "-", os.getpid())
    for step in range(1, STREAM_LINES + 1):
        time.sleep(pause)
        trail = "." * (step - 1) + "~~~~:>" + " " * (STREAM_LINES - step)
        yield "%02d/%d  %4.2f s  %s(*)  %s\n" % (
            step, STREAM_LINES, time.perf_counter() - started, trail, where)


def add_notes_api(application: Flask) -> None:
    """Notes as JSON.

    These routes use no cookie. A foreign page cannot call them either: a JSON body and DELETE both
    make the browser ask first, and nothing here answers that with a permission.
    """
    @application.get("/api/notes")
    def api_notes() -> AnyResponse:
        return jsonify(notes=open_store().notes())

    @application.post("/api/notes")
    def api_add_note() -> AnyResponse:
        if not request.is_json:
            abort(415, "Send the note as application/json.")
        if (request.content_length or 0) > JSON_MAX:
            abort(413)
        try:
            document = request.get_json(silent=True)
        except RecursionError:
            # A body of ten thousand brackets: the parser gives up, but not with a ValueError.
            document = None
        text, problem = forms.check_note(document)
        if problem is not None:
            abort(422, problem)
        note = open_store().add_note(text)
        response = jsonify(note=note)
        response.status_code = 201
        response.headers["Location"] = url_for("api_note", row_id=note["id"])
        return response

    @application.get("/api/notes/" + ROW)
    def api_note(row_id: int) -> AnyResponse:
        note = open_store().note(row_id)
        if note is None:
            abort(404)
        return jsonify(note=note)

    @application.delete("/api/notes/" + ROW)
    def api_delete_note(row_id: int) -> Tuple[str, int]:
        if not open_store().delete_note(row_id):
            abort(404)
        return "", 204


def add_guest_book(application: Flask) -> None:
    def page(values: Dict[str, str], errors: Dict[str, str]) -> str:
        return render_template("guestbook.html", values=values, errors=errors, moods=forms.MOODS,
                               guests=open_store().guests(), limits=forms)

    @application.get("/guestbook")
    def guestbook() -> Page:
        return page({}, {})

    @application.post("/guestbook")
    def sign_guestbook() -> Page:
        check_token()
        values, errors = forms.check_guest(request.form)
        if errors:
            return page(values, errors), 422
        open_store().add_guest(**values)
        flash("Thank you, %s. Your entry is in the book." % values["name"])
        return redirect(url_for("guestbook"), 303)

    @application.post("/guestbook/" + ROW + "/delete")
    def delete_guest(row_id: int) -> Page:
        check_token()
        if not open_store().delete_guest(row_id):
            abort(404)
        flash("The entry is gone.")
        return redirect(url_for("guestbook"), 303)


def add_files(application: Flask) -> None:
    def page(error: Optional[str] = None) -> str:
        rows = open_store().files()
        return render_template("files.html", files=rows, error=error, max_file=files.MAX_FILE,
                               used=sum(row["size"] for row in rows), max_total=files.MAX_TOTAL)

    @application.get("/files")
    def list_files() -> Page:
        return page()

    @application.post("/files")
    def upload() -> Page:
        check_token()
        given = request.files.get("file")
        if given is None or not given.filename:
            return page("Please choose a file first."), 422
        try:
            files.save(current_app.config["BLOBS"], open_store(), given.stream, given.filename)
        except files.TooBig:
            abort(413)
        except store.StorageFull:
            return page("There is no room for this file. Delete another one first."), 507
        flash("Stored %s." % files.shown_name(given.filename))
        return redirect(url_for("list_files"), 303)

    @application.get("/files/" + ROW)
    def download(row_id: int) -> AnyResponse:
        row = open_store().file(row_id)
        if row is None:
            abort(404)
        path = files.blob_path(current_app.config["BLOBS"], row["blob"])
        try:
            # send_file uses the wsgi.file_wrapper of the server, which may then copy the file to
            # the socket without the bytes passing through Python. Never the type the client gave:
            # an uploaded page must not run as ours.
            return send_file(path, mimetype="application/octet-stream", as_attachment=True,
                             download_name=row["name"], etag=row["sha256"],
                             last_modified=row["created"])
        except FileNotFoundError:
            abort(404)

    @application.post("/files/" + ROW + "/delete")
    def delete_file(row_id: int) -> Page:
        check_token()
        if not files.delete(current_app.config["BLOBS"], open_store(), row_id):
            abort(404)
        flash("The file is gone.")
        return redirect(url_for("list_files"), 303)


def add_status(application: Flask) -> None:
    @application.get("/status")
    def show_status() -> Page:
        return render_template("status.html", facts=status.snapshot())

    @application.get("/api/status")
    def api_status() -> AnyResponse:
        return jsonify(status.snapshot())

    @application.get("/api/ping")
    def api_ping() -> AnyResponse:
        return jsonify(pid=os.getpid(), worker=status.worker_id())


def add_errors(application: Flask) -> None:
    @application.errorhandler(HTTPException)
    def failed(error: HTTPException) -> AnyResponse:
        """Dress an error: JSON below /api/, a page elsewhere; its own headers (Allow) stay."""
        code = error.code or 500
        title, text = ERROR_TEXTS.get(code, (error.name, ""))
        # A description given to abort() knows more than the general text; werkzeug's own does not.
        given = error.description
        if given and given != type(error).description:
            text = given
        if is_api():
            response = jsonify(error={"code": code, "message": text or title})
        else:
            response = make_response(render_template(
                "error.html", code=code, title=title, text=text,
                raised=isinstance(error, InternalServerError)))
        response.status_code = code
        for name, value in error.get_headers():
            if name.lower() != "content-type":
                response.headers[name] = value
        return response


app = create_app()

if __name__ == "__main__":
    app.run(host="127.0.0.1", port=int(os.environ.get("PORT", "9090")), threaded=True)
