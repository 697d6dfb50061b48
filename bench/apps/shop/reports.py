"""Reports: queries that group and join, and what Python makes of their rows."""

from collections import Counter, defaultdict
from operator import attrgetter, itemgetter

from flask import Blueprint, jsonify, render_template, request
from sqlalchemy import case, func, select

from . import models as m
from .database import session

blueprint = Blueprint("reports", __name__, url_prefix="/report")


@blueprint.route("/sales")
def sales():
    rows = session().execute(
        select(m.Order.state, func.sum(m.OrderLine.quantity * m.OrderLine.price))
        .join(m.OrderLine).group_by(m.Order.state).order_by(m.Order.state)
    ).all()
    total = sum(amount for _, amount in rows)
    return render_template("report/sales.html", rows=rows, total=total)


@blueprint.route("/sales/<int:year>")
def sales_by_month(year):
    rows = session().execute(
        select(m.Order.placed, m.Order.shipping).order_by(m.Order.placed).limit(100)
    ).all()
    months = defaultdict(lambda: [0, 0])
    for placed, shipping in rows:
        if placed.year == year:
            months[placed.month][0] += 1
            months[placed.month][1] += shipping
    return jsonify(year=year, months={"%02d" % month: pair for month, pair in months.items()})


@blueprint.route("/customers/top")
def top_customers():
    amount = func.sum(m.OrderLine.quantity * m.OrderLine.price).label("amount")
    rows = session().execute(
        select(m.Customer.first, m.Customer.last, amount)
        .join(m.Order, m.Order.customer_id == m.Customer.id).join(m.OrderLine)
        .group_by(m.Customer.id).order_by(amount.desc()).limit(request.args.get("n", 5, type=int))
    ).all()
    return render_template("report/top.html", rows=rows)


@blueprint.route("/stock")
def stock():
    state = case((m.Product.stock == 0, "none"), (m.Product.stock < 10, "low"), else_="fine")
    rows = session().execute(select(state, func.count()).group_by(state)).all()
    return jsonify({name: count for name, count in rows})


@blueprint.route("/reorder")
def reorder():
    rows = session().execute(
        select(m.Product).where(m.Product.stock < 6).order_by(m.Product.supplier_id, m.Product.id).limit(14)
    ).scalars().all()
    groups = defaultdict(list)
    for row in rows:
        groups[row.supplier_id].append((row.sku, 40 - row.stock, (40 - row.stock) * row.price))
    return render_template("report/reorder.html", groups=groups)


@blueprint.route("/words/<int:key>")
def words(key):
    body = session().get(m.Article, key).body.lower()
    counted = Counter(word.strip(".") for word in body.split())
    common = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))[:10]
    return jsonify(unique=len(counted), common=common)


@blueprint.route("/stars")
def review_marks():
    rows = session().execute(
        select(m.Review.stars, func.count(), func.avg(func.length(m.Review.text)))
        .group_by(m.Review.stars)
    ).all()
    return render_template("report/marks.html", rows=rows, most=max(row[1] for row in rows))


@blueprint.route("/payroll")
def payroll():
    rows = session().execute(select(m.Employee.role, m.Employee.salary)).all()
    roles = {}
    for role, salary in rows:
        low, high, total, count = roles.get(role, (10**9, 0, 0, 0))
        roles[role] = (min(low, salary), max(high, salary), total + salary, count + 1)
    return render_template("report/payroll.html", roles=sorted(roles.items()))


@blueprint.route("/tickets")
def tickets():
    rows = session().execute(select(m.Ticket).limit(30)).scalars().all()
    rows.sort(key=attrgetter("hours"), reverse=True)
    late = [row for row in rows if row.document()["late"]]
    return render_template("report/tickets.html", rows=rows[:6], late=len(late))


@blueprint.route("/pivot")
def pivot():
    rows = session().execute(
        select(m.Address.country, m.Address.city, func.count())
        .group_by(m.Address.country, m.Address.city)
    ).all()
    table = defaultdict(dict)
    for country, city, count in rows:
        table[city][country] = count
    columns = sorted({row[0] for row in rows})
    return render_template("report/pivot.html", table=sorted(table.items()), columns=columns)


@blueprint.route("/abc")
def abc():
    rows = session().execute(select(m.Product.sku, m.Product.price, m.Product.stock).limit(60)).all()
    values = sorted(((sku, price * stock) for sku, price, stock in rows), key=itemgetter(1), reverse=True)
    total, running, classes = sum(map(itemgetter(1), values)), 0, {"A": [], "B": [], "C": []}
    for sku, value in values:
        running += value
        classes["A" if running < total * 0.7 else "B" if running < total * 0.9 else "C"].append(sku)
    return jsonify({name: len(members) for name, members in classes.items()})


@blueprint.route("/moving/<int:window>")
def moving(window):
    prices = session().execute(select(m.Product.price).order_by(m.Product.id).limit(90)).scalars().all()
    window = max(2, min(30, window))
    current = sum(prices[:window])
    means = [current / window]
    for index in range(window, len(prices)):
        current += prices[index] - prices[index - window]
        means.append(current / window)
    return jsonify(window=window, low=min(means), high=max(means), last=round(means[-1], 2))


@blueprint.route("/coupons")
def coupons():
    rows = session().execute(select(m.Coupon).order_by(m.Coupon.until)).scalars().all()
    by_year = defaultdict(list)
    for row in rows:
        by_year[row.until.year].append(row.code)
    return render_template("report/coupons.html", by_year=by_year)


@blueprint.route("/suppliers.json")
def supplier_products():
    rows = session().execute(
        select(m.Supplier.name, m.Product.sku, m.Product.price)
        .join(m.Product).order_by(m.Supplier.name, m.Product.price).limit(50)
    ).all()
    result = {}
    for name, sku, price in rows:
        result.setdefault(name, {"cheapest": sku, "from": price, "all": 0})["all"] += 1
    return jsonify(result)
