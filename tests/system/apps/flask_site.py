"""A small Flask application."""
import sqlite3

from flask import Flask, Response, abort, jsonify, redirect, request, session

from gate import wait_for

app = Flask(__name__)
app.secret_key = "for tests only"


@app.get("/")
def home():
    return "home"


@app.get("/users/<int:number>/<name>")
def user(number, name):
    return jsonify(number=number, name=name, page=request.args.get("page"))


@app.post("/form")
def form():
    session["name"] = request.form["name"]
    return redirect("/session")


@app.get("/session")
def show_session():
    return session.get("name", "nobody")


@app.post("/upload")
def upload():
    file = request.files["file"]
    return jsonify(name=file.filename, size=len(file.read()), note=request.form["note"])


@app.get("/stream")
def stream():
    def pieces():
        yield "first "
        wait_for("go")
        yield "second"

    return Response(pieces(), mimetype="text/plain")


@app.post("/count")
def count():
    with sqlite3.connect("site.db", timeout=20) as database:
        database.execute("create table if not exists hits (at text)")
        database.execute("insert into hits values (datetime())")
        (hits,) = database.execute("select count(*) from hits").fetchone()
    database.close()
    return str(hits)


@app.get("/boom")
def boom():
    raise ValueError("wrong value")


@app.get("/teapot")
def teapot():
    abort(418)
