"""Reports: queries that group and join, and what Python makes of their rows."""

from collections import Counter, OrderedDict, defaultdict
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate, groupby
from operator import attrgetter, itemgetter

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db.models import Avg, Case, Count, DecimalField, F, Max, Min, Q, Sum, Value, When
from django.db.models.functions import ExtractMonth, ExtractYear, TruncMonth
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _

from .. import forms, models as m

AMOUNT = Sum(F("lines__quantity") * F("lines__price"), output_field=DecimalField(max_digits=14, decimal_places=2))
REPORTS = [
    ("revenue", _("Revenue by month")), ("clients", _("Best clients")), ("hours", _("Hours by project")),
    ("overtime", _("Overtime")), ("budget", _("Budgets")), ("payroll", _("Payroll")), ("expenses", _("Expenses")),
    ("ageing", _("Unpaid invoices by age")), ("assets", _("Value of assets")), ("leave", _("Leave taken")),
    ("load", _("Load of people")), ("rooms", _("Use of rooms")), ("tags", _("Tags that meet")),
    ("forecast", _("Forecast")), ("words", _("Words of pages")),
]


@login_required
def index(request):
    return render(request, "office/report/index.html", {"reports": REPORTS})


@login_required
def revenue(request):
    form = forms.PeriodForm(request.GET or {"first": "2023-01-01", "last": "2024-06-03"})
    if not form.is_valid():
        return render(request, "office/report/period.html", {"form": form}, status=422)
    rows = (
        m.Invoice.objects.filter(issued__range=(form.cleaned_data["first"], form.cleaned_data["last"]))
        .exclude(state__in=("draft", "void")).annotate(month=TruncMonth("issued"))
        .values("month").annotate(amount=AMOUNT, count=Count("id", distinct=True)).order_by("month")
    )
    lines, running = [], Decimal(0)
    for row in rows:
        running += row["amount"] or 0
        lines.append((row["month"], row["count"], row["amount"] or 0, running))
    peak = max((line[2] for line in lines), default=0)
    return render(request, "office/report/revenue.html", {"lines": lines, "peak": peak, "total": running, "form": form})


@login_required
def clients(request):
    rows = list(m.Client.objects.annotate(amount=Sum(
        F("invoices__lines__quantity") * F("invoices__lines__price"),
        output_field=DecimalField(max_digits=14, decimal_places=2))).exclude(amount=None).order_by("-amount", "id"))
    total = sum(row.amount for row in rows)
    classes, running = {"A": [], "B": [], "C": []}, Decimal(0)
    for row in rows:
        running += row.amount
        classes["A" if running < total * 7 / 10 else "B" if running < total * 9 / 10 else "C"].append(row)
    return render(request, "office/report/clients.html", {"classes": classes, "total": total})


@login_required
def hours(request):
    rows = m.Project.objects.with_hours().select_related("lead").order_by("-hours", "id")[:15]
    peak = max(row.hours or 0 for row in rows)
    return render(request, "office/report/hours.html", {"rows": rows, "peak": peak})


@login_required
def overtime(request):
    weeks = defaultdict(Counter)
    for name, day, count in m.TimeEntry.objects.values_list("employee__last", "day", "hours")[:400]:
        weeks["%d-%02d" % day.isocalendar()[:2]][name] += float(count)
    table = {week: people.most_common(3) for week, people in sorted(weeks.items())}
    return render(request, "office/report/overtime.html", {"table": table})


@login_required
def budget(request):
    lines = []
    hourly = {row.pk: row.hourly for row in m.Employee.objects.all()}
    spent = defaultdict(Decimal)
    for project, employee, count in m.TimeEntry.objects.values_list("task__project", "employee").annotate(n=Sum("hours")):
        spent[project] += hourly[employee] * count
    for project in m.Project.objects.filter(state__in=("run", "end")).select_related("client"):
        used = spent[project.pk].quantize(m.CENT)
        lines.append((project, used, project.budget - used, int(100 * used / project.budget)))
    lines.sort(key=itemgetter(3), reverse=True)
    return render(request, "office/report/budget.html", {"lines": lines[:20]})


@login_required
def payroll(request):
    people = m.Employee.objects.active().select_related("department").order_by("department__name", "last", "id")
    groups = []
    for department, members in groupby(people, attrgetter("department")):
        lines = []
        for one in members:
            gross = one.salary
            tax = _tax(gross * 12) / 12
            lines.append((one, gross, tax.quantize(m.CENT), (gross - tax).quantize(m.CENT)))
        groups.append((department, lines, sum(line[1] for line in lines)))
    return render(request, "office/report/payroll.html", {"groups": groups})


def _tax(income):
    """By brackets; none on the first ten thousand."""
    total = Decimal(0)
    for low, high, rate in ((10000, 30000, 14), (30000, 62000, 31), (62000, 10**9, 42)):
        if income > low:
            total += (min(income, high) - low) * Decimal(rate) / 100
    return total


@login_required
def expenses(request):
    rows = m.Expense.objects.values("kind", year=ExtractYear("day")).annotate(
        total=Sum("amount"), open=Sum(Case(When(approved=False, then=F("amount")), default=Value(Decimal(0)),
                                           output_field=DecimalField(max_digits=12, decimal_places=2))))
    table = defaultdict(OrderedDict)
    for row in rows.order_by("kind", "year"):
        table[row["kind"]][row["year"]] = (row["total"], row["open"])
    years = sorted({row["year"] for row in rows})
    return render(request, "office/report/expenses.html", {"table": dict(table), "years": years, "kinds": dict(m.Expense.KINDS)})


@login_required
def ageing(request):
    groups = OrderedDict((label, []) for label in ("0-30", "31-60", "61-90", "90+"))
    for invoice in m.Invoice.objects.filter(state="sent").select_related("client").prefetch_related("lines"):
        age = (settings.TODAY - invoice.issued).days
        groups["0-30" if age <= 30 else "31-60" if age <= 60 else "61-90" if age <= 90 else "90+"].append(invoice)
    lines = [(label, rows[:6], sum(row.gross for row in rows)) for label, rows in groups.items()]
    return render(request, "office/report/ageing.html", {"lines": lines, "total": sum(line[2] for line in lines)})


@login_required
def assets(request):
    table = defaultdict(lambda: [0, Decimal(0), Decimal(0)])
    for asset in m.Asset.objects.all():
        row = table[asset.get_kind_display()]
        row[0] += 1
        row[1] += asset.price
        row[2] += asset.value(settings.TODAY)
    return render(request, "office/report/assets.html", {"table": sorted(table.items())})


@login_required
def leave(request, year):
    taken = defaultdict(lambda: defaultdict(int))
    for one in m.Leave.objects.filter(first__year=year).select_related("employee"):
        taken[one.employee][one.kind] += one.days
    rows = sorted(taken.items(), key=lambda pair: (-sum(pair[1].values()), pair[0].pk))
    rows = [(employee, dict(kinds), 28 - kinds.get("hol", 0)) for employee, kinds in rows]
    return render(request, "office/report/leave.html", {"rows": rows[:20], "kinds": m.Leave.KINDS, "year": year})


@login_required
def load(request):
    rows = m.Employee.objects.active().annotate(
        open=Count("tasks", filter=~Q(tasks__state="done")), late=Count("tasks", filter=Q(tasks__due__lt=settings.TODAY)),
        estimate=Sum("tasks__estimate", filter=~Q(tasks__state="done"))).exclude(open=0).order_by("-estimate", "id")
    return render(request, "office/report/load.html", {"rows": rows[:15]})


@login_required
def rooms(request):
    rows = m.Room.objects.annotate(n=Count("bookings"), hours=Sum("bookings__hours"), first=Min("bookings__start"),
                                   last=Max("bookings__start"), mean=Avg("bookings__hours"))
    return render(request, "office/report/rooms.html", {"rows": rows})


@login_required
def tags(request):
    pairs = Counter()
    for project in m.Project.objects.prefetch_related("tags"):
        names = [tag.name for tag in project.tags.all()]
        pairs.update((a, b) for index, a in enumerate(names) for b in names[index + 1:])
    names = sorted({name for pair in pairs for name in pair})
    rows = [(a, [pairs[min(a, b), max(a, b)] for b in names]) for a in names]
    return render(request, "office/report/tags.html", {"names": names, "rows": rows})


@login_required
def forecast(request, count):
    """A line through the revenue of past months, and where it leads."""
    rows = (m.Invoice.objects.annotate(y=ExtractYear("issued"), mo=ExtractMonth("issued")).values("y", "mo")
            .annotate(amount=AMOUNT).order_by("y", "mo"))
    values = [float(row["amount"] or 0) for row in rows]
    if len(values) < 3:
        raise Http404
    n, xs = len(values), range(len(values))
    mean_x, mean_y = sum(xs) / n, sum(values) / n
    slope = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, values)) / sum((x - mean_x) ** 2 for x in xs)
    start = mean_y - slope * mean_x
    smooth = [values[0]]
    for value in values[1:]:
        smooth.append(0.3 * value + 0.7 * smooth[-1])
    ahead = [(n + i, start + slope * (n + i)) for i in range(min(count, 24))]
    return render(request, "office/report/forecast.html", {
        "values": list(zip(values, smooth, accumulate(values))), "ahead": ahead, "slope": slope})


@login_required
def words(request):
    counter = Counter()
    for body in m.Page.objects.values_list("body", flat=True)[:8]:
        counter.update(word.strip(".#-").lower() for word in body.split())
    common = [(word, n) for word, n in sorted(counter.items(), key=lambda p: (-p[1], p[0])) if len(word) > 3][:20]
    return render(request, "office/report/words.html", {"common": common, "unique": len(counter)})


@login_required
def burndown(request, pk):
    project = get_object_or_404(m.Project, pk=pk)
    tasks = list(project.tasks.all())
    total, day, points = sum(task.estimate for task in tasks), settings.TODAY - timedelta(days=60), []
    while day <= settings.TODAY:
        done = sum(task.estimate for task in tasks if task.state == "done" and task.due <= day)
        points.append((day.isoformat(), total - done))
        day += timedelta(days=5)
    step = 400 / max(1, len(points) - 1)
    line = " ".join("%.0f,%.1f" % (i * step, 100 - 100 * left / (total or 1)) for i, (_day, left) in enumerate(points))
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 100"><polyline points="%s"/></svg>' % line
    return HttpResponse(svg, content_type="image/svg+xml")


@login_required
def birthdays(request):
    """Years in the office, for those who have a round number of them this year."""
    rows = []
    for employee in m.Employee.objects.active():
        years = settings.TODAY.year - employee.hired.year
        if years and years % 5 == 0:
            rows.append((date(settings.TODAY.year, employee.hired.month, min(28, employee.hired.day)), employee, years))
    return render(request, "office/report/birthdays.html", {"rows": sorted(rows, key=itemgetter(0))})
