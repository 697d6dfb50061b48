"""The twelve tables of the shop, and how a row of each is told to others."""

from sqlalchemy import Boolean, Column, Date, Float, ForeignKey, Integer, String, Table, Text
from sqlalchemy.orm import declarative_base, relationship

Base = declarative_base()

product_category = Table(
    "product_category",
    Base.metadata,
    Column("product_id", ForeignKey("product.id"), primary_key=True),
    Column("category_id", ForeignKey("category.id"), primary_key=True),
)


class Category(Base):
    __tablename__ = "category"
    id = Column(Integer, primary_key=True)
    name = Column(String(40))
    parent_id = Column(ForeignKey("category.id"))
    rank = Column(Integer)
    products = relationship("Product", secondary=product_category, back_populates="categories")

    def document(self):
        return {"id": self.id, "name": self.name, "parent": self.parent_id, "rank": self.rank}


class Supplier(Base):
    __tablename__ = "supplier"
    id = Column(Integer, primary_key=True)
    name = Column(String(40))
    country = Column(String(2))
    email = Column(String(60))
    products = relationship("Product", back_populates="supplier")

    def document(self):
        return {
            "id": self.id,
            "label": "%s (%s)" % (self.name, self.country),
            "contact": {"email": self.email, "domain": self.email.partition("@")[2]},
        }


class Product(Base):
    __tablename__ = "product"
    id = Column(Integer, primary_key=True)
    name = Column(String(60))
    sku = Column(String(16), unique=True)
    price = Column(Integer)  # cents
    weight = Column(Float)
    stock = Column(Integer)
    active = Column(Boolean)
    text = Column(Text)
    supplier_id = Column(ForeignKey("supplier.id"))
    supplier = relationship("Supplier", back_populates="products")
    categories = relationship(
        "Category", secondary=product_category, back_populates="products", order_by=Category.id
    )
    reviews = relationship("Review", back_populates="product", order_by="Review.id")

    def document(self):
        return {
            "id": self.id,
            "name": self.name,
            "sku": self.sku,
            "price": {"net": self.price, "gross": self.price * 119 // 100},
            "weight": round(self.weight, 2),
            "available": bool(self.active and self.stock > 0),
        }


class Customer(Base):
    __tablename__ = "customer"
    id = Column(Integer, primary_key=True)
    first = Column(String(30))
    last = Column(String(30))
    email = Column(String(60))
    since = Column(Date)
    points = Column(Integer)
    addresses = relationship("Address", back_populates="customer", order_by="Address.id")
    orders = relationship("Order", back_populates="customer", order_by="Order.id")

    def document(self):
        level = "gold" if self.points > 700 else "silver" if self.points > 300 else "plain"
        return {
            "id": self.id,
            "name": " ".join((self.first, self.last)),
            "since": self.since.isoformat(),
            "level": level,
        }


class Address(Base):
    __tablename__ = "address"
    id = Column(Integer, primary_key=True)
    customer_id = Column(ForeignKey("customer.id"))
    street = Column(String(60))
    city = Column(String(40))
    zip = Column(String(10))
    country = Column(String(2))
    customer = relationship("Customer", back_populates="addresses")

    def document(self):
        lines = [self.street, self.zip + " " + self.city, self.country.upper()]
        return {"id": self.id, "lines": lines, "one_line": ", ".join(lines)}


class Order(Base):
    __tablename__ = "orders"
    id = Column(Integer, primary_key=True)
    customer_id = Column(ForeignKey("customer.id"))
    placed = Column(Date)
    state = Column(String(10))
    shipping = Column(Integer)
    customer = relationship("Customer", back_populates="orders")
    lines = relationship("OrderLine", back_populates="order", order_by="OrderLine.id")

    def document(self):
        net = sum(line.quantity * line.price for line in self.lines)
        return {
            "id": self.id,
            "placed": str(self.placed),
            "state": self.state,
            "positions": len(self.lines),
            "total": net + self.shipping,
        }


class OrderLine(Base):
    __tablename__ = "order_line"
    id = Column(Integer, primary_key=True)
    order_id = Column(ForeignKey("orders.id"))
    product_id = Column(ForeignKey("product.id"))
    quantity = Column(Integer)
    price = Column(Integer)
    order = relationship("Order", back_populates="lines")
    product = relationship("Product")


class Review(Base):
    __tablename__ = "review"
    id = Column(Integer, primary_key=True)
    product_id = Column(ForeignKey("product.id"))
    author = Column(String(30))
    stars = Column(Integer)
    text = Column(Text)
    product = relationship("Product", back_populates="reviews")

    def document(self):
        words = self.text.split()
        return {"id": self.id, "stars": "*" * self.stars, "words": len(words), "by": self.author}


class Coupon(Base):
    __tablename__ = "coupon"
    id = Column(Integer, primary_key=True)
    code = Column(String(12), unique=True)
    percent = Column(Integer)
    until = Column(Date)

    def document(self):
        return {"code": self.code.upper(), "factor": 1 - self.percent / 100, "year": self.until.year}


class Article(Base):
    __tablename__ = "article"
    id = Column(Integer, primary_key=True)
    title = Column(String(60))
    author = Column(String(30))
    published = Column(Date)
    body = Column(Text)

    def document(self):
        teaser = self.body[:80].rsplit(" ", 1)[0]
        return {"id": self.id, "title": self.title.title(), "teaser": teaser + "..."}


class Ticket(Base):
    __tablename__ = "ticket"
    id = Column(Integer, primary_key=True)
    subject = Column(String(60))
    priority = Column(Integer)
    open = Column(Boolean)
    hours = Column(Float)

    def document(self):
        due = {1: 4.0, 2: 24.0, 3: 72.0}.get(self.priority, 168.0)
        return {"id": self.id, "subject": self.subject, "late": self.open and self.hours > due}


class Employee(Base):
    __tablename__ = "employee"
    id = Column(Integer, primary_key=True)
    name = Column(String(40))
    role = Column(String(20))
    salary = Column(Integer)
    boss_id = Column(ForeignKey("employee.id"))
    boss = relationship("Employee", remote_side=[id], backref="team")

    def document(self):
        initials = "".join(part[0] for part in self.name.split())
        return {"id": self.id, "initials": initials, "role": self.role, "boss": self.boss_id}


class Warehouse(Base):
    __tablename__ = "warehouse"
    id = Column(Integer, primary_key=True)
    city = Column(String(40))
    capacity = Column(Integer)
    used = Column(Integer)
    lat = Column(Float)
    lon = Column(Float)

    def document(self):
        return {
            "id": self.id,
            "city": self.city,
            "fill": "%.1f %%" % (100.0 * self.used / self.capacity),
            "position": [self.lat, self.lon],
        }
