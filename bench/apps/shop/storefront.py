"""What visitors of the shop see: pages from templates over joined queries."""

from datetime import date, timedelta

from flask import Blueprint, abort, redirect, render_template, request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from . import models as m
from .database import TODAY, session

blueprint = Blueprint("storefront", __name__)

_MENU = [("product", "Products"), ("category", "Categories"), ("article", "News"),
         ("order", "Orders"), ("customer", "Customers"), ("ticket", "Help")]


def menu():
    """What the base template needs on every page."""
    path = request.path
    entries = [("/" + name, label, path.startswith("/" + name)) for name, label in _MENU]
    return {"menu": entries, "visitor": request.cookies.get("visitor", "guest")}


@blueprint.route("/")
def home():
    db = session()
    newest = db.execute(select(m.Product).order_by(m.Product.id.desc()).limit(6)).scalars().all()
    news = db.execute(select(m.Article).order_by(m.Article.published.desc()).limit(3)).scalars().all()
    return render_template("shop/home.html", newest=newest, news=news)


@blueprint.route("/shop/category/<int:key>")
def category_tree(key):
    rows = session().execute(select(m.Category.id, m.Category.name, m.Category.parent_id)).all()
    children = {}
    for row in rows:
        children.setdefault(row.parent_id, []).append(row)
    return render_template("shop/tree.html", children=children, current=key)


@blueprint.route("/shop/category/<int:key>/products")
def category_products(key):
    category = session().execute(
        select(m.Category).options(selectinload(m.Category.products)).where(m.Category.id == key)
    ).scalar_one_or_none()
    if category is None:
        abort(404)
    cheapest = min((p.price for p in category.products), default=0)
    return render_template("shop/category.html", category=category, cheapest=cheapest)


@blueprint.route("/shop/product/<int:key>")
def product(key):
    row = session().execute(
        select(m.Product)
        .options(joinedload(m.Product.supplier), selectinload(m.Product.reviews))
        .where(m.Product.id == key)
    ).scalar_one_or_none()
    if row is None:
        abort(404)
    marks = [review.stars for review in row.reviews]
    mean = sum(marks) / len(marks) if marks else 0.0
    return render_template("shop/product.html", product=row, mean=mean, marks=marks)


@blueprint.route("/shop/compare")
def compare():
    keys = [int(part) for part in request.args["ids"].split(",")][:4]
    rows = session().execute(select(m.Product).where(m.Product.id.in_(keys))).scalars().all()
    lines = {
        "price": [row.price for row in rows],
        "weight": ["%.2f kg" % row.weight for row in rows],
        "stock": ["yes" if row.stock else "no" for row in rows],
    }
    return render_template("shop/compare.html", rows=rows, lines=lines)


@blueprint.route("/shop/cart", methods=["POST"])
def cart():
    wanted = {}
    for name, value in request.form.items():
        if name.startswith("p"):
            wanted[int(name[1:])] = max(0, min(99, int(value)))
    rows = session().execute(
        select(m.Product.id, m.Product.name, m.Product.price).where(m.Product.id.in_(wanted))
    ).all()
    lines = [(row.name, wanted[row.id], row.price * wanted[row.id]) for row in rows]
    total = sum(line[2] for line in lines)
    rebate = total * 5 // 100 if total > 50000 else 0
    return render_template("shop/cart.html", lines=lines, total=total, rebate=rebate)


@blueprint.route("/shop/shipping/<code>")
def shipping(code):
    zones = {"de": 0, "fr": 1, "be": 1, "cz": 1, "at": 1, "ch": 2, "it": 2}
    zone = zones.get(code, 3)
    table = []
    for weight in (0.5, 1, 2, 5, 10, 20, 31.5):
        base = 390 + 150 * zone
        table.append((weight, base + int(weight * (45 + 30 * zone)), 1 + zone + (weight > 10)))
    return render_template("shop/shipping.html", code=code, zone=zone, table=table)


@blueprint.route("/shop/calendar/<int:year>/<int:month>")
def calendar(year, month):
    if not 1 <= month <= 12:
        abort(404)
    first = date(year, month, 1)
    start = first - timedelta(days=first.weekday())
    weeks = [[start + timedelta(days=7 * w + d) for d in range(7)] for w in range(6)]
    holidays = {date(year, 1, 1), date(year, 5, 1), date(year, 12, 25)}
    return render_template("shop/calendar.html", first=first, weeks=weeks, holidays=holidays)


@blueprint.route("/shop/article/<int:key>")
def article(key):
    row = session().get(m.Article, key)
    if row is None:
        abort(404)
    words = len(row.body.split())
    return render_template("shop/article.html", article=row, words=words, minutes=1 + words // 180)


@blueprint.route("/shop/archive/<int:year>")
def archive(year):
    rows = session().execute(
        select(m.Article.id, m.Article.title, m.Article.published)
        .where(m.Article.published.between(date(year, 1, 1), date(year, 12, 31)))
        .order_by(m.Article.published)
    ).all()
    months = {}
    for row in rows:
        months.setdefault(row.published.strftime("%B"), []).append(row)
    return render_template("shop/archive.html", year=year, months=months)


@blueprint.route("/shop/account/<int:key>")
def account(key):
    customer = session().execute(
        select(m.Customer)
        .options(selectinload(m.Customer.orders).selectinload(m.Order.lines))
        .where(m.Customer.id == key)
    ).scalar_one_or_none()
    if customer is None:
        abort(404)
    spent = sum(line.quantity * line.price for order in customer.orders for line in order.lines)
    days = (TODAY - customer.since).days
    return render_template("shop/account.html", customer=customer, spent=spent, days=days)


@blueprint.route("/shop/order/<int:key>/invoice")
def invoice(key):
    order = session().execute(
        select(m.Order)
        .options(joinedload(m.Order.customer), selectinload(m.Order.lines).joinedload(m.OrderLine.product))
        .where(m.Order.id == key)
    ).scalar_one_or_none()
    if order is None:
        abort(404)
    net = sum(line.quantity * line.price for line in order.lines)
    return render_template("shop/invoice.html", order=order, net=net, vat=net * 19 // 100)


@blueprint.route("/shop/reviews/best")
def best_reviews():
    least = request.args.get("least", 4, type=int)
    rows = session().execute(
        select(m.Review).options(joinedload(m.Review.product))
        .where(m.Review.stars >= least).order_by(m.Review.id.desc()).limit(6)
    ).scalars().all()
    return render_template("shop/reviews.html", reviews=rows, least=least)


@blueprint.route("/shop/team")
def team():
    rows = session().execute(select(m.Employee).order_by(m.Employee.id).limit(16)).scalars().all()
    by_boss = {}
    for row in rows:
        by_boss.setdefault(row.boss_id, []).append(row)
    return render_template("shop/team.html", by_boss=by_boss)


@blueprint.route("/shop/suppliers/<code>")
def suppliers(code):
    rows = session().execute(
        select(m.Supplier, func.count(m.Product.id))
        .join(m.Product).where(m.Supplier.country == code).group_by(m.Supplier.id)
    ).all()
    return render_template("shop/suppliers.html", code=code, rows=rows)


@blueprint.route("/shop/search")
def search():
    word = request.args.get("q", "").strip().lower()
    if not word:
        return redirect(url_for("storefront.home"))
    rows = session().execute(
        select(m.Product).where(m.Product.text.contains(word)).limit(5)
    ).scalars().all()
    ranked = sorted(rows, key=lambda row: (-row.text.lower().count(word), row.name))
    return render_template("shop/search.html", word=word, rows=ranked)


@blueprint.route("/shop/old/<int:key>")
def moved(key):
    return redirect(url_for("storefront.product", key=key), 301)


@blueprint.route("/shop/warehouses")
def warehouses():
    rows = session().execute(select(m.Warehouse).order_by(m.Warehouse.city)).scalars().all()
    free = sum(row.capacity - row.used for row in rows)
    return render_template("shop/warehouses.html", rows=rows, free=free)


@blueprint.app_errorhandler(404)
def not_found(_error):
    return render_template("shop/missing.html", path=request.path), 404
