"""What the web itself asks for: cookies, sessions, feeds, streams, conditional answers."""

import csv
import hashlib
import hmac
import io
import json
from xml.sax.saxutils import escape, quoteattr

from flask import Blueprint, Response, jsonify, make_response, request, session as visit
from flask import stream_with_context
from sqlalchemy import select

from . import models as m
from .database import session
from .filters import slug

blueprint = Blueprint("web", __name__, url_prefix="/web")


@blueprint.route("/cookie")
def cookie():
    count = int(request.cookies.get("count", 0)) + 1
    response = make_response("visit %d\n" % count)
    response.set_cookie("count", str(count), max_age=3600, httponly=True, samesite="Lax")
    return response


@blueprint.route("/session", methods=["POST"])
def login():
    name = request.form.get("name", "")
    if not name.isidentifier():
        return jsonify(error="bad name"), 400
    visit["name"] = name
    visit["rights"] = ["read", "write"] if name.startswith("a") else ["read"]
    return jsonify(welcome=name.capitalize())


@blueprint.route("/session")
def whoami():
    return jsonify(name=visit.get("name"), rights=visit.get("rights", []), new=visit.new)


@blueprint.route("/headers")
def headers():
    wanted = {name: value for name, value in request.headers if name.lower() != "host"}
    return jsonify(headers=wanted, agent=request.user_agent.string, secure=request.is_secure)


@blueprint.route("/language")
def language():
    best = request.accept_languages.best_match(["en", "de", "fr"], "en")
    greeting = {"en": "Hello", "de": "Guten Tag", "fr": "Bonjour"}[best]
    return Response(greeting + "\n", headers={"Content-Language": best, "Vary": "Accept-Language"})


@blueprint.route("/negotiate")
def negotiate():
    facts = {"name": "shop", "tables": 12, "open": True}
    if request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html":
        items = "".join("<li>%s: %s</li>" % pair for pair in facts.items())
        return "<ul>%s</ul>" % items
    return jsonify(facts)


@blueprint.route("/feed.xml")
def feed():
    rows = session().execute(select(m.Article).order_by(m.Article.id).limit(8)).scalars()
    parts = ['<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>']
    for row in rows:
        parts.append("<item><title>%s</title>" % escape(row.title))
        parts.append("<guid>%s</guid>" % slug(row.title))
        parts.append("<pubDate>%s</pubDate></item>" % row.published.strftime("%d %b %Y"))
    parts.append("</channel></rss>")
    return Response("".join(parts), mimetype="application/rss+xml")


@blueprint.route("/sitemap.xml")
def sitemap():
    keys = session().execute(select(m.Product.id, m.Product.name).limit(40)).all()
    lines = ["<urlset>"]
    for key, name in keys:
        lines.append("<url loc=%s/>" % quoteattr("/shop/product/%d?n=%s" % (key, slug(name))))
    lines.append("</urlset>")
    return Response("\n".join(lines), mimetype="application/xml")


@blueprint.route("/prices.csv")
def prices():
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["sku", "name", "net", "gross"])
    for row in session().execute(select(m.Product.sku, m.Product.name, m.Product.price).limit(25)):
        writer.writerow([row.sku, row.name, row.price, row.price * 119 // 100])
    return Response(out.getvalue(), mimetype="text/csv")


@blueprint.route("/import", methods=["POST"])
def import_csv():
    total, lines, bad = 0, 0, []
    for line in csv.DictReader(io.StringIO(request.get_data(as_text=True))):
        lines += 1
        try:
            total += int(line["quantity"]) * int(line["price"])
        except (KeyError, TypeError, ValueError):
            bad.append(lines)
    return jsonify(lines=lines, total=total, bad=bad)


@blueprint.route("/stream")
def stream():
    count = min(40, request.args.get("n", 12, type=int))

    def numbers():
        a, b = 0, 1
        for index in range(count):
            yield "%d: %d\n" % (index, a)
            a, b = b, a + b

    return Response(stream_with_context(numbers()), mimetype="text/plain")


@blueprint.route("/lines.ndjson")
def ndjson():
    rows = session().execute(select(m.Ticket).where(m.Ticket.open).limit(10)).scalars().all()
    body = "".join(json.dumps(row.document(), sort_keys=True) + "\n" for row in rows)
    return Response(body, mimetype="application/x-ndjson")


@blueprint.route("/etag/<name>")
def etag(name):
    body = ("static text of " + name + "\n") * 12
    response = Response(body, mimetype="text/plain")
    response.set_etag(hashlib.sha1(body.encode()).hexdigest())
    response.cache_control.max_age = 60
    return response.make_conditional(request)


@blueprint.route("/hook", methods=["POST"])
def hook():
    body = request.get_data()
    expected = hmac.new(b"key", body, hashlib.sha256).hexdigest()
    given = request.headers.get("X-Signature", "")
    if not hmac.compare_digest(expected, given):
        return jsonify(error="signature"), 403
    event = json.loads(body)
    return jsonify(accepted=event["id"], kind=event["kind"].split("."))


@blueprint.route("/upload", methods=["POST"])
def upload():
    files = []
    for name, part in sorted(request.files.items()):
        data = part.read()
        files.append({"field": name, "file": part.filename, "size": len(data),
                      "lines": data.count(b"\n"), "md5": hashlib.md5(data).hexdigest()})
    return jsonify(files=files, fields=dict(request.form))


@blueprint.route("/rpc", methods=["POST"])
def rpc():
    calls = request.get_json()
    answers = []
    for call in calls if isinstance(calls, list) else [calls]:
        function = _RPC.get(call.get("method"))
        if function is None:
            answers.append({"id": call.get("id"), "error": "no such method"})
        else:
            answers.append({"id": call.get("id"), "result": function(*call.get("params", []))})
    return jsonify(answers)


_RPC = {
    "add": lambda *numbers: sum(numbers),
    "join": lambda glue, *parts: glue.join(parts),
    "reverse": lambda text: text[::-1],
    "count": lambda text, letter: text.count(letter),
}


@blueprint.route("/orders", methods=["POST"])
def order_json():
    order = request.get_json()
    faults = []
    if not isinstance(order.get("items"), list) or not order["items"]:
        faults.append("items: a list that is not empty")
    for index, item in enumerate(order.get("items") or []):
        for key, kind in (("sku", str), ("quantity", int), ("price", int)):
            if not isinstance(item.get(key), kind):
                faults.append("items[%d].%s: %s expected" % (index, key, kind.__name__))
    if faults:
        return jsonify(faults=faults), 422
    total = sum(item["quantity"] * item["price"] for item in order["items"])
    by_sku = {item["sku"]: item["quantity"] for item in order["items"]}
    return jsonify(total=total, vat=round(total * 0.19, 2), skus=by_sku, state="accepted")


@blueprint.route("/suggest")
def suggest():
    prefix = request.args.get("q", "")
    rows = session().execute(
        select(m.Product.name).where(m.Product.name.startswith(prefix)).order_by(m.Product.name).limit(8)
    ).scalars()
    seen = dict.fromkeys(name.split()[0] for name in rows)
    return jsonify([prefix, list(seen)])


@blueprint.route("/health")
def health():
    return Response("ok\n", mimetype="text/plain")


@blueprint.route("/options", methods=["OPTIONS"])
def options():
    return "", 204, {"Allow": "GET, POST, OPTIONS", "Access-Control-Allow-Origin": "*"}
