"""The engine, the session of a request, and rows that are the same at every start."""

import random
from datetime import date, timedelta

from flask import g
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from . import models as m

# One connection: the database is in memory, and a fork copies it with everything else.
engine = create_engine(
    "sqlite://", connect_args={"check_same_thread": False}, poolclass=StaticPool
)

WORDS = (
    "amber anchor apple basket blue brass bright candle cedar clay cloud copper coral cotton crisp "
    "dawn deep dusk ember fern field flint frost garden glass gold grain green harbor hazel heron "
    "iron island ivory juniper kettle lake lamp leaf lemon linen maple marble meadow mint moon moss "
    "north oak ocean olive opal orchid paper pearl pepper pine plain plum quartz quiet rain raven "
    "river rose sage salt sand silver sky slate smoke snow spice spring star stone storm summer "
    "sun tea thistle tide timber valley velvet violet water wheat willow wind winter wood wool"
).split()
CITIES = "Berlin Paris Madrid Rome Vienna Prague Oslo Porto Ghent Lyon Turin Basel".split()
COUNTRIES = "de fr es it at cz no pt be ch".split()
ROLES = "buyer clerk driver engineer lead manager packer writer".split()
STATES = ("new", "paid", "packed", "sent", "returned")
TODAY = date(2024, 6, 1)


def session() -> Session:
    """The session of the current request; made at its first use."""
    if "session" not in g:
        g.session = Session(engine)
    return g.session


def _phrase(rng: random.Random, low: int, high: int) -> str:
    return " ".join(rng.choice(WORDS) for _ in range(rng.randint(low, high)))


def _text(rng: random.Random) -> str:
    sentences = (_phrase(rng, 4, 14).capitalize() + "." for _ in range(rng.randint(3, 9)))
    return " ".join(sentences)


def _day(rng: random.Random) -> date:
    return TODAY - timedelta(days=rng.randint(0, 900))


def _catalogue(rng: random.Random) -> list:
    categories = [
        m.Category(id=i, name=_phrase(rng, 1, 2), parent_id=i // 3 or None, rank=rng.randint(1, 9))
        for i in range(1, 25)
    ]
    suppliers = [
        m.Supplier(
            id=i, name=_phrase(rng, 2, 2).title(), country=rng.choice(COUNTRIES),
            email="%s@%s.example" % (rng.choice(WORDS), rng.choice(WORDS)),
        )
        for i in range(1, 21)
    ]
    products = [
        m.Product(
            id=i, name=_phrase(rng, 2, 3).title(), sku="%s-%04d" % (rng.choice(WORDS)[:3].upper(), i),
            price=rng.randint(99, 49900), weight=rng.uniform(0.05, 30), stock=rng.randint(0, 80),
            active=rng.random() < 0.9, text=_text(rng), supplier_id=rng.randint(1, 20),
            categories=rng.sample(categories, rng.randint(1, 3)),
        )
        for i in range(1, 201)
    ]
    reviews = [
        m.Review(
            id=i, product_id=rng.randint(1, 200), author=rng.choice(WORDS).title(),
            stars=rng.randint(1, 5), text=_text(rng),
        )
        for i in range(1, 401)
    ]
    return categories + suppliers + products + reviews


def _people(rng: random.Random) -> list:
    customers = [
        m.Customer(
            id=i, first=rng.choice(WORDS).title(), last=rng.choice(WORDS).title(),
            email="c%d@%s.example" % (i, rng.choice(WORDS)), since=_day(rng),
            points=rng.randint(0, 1000),
        )
        for i in range(1, 81)
    ]
    addresses = [
        m.Address(
            id=i, customer_id=(i - 1) % 80 + 1, city=rng.choice(CITIES), zip="%05d" % rng.randint(1000, 99999),
            street="%s street %d" % (rng.choice(WORDS).title(), rng.randint(1, 200)),
            country=rng.choice(COUNTRIES),
        )
        for i in range(1, 121)
    ]
    employees = [
        m.Employee(
            id=i, name=_phrase(rng, 2, 2).title(), role=rng.choice(ROLES),
            salary=rng.randint(2500, 9500), boss_id=i // 4 or None,
        )
        for i in range(1, 41)
    ]
    return customers + addresses + employees


def _business(rng: random.Random) -> list:
    orders = [
        m.Order(
            id=i, customer_id=rng.randint(1, 80), placed=_day(rng), state=rng.choice(STATES),
            shipping=rng.choice((0, 490, 990)),
        )
        for i in range(1, 161)
    ]
    lines = [
        m.OrderLine(
            id=i, order_id=rng.randint(1, 160), product_id=rng.randint(1, 200),
            quantity=rng.randint(1, 5), price=rng.randint(99, 49900),
        )
        for i in range(1, 481)
    ]
    coupons = [
        m.Coupon(id=i, code="%s%02d" % (WORDS[i], i), percent=rng.choice((5, 10, 20)), until=_day(rng))
        for i in range(1, 31)
    ]
    articles = [
        m.Article(
            id=i, title=_phrase(rng, 3, 6), author=rng.choice(WORDS).title(), published=_day(rng),
            body="\n\n".join(_text(rng) for _ in range(4)),
        )
        for i in range(1, 41)
    ]
    tickets = [
        m.Ticket(
            id=i, subject=_phrase(rng, 3, 7), priority=rng.randint(1, 4), open=rng.random() < 0.4,
            hours=rng.uniform(0, 300),
        )
        for i in range(1, 61)
    ]
    warehouses = [
        m.Warehouse(
            id=i, city=CITIES[i - 1], capacity=rng.randint(5000, 9000), used=rng.randint(100, 5000),
            lat=rng.uniform(36, 60), lon=rng.uniform(-9, 18),
        )
        for i in range(1, 13)
    ]
    return orders + lines + coupons + articles + tickets + warehouses


def seed() -> None:
    """Makes the tables and fills them."""
    rng = random.Random(20240601)
    m.Base.metadata.create_all(engine)
    with Session(engine) as db:
        for rows in (_catalogue(rng), _people(rng), _business(rng)):
            db.add_all(rows)
            db.commit()
