"""Makes the tables and fills them with rows that are the same at every start."""

import random
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.utils.text import slugify

from . import models as m

WORDS = (
    "annual audit backup billing board bridge budget campus catalog central change cloud coast contract copper "
    "dashboard data delivery desk digital district energy export field fleet forest freight garden gateway harbor "
    "import index inspection intranet island kernel ledger library license logistics lumen market marine media "
    "meeting metro mobile museum network north office orbit order parcel payroll pilot planning portal power "
    "print process quality radar record region remote report review river roof route sales school search sensor "
    "service signal solar staff station stock storage street summit supply survey ticket timber tower track "
    "training transit travel update valley vendor village water web window workshop yard"
).split()
FIRST = "Ada Ben Cleo Dan Eva Finn Grace Hugo Ida Jan Kim Lena Max Nora Otto Pia Quin Rosa Sam Tess".split()
LAST = "Adler Bauer Clark Diaz Evans Fuchs Gray Huber Ito Jansen Klein Lopez Meyer Novak Olsen Petit Roth".split()
CITIES = [("Berlin", "de"), ("Lyon", "fr"), ("Madrid", "es"), ("Turin", "it"), ("Graz", "at"), ("Brno", "cz"),
          ("Oslo", "no"), ("Porto", "pt"), ("Ghent", "be"), ("Basel", "ch")]
CHANGED = datetime(2024, 6, 1, 9, 30, tzinfo=timezone.utc)
PASSWORD = "quick$20$saltsaltsaltsaltsaltsalt$1N56TxzW0kY0efE+O+pxZK2AgnvcOIAmMovzEpCyM3k="  # of the word "office"


class Filler:
    """Random values from one seed, and rows in one go."""

    def __init__(self, number):
        self.rng = random.Random(number)

    def phrase(self, low, high):
        return " ".join(self.rng.choice(WORDS) for _ in range(self.rng.randint(low, high)))

    def text(self, paragraphs):
        return "\n\n".join(
            " ".join(self.phrase(4, 12).capitalize() + "." for _ in range(self.rng.randint(3, 6)))
            for _ in range(paragraphs)
        )

    def day(self, back, ahead=0):
        return settings.TODAY + timedelta(days=self.rng.randint(-back, ahead))

    def money(self, low, high):
        return Decimal(self.rng.randint(low * 100, high * 100)) / 100

    def rows(self, model, count, make):
        stamped = issubclass(model, m.Record)
        rows = []
        for key in range(1, count + 1):
            values = make(key)
            if stamped:
                values["changed"] = CHANGED - timedelta(minutes=self.rng.randint(0, 500000))
            rows.append(model(id=key, **values))
        model.objects.bulk_create(rows, batch_size=40)


def _people(f):
    pick, number = f.rng.choice, f.rng.randint
    f.rows(m.Department, 6, lambda k: {
        "name": "%s %d" % (pick(WORDS).title(), k), "code": "DP-%02d" % k, "floor": k % 5, "budget": f.money(9000, 90000)})
    f.rows(m.Employee, 24, lambda k: {
        "first": FIRST[k % 20], "last": LAST[k % 17], "email": "%s.%d@office.example" % (LAST[k % 17].lower(), k),
        "department_id": number(1, 6), "manager_id": k // 4 or None, "role": pick(m.Employee.ROLES)[0],
        "hired": f.day(5000, -30), "salary": f.money(2500, 9000), "active": k % 9 != 0})
    f.rows(m.Asset, 45, lambda k: {
        "name": f.phrase(1, 2).title(), "serial": "SN%05d" % (k * 37), "kind": pick(m.Asset.KINDS)[0],
        "bought": f.day(2500), "price": f.money(80, 30000), "owner_id": number(1, 24) if k % 4 else None})
    f.rows(m.Room, 10, lambda k: {
        "name": WORDS[k * 7].title(), "seats": number(2, 30), "floor": k % 5, "projector": k % 3 == 0})
    f.rows(m.Booking, 60, lambda k: {
        "room_id": k % 10 + 1, "employee_id": number(1, 24), "day": settings.TODAY + timedelta(days=k // 8 - 4),
        "start": 7 + 3 * (k % 4), "hours": number(1, 3), "subject": f.phrase(2, 4)})
    f.rows(m.Leave, 40, lambda k: (lambda first: {
        "employee_id": number(1, 24), "first": first, "last": first + timedelta(days=number(0, 18)),
        "kind": pick(m.Leave.KINDS)[0], "approved": k % 3 > 0})(f.day(200, 120)))
    f.rows(m.Expense, 80, lambda k: {
        "employee_id": number(1, 24), "day": f.day(400), "kind": pick(m.Expense.KINDS)[0],
        "amount": f.money(5, 400), "note": f.phrase(1, 4), "approved": k % 2 == 0})


def _work(f):
    pick, number = f.rng.choice, f.rng.randint
    f.rows(m.Tag, 10, lambda k: {"name": WORDS[k * 6], "slug": WORDS[k * 6]})
    f.rows(m.Client, 20, lambda k: {
        "name": f.phrase(2, 2).title() + pick((" Ltd", " GmbH", " SA")), "city": CITIES[k % 10][0],
        "country": CITIES[k % 10][1], "email": "c%d@%s.example" % (k, pick(WORDS)), "since": f.day(3000),
        "rating": number(1, 5)})
    f.rows(m.Contact, 45, lambda k: {
        "client_id": k % 20 + 1, "name": "%s %s" % (pick(FIRST), pick(LAST)), "phone": "+49 30 %06d" % number(0, 999999),
        "email": "p%d@%s.example" % (k, pick(WORDS))})
    f.rows(m.Project, 24, lambda k: (lambda start: {
        "client_id": number(1, 20), "name": f.phrase(2, 4).title(), "code": "PR-%03d" % k, "lead_id": number(1, 24),
        "start": start, "end": start + timedelta(days=number(30, 500)) if k % 5 else None,
        "budget": f.money(4000, 250000), "state": pick(m.Project.STATES)[0], "text": f.text(2)})(f.day(900)))
    f.rows(m.Task, 150, lambda k: {
        "project_id": k % 24 + 1, "title": f.phrase(2, 5).capitalize(), "assignee_id": number(1, 24) if k % 7 else None,
        "state": pick(m.Task.STATES)[0], "priority": number(0, 4), "due": f.day(90, 120), "estimate": number(1, 80) / 2})
    f.rows(m.TimeEntry, 450, lambda k: {
        "task_id": number(1, 150), "employee_id": number(1, 24), "day": f.day(120),
        "hours": Decimal(number(1, 32)) / 4, "note": f.phrase(1, 3)})
    f.rows(m.Page, 16, lambda k: (lambda title: {
        "title": title.capitalize(), "slug": slugify("%s %d" % (title, k)), "author_id": number(1, 24),
        "body": "## %s\n\n%s\n\n- %s\n- %s\n" % (f.phrase(1, 3), f.text(3), f.phrase(3, 6), f.phrase(3, 6))
    })(f.phrase(3, 5)))
    for project in m.Project.objects.all():
        project.tags.set(f.rng.sample(range(1, 11), number(0, 3)))
    for page in m.Page.objects.all():
        page.tags.set(f.rng.sample(range(1, 11), number(0, 3)))
    link = m.Task.after.through
    link.objects.bulk_create(
        [link(from_task_id=k, to_task_id=k - 24 * number(1, (k - 1) // 24)) for k in range(25, 151) if k % 3])


def _money(f):
    pick, number = f.rng.choice, f.rng.randint
    f.rows(m.Invoice, 60, lambda k: (lambda issued: {
        "client_id": number(1, 20), "project_id": number(1, 24), "number": "2024-%04d" % k, "issued": issued,
        "due": issued + timedelta(days=pick((14, 30, 60))), "state": pick(m.Invoice.STATES)[0]})(f.day(700)))
    f.rows(m.InvoiceLine, 200, lambda k: {
        "invoice_id": k % 60 + 1, "text": f.phrase(2, 5), "quantity": Decimal(number(1, 160)) / 4,
        "price": f.money(20, 180), "vat": pick((Decimal("19.0"), Decimal("7.0")))})


def seed():
    """The whole office; the user who asks has some rights, as most have."""
    call_command("migrate", run_syncdb=True, verbosity=0)
    filler = Filler(20240603)
    _people(filler)
    _work(filler)
    _money(filler)
    user = User.objects.create(id=1, username="ada", first_name="Ada", last_name="Adler", password=PASSWORD,
                               email="adler.1@office.example", is_staff=True, date_joined=CHANGED)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="office")
                              .exclude(codename="delete_department"))
