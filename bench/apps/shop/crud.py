"""Six views for each of twelve tables: 72 handlers, made from one table of what differs."""

import re
from collections import namedtuple
from datetime import date

from flask import Blueprint, abort, jsonify, render_template, request
from sqlalchemy import func, or_, select

from . import models as m
from .database import session

blueprint = Blueprint("crud", __name__)
PAGE = 8

_EMAIL = re.compile(r"[a-z0-9.+-]+@[a-z0-9-]+(\.[a-z0-9-]+)+\Z")
_SKU = re.compile(r"[A-Z]{3}-[0-9]{4}\Z")


class Fault(ValueError):
    """A fault that is told to the visitor; the words of other errors are the interpreter's."""


def text(low, high):
    """A converter: stripped text of a length."""

    def convert(value):
        value = " ".join(value.split())
        if not low <= len(value) <= high:
            raise Fault("must have %d to %d characters" % (low, high))
        return value

    return convert


def number(low, high):
    """A converter: a whole number in a range."""

    def convert(value):
        result = int(value)
        if result < low or result > high:
            raise Fault("must be between %d and %d" % (low, high))
        return result

    return convert


def decimal(value):
    return round(float(value.replace(",", ".")), 3)


def cents(value):
    whole, _, rest = value.partition(".")
    return int(whole) * 100 + int((rest + "00")[:2])


def day(value):
    year, month, number_of_day = value.split("-")
    return date(int(year), int(month), int(number_of_day))


def email(value):
    if not _EMAIL.match(value.lower()):
        raise Fault("is no address")
    return value.lower()


def sku(value):
    if not _SKU.match(value):
        raise Fault("looks like ABC-1234")
    return value


def flag(value):
    return value in ("1", "on", "yes", "true")


def country(value):
    if len(value) != 2 or not value.isalpha():
        raise Fault("is a code of two letters")
    return value.lower()


Entity = namedtuple("Entity", "name model order search measure fields")

ENTITIES = [
    Entity("product", m.Product, m.Product.name, (m.Product.name, m.Product.text), "price",
           {"name": text(3, 60), "sku": sku, "price": cents, "weight": decimal, "active": flag}),
    Entity("category", m.Category, m.Category.rank, (m.Category.name,), "rank",
           {"name": text(2, 40), "rank": number(1, 9)}),
    Entity("supplier", m.Supplier, m.Supplier.country, (m.Supplier.name, m.Supplier.email), "id",
           {"name": text(3, 40), "country": country, "email": email}),
    Entity("customer", m.Customer, m.Customer.last, (m.Customer.first, m.Customer.last), "points",
           {"first": text(1, 30), "last": text(1, 30), "email": email, "since": day}),
    Entity("address", m.Address, m.Address.zip, (m.Address.city, m.Address.street), "customer_id",
           {"street": text(5, 60), "city": text(2, 40), "zip": text(4, 10), "country": country}),
    Entity("order", m.Order, m.Order.placed, (m.Order.state,), "shipping",
           {"customer_id": number(1, 80), "placed": day, "state": text(3, 10)}),
    Entity("review", m.Review, m.Review.stars, (m.Review.text,), "stars",
           {"product_id": number(1, 200), "author": text(2, 30), "stars": number(1, 5)}),
    Entity("coupon", m.Coupon, m.Coupon.code, (m.Coupon.code,), "percent",
           {"code": text(4, 12), "percent": number(1, 90), "until": day}),
    Entity("article", m.Article, m.Article.published, (m.Article.title, m.Article.body), "id",
           {"title": text(5, 60), "author": text(2, 30), "published": day, "body": text(10, 9000)}),
    Entity("ticket", m.Ticket, m.Ticket.priority, (m.Ticket.subject,), "hours",
           {"subject": text(5, 60), "priority": number(1, 4), "open": flag, "hours": decimal}),
    Entity("employee", m.Employee, m.Employee.salary, (m.Employee.name, m.Employee.role), "salary",
           {"name": text(3, 40), "role": text(3, 20), "salary": number(2000, 20000)}),
    Entity("warehouse", m.Warehouse, m.Warehouse.city, (m.Warehouse.city,), "used",
           {"city": text(2, 40), "capacity": number(1, 99999), "lat": decimal, "lon": decimal}),
]


def list_page(entity):
    """A page of a list, in the order that the address asks for."""
    page = request.args.get("page", 1, type=int)
    order = entity.order.desc() if request.args.get("down") else entity.order
    db = session()
    total = db.scalar(select(func.count()).select_from(entity.model))
    rows = db.execute(
        select(entity.model).order_by(order, entity.model.id).offset((page - 1) * PAGE).limit(PAGE)
    ).scalars().all()
    pages = range(1, (total + PAGE - 1) // PAGE + 1)
    return render_template(
        "%s/list.html" % entity.name, rows=rows, total=total, page=page, pages=pages
    )


def detail_page(entity, key):
    """One row and what belongs to it."""
    row = session().get(entity.model, key)
    if row is None:
        abort(404)
    return render_template("%s/detail.html" % entity.name, row=row)


def json_row(entity, key):
    """One row as a document, with an ETag that repeated requests may name."""
    row = session().get(entity.model, key)
    if row is None:
        return jsonify(error="no such %s" % entity.name, id=key), 404
    response = jsonify(row.document())
    response.add_etag()
    return response.make_conditional(request)


def json_search(entity):
    """Rows in which a word occurs."""
    word = request.args.get("q", "")
    if len(word) < 2:
        return jsonify(error="q is too short"), 400
    found = session().execute(
        select(entity.model)
        .where(or_(*(column.contains(word) for column in entity.search)))
        .order_by(entity.model.id)
        .limit(6)
    ).scalars()
    documents = [row.document() for row in found]
    return jsonify(query=word, count=len(documents), results=documents)


def create(entity):
    """A form: its faults, or the row that it would make; nothing stays."""
    values, faults = {}, {}
    for name, convert in entity.fields.items():
        try:
            values[name] = convert(request.form[name])
        except KeyError:
            faults[name] = "is missing"
        except Fault as fault:
            faults[name] = str(fault)
        except ValueError:
            faults[name] = "is not understood"
    if faults:
        return render_template("form_faults.html", name=entity.name, faults=faults), 422
    db = session()
    row = entity.model(**values)
    db.add(row)
    db.flush()
    location = "/%s/%d" % (entity.name, row.id)
    db.rollback()
    return jsonify(created=entity.name, fields=sorted(values)), 201, {"Location": location}


def statistics(entity):
    """Mean, median, spread and a histogram of one column, worked out in Python."""
    column = getattr(entity.model, entity.measure)
    values = sorted(session().execute(select(column).limit(120)).scalars())
    count = len(values)
    mean = sum(values) / count
    spread = (sum((value - mean) ** 2 for value in values) / count) ** 0.5
    low, high = values[0], values[-1]
    width = (high - low) / 8 or 1
    bins = [0] * 8
    for value in values:
        bins[min(7, int((value - low) / width))] += 1
    return render_template(
        "statistics.html", name=entity.name, column=entity.measure, count=count, mean=mean,
        median=values[count // 2], spread=spread, bins=bins, peak=max(bins),
    )


KINDS = [
    ("list", "/{name}", "GET", list_page),
    ("detail", "/{name}/<int:key>", "GET", detail_page),
    ("json", "/api/{name}/<int:key>", "GET", json_row),
    ("search", "/api/{name}", "GET", json_search),
    ("create", "/{name}", "POST", create),
    ("statistics", "/{name}/statistics", "GET", statistics),
]


def _bind(function, entity):
    return lambda **keywords: function(entity, **keywords)


for _entity in ENTITIES:
    for _kind, _rule, _method, _function in KINDS:
        blueprint.add_url_rule(
            _rule.format(name=_entity.name), "%s_%s" % (_entity.name, _kind),
            _bind(_function, _entity), methods=[_method],
        )
