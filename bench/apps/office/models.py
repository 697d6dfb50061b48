"""The sixteen models of the office; users and their groups are Django's."""

from datetime import timedelta
from decimal import Decimal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q, Sum
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

CENT = Decimal("0.01")
CODE = RegexValidator(r"\A[A-Z]{2,4}-[0-9]{2,4}\Z", _("A code looks like AB-123."))


class Record(models.Model):
    """What all records share: an address, a document, a history of one date."""

    changed = models.DateTimeField(editable=False)

    class Meta:
        abstract = True

    def get_absolute_url(self):
        return reverse(self._meta.model_name + "-detail", args=[self.pk])

    def document(self):
        """The record as JSON knows it."""
        return {"id": self.pk, "kind": self._meta.model_name, "label": str(self)}


class Department(Record):
    name = models.CharField(max_length=40, unique=True)
    code = models.CharField(max_length=8, validators=[CODE])
    floor = models.PositiveSmallIntegerField(validators=[MaxValueValidator(9)])
    budget = models.DecimalField(max_digits=10, decimal_places=2)

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name


class EmployeeQuerySet(models.QuerySet):
    def active(self):
        return self.filter(active=True)

    def with_hours(self):
        return self.annotate(hours=Sum("entries__hours"))


class Employee(Record):
    ROLES = [("dev", _("Developer")), ("des", _("Designer")), ("adm", _("Administrator")),
             ("mgr", _("Manager")), ("acc", _("Accountant"))]
    first = models.CharField(max_length=30)
    last = models.CharField(max_length=30)
    email = models.EmailField(unique=True)
    department = models.ForeignKey(Department, models.CASCADE, related_name="employees")
    manager = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="team")
    role = models.CharField(max_length=3, choices=ROLES)
    hired = models.DateField()
    salary = models.DecimalField(max_digits=9, decimal_places=2, validators=[MinValueValidator(1000)])
    active = models.BooleanField(default=True)
    objects = EmployeeQuerySet.as_manager()

    class Meta:
        ordering = ["last", "first", "id"]

    def __str__(self):
        return f"{self.first} {self.last}"

    @property
    def years(self):
        return (settings.TODAY - self.hired).days // 365

    @property
    def hourly(self):
        return (self.salary * 12 / 1720).quantize(CENT)


class Client(Record):
    name = models.CharField(max_length=60)
    city = models.CharField(max_length=30)
    country = models.CharField(max_length=2)
    email = models.EmailField()
    since = models.DateField()
    rating = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(5)])

    class Meta:
        ordering = ["name", "id"]

    def __str__(self):
        return self.name

    def document(self):
        return {**super().document(), "place": f"{self.city} ({self.country.upper()})", "rating": self.rating}


class Contact(Record):
    client = models.ForeignKey(Client, models.CASCADE, related_name="contacts")
    name = models.CharField(max_length=60)
    phone = models.CharField(max_length=20, blank=True)
    email = models.EmailField()

    class Meta:
        ordering = ["name", "id"]

    def __str__(self):
        return self.name


class Tag(models.Model):
    name = models.CharField(max_length=20)
    slug = models.SlugField(unique=True)

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name


class ProjectQuerySet(models.QuerySet):
    def running(self):
        return self.filter(state="run")

    def with_hours(self):
        return self.annotate(hours=Sum("tasks__entries__hours"))


class Project(Record):
    STATES = [("new", _("Proposed")), ("run", _("Running")), ("end", _("Finished")), ("off", _("Dropped"))]
    client = models.ForeignKey(Client, models.CASCADE, related_name="projects")
    name = models.CharField(max_length=60)
    code = models.CharField(max_length=8, unique=True, validators=[CODE])
    lead = models.ForeignKey(Employee, models.PROTECT, related_name="leads")
    start = models.DateField()
    end = models.DateField(null=True, blank=True)
    budget = models.DecimalField(max_digits=10, decimal_places=2)
    state = models.CharField(max_length=3, choices=STATES, default="new")
    text = models.TextField(blank=True)
    tags = models.ManyToManyField(Tag, blank=True, related_name="projects")
    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ["-start", "id"]

    def __str__(self):
        return f"{self.code} {self.name}"

    def clean(self):
        if self.end and self.start and self.end < self.start:
            raise ValidationError({"end": _("A project ends after it starts.")})

    @cached_property
    def is_late(self):
        return self.state == "run" and self.end is not None and self.end < settings.TODAY

    def document(self):
        return {**super().document(), "state": self.get_state_display(), "start": self.start,
                "end": self.end, "budget": self.budget, "late": self.is_late}


class TaskQuerySet(models.QuerySet):
    def open(self):
        return self.exclude(state="done")

    def late(self):
        return self.open().filter(due__lt=settings.TODAY)


class Task(Record):
    STATES = [("todo", _("To do")), ("doing", _("In work")), ("wait", _("Waiting")), ("done", _("Done"))]
    project = models.ForeignKey(Project, models.CASCADE, related_name="tasks")
    title = models.CharField(max_length=80)
    assignee = models.ForeignKey(Employee, models.SET_NULL, null=True, blank=True, related_name="tasks")
    state = models.CharField(max_length=5, choices=STATES, default="todo")
    priority = models.PositiveSmallIntegerField(default=2, validators=[MaxValueValidator(4)])
    due = models.DateField()
    estimate = models.FloatField(validators=[MinValueValidator(0.25)])
    after = models.ManyToManyField("self", symmetrical=False, blank=True, related_name="before")
    objects = TaskQuerySet.as_manager()

    class Meta:
        ordering = ["due", "-priority", "id"]

    def __str__(self):
        return self.title

    @property
    def is_late(self):
        return self.state != "done" and self.due < settings.TODAY

    def document(self):
        return {**super().document(), "state": self.state, "due": self.due, "estimate": self.estimate}


class TimeEntry(models.Model):
    task = models.ForeignKey(Task, models.CASCADE, related_name="entries")
    employee = models.ForeignKey(Employee, models.CASCADE, related_name="entries")
    day = models.DateField()
    hours = models.DecimalField(max_digits=4, decimal_places=2)
    note = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ["-day", "id"]
        verbose_name_plural = "time entries"

    def __str__(self):
        return f"{self.day} {self.hours} h"


class Invoice(Record):
    STATES = [("draft", _("Draft")), ("sent", _("Sent")), ("paid", _("Paid")), ("void", _("Cancelled"))]
    client = models.ForeignKey(Client, models.CASCADE, related_name="invoices")
    project = models.ForeignKey(Project, models.SET_NULL, null=True, blank=True, related_name="invoices")
    number = models.CharField(max_length=12, unique=True)
    issued = models.DateField()
    due = models.DateField()
    state = models.CharField(max_length=5, choices=STATES, default="draft")

    class Meta:
        ordering = ["-issued", "number"]

    def __str__(self):
        return self.number

    def clean(self):
        if self.due and self.issued and not timedelta(0) <= self.due - self.issued <= timedelta(120):
            raise ValidationError({"due": _("An invoice is due within 120 days.")})

    @cached_property
    def net(self):
        return sum((line.amount for line in self.lines.all()), Decimal(0))

    @cached_property
    def vat(self):
        """By rate, for an invoice has to show each."""
        rates = {}
        for line in self.lines.all():
            rates[line.vat] = rates.get(line.vat, Decimal(0)) + line.amount * line.vat / 100
        return {rate: amount.quantize(CENT) for rate, amount in sorted(rates.items())}

    @property
    def gross(self):
        return self.net + sum(self.vat.values(), Decimal(0))

    @property
    def is_late(self):
        return self.state == "sent" and self.due < settings.TODAY


class InvoiceLine(models.Model):
    invoice = models.ForeignKey(Invoice, models.CASCADE, related_name="lines")
    text = models.CharField(max_length=80)
    quantity = models.DecimalField(max_digits=7, decimal_places=2)
    price = models.DecimalField(max_digits=9, decimal_places=2)
    vat = models.DecimalField(max_digits=4, decimal_places=1, default=Decimal("19.0"))

    class Meta:
        ordering = ["id"]

    @property
    def amount(self):
        return (self.quantity * self.price).quantize(CENT)


class Expense(Record):
    KINDS = [("train", _("Train")), ("hotel", _("Hotel")), ("meal", _("Meal")), ("other", _("Other"))]
    employee = models.ForeignKey(Employee, models.CASCADE, related_name="expenses")
    day = models.DateField()
    kind = models.CharField(max_length=5, choices=KINDS)
    amount = models.DecimalField(max_digits=8, decimal_places=2, validators=[MinValueValidator(CENT)])
    note = models.CharField(max_length=80, blank=True)
    approved = models.BooleanField(default=False)

    class Meta:
        ordering = ["-day", "id"]

    def __str__(self):
        return f"{self.get_kind_display()} {self.amount}"


class Asset(Record):
    KINDS = [("pc", _("Computer")), ("tel", _("Telephone")), ("car", _("Car")), ("seat", _("Chair"))]
    name = models.CharField(max_length=60)
    serial = models.CharField(max_length=20, unique=True)
    kind = models.CharField(max_length=4, choices=KINDS)
    bought = models.DateField()
    price = models.DecimalField(max_digits=8, decimal_places=2)
    owner = models.ForeignKey(Employee, models.SET_NULL, null=True, blank=True, related_name="assets")

    class Meta:
        ordering = ["name", "id"]

    def __str__(self):
        return f"{self.name} ({self.serial})"

    def value(self, day):
        """What is left of the price: a straight line over years that depend on the kind."""
        years = {"pc": 3, "tel": 3, "car": 6, "seat": 13}[self.kind]
        left = max(0, years * 365 - (day - self.bought).days)
        return (self.price * left / (years * 365)).quantize(CENT)


class Room(models.Model):
    name = models.CharField(max_length=30, unique=True)
    seats = models.PositiveSmallIntegerField()
    floor = models.PositiveSmallIntegerField()
    projector = models.BooleanField(default=False)

    class Meta:
        ordering = ["floor", "name"]

    def __str__(self):
        return self.name


class Booking(Record):
    room = models.ForeignKey(Room, models.CASCADE, related_name="bookings")
    employee = models.ForeignKey(Employee, models.CASCADE, related_name="bookings")
    day = models.DateField()
    start = models.PositiveSmallIntegerField(validators=[MinValueValidator(7), MaxValueValidator(19)])
    hours = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(8)])
    subject = models.CharField(max_length=60)

    class Meta:
        ordering = ["day", "start", "room_id"]

    def __str__(self):
        return f"{self.subject}, {self.day}"

    @property
    def end(self):
        return self.start + self.hours

    def clean(self):
        if None in (self.room_id, self.day, self.start, self.hours):
            return
        same = Booking.objects.filter(room=self.room_id, day=self.day).exclude(pk=self.pk)
        clash = same.filter(Q(start__lt=self.start + self.hours) & Q(start__gt=self.start - F("hours"))).first()
        if clash:
            raise ValidationError(_("The room is taken: %(other)s") % {"other": clash.subject})


class Leave(Record):
    KINDS = [("hol", _("Holiday")), ("ill", _("Illness")), ("par", _("Parental leave"))]
    employee = models.ForeignKey(Employee, models.CASCADE, related_name="leaves")
    first = models.DateField()
    last = models.DateField()
    kind = models.CharField(max_length=3, choices=KINDS)
    approved = models.BooleanField(default=False)

    class Meta:
        ordering = ["-first", "id"]

    def __str__(self):
        return f"{self.employee}: {self.get_kind_display()}"

    def clean(self):
        if self.first and self.last and self.last < self.first:
            raise ValidationError(_("The last day comes before the first."))

    @property
    def days(self):
        """Working days: Monday to Friday."""
        span = (self.last - self.first).days + 1
        return sum((self.first + timedelta(n)).weekday() < 5 for n in range(span))


class Page(Record):
    title = models.CharField(max_length=80)
    slug = models.SlugField(max_length=80, unique=True)
    author = models.ForeignKey(Employee, models.PROTECT, related_name="pages")
    body = models.TextField()
    tags = models.ManyToManyField(Tag, blank=True, related_name="pages")

    class Meta:
        ordering = ["-changed", "id"]

    def __str__(self):
        return self.title
