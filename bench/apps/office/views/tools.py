"""Small programs that somebody once asked for: dates, money, numbers, texts."""

import re
import unicodedata
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from difflib import SequenceMatcher, unified_diff
from functools import lru_cache
from heapq import heappop, heappush

from django import forms as django_forms
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST

from .. import models as m


def easter(year):
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    rest = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    n = (a + 11 * h + 22 * rest) // 451
    month, day = divmod(h + rest - 7 * n + 114, 31)
    return date(year, month, day + 1)


@lru_cache(maxsize=None)
def _fixed():
    return ((1, 1), (5, 1), (10, 3), (12, 25), (12, 26))


@login_required
def holidays(request, year):
    sunday = easter(year)
    days = {date(year, *one): "fixed" for one in _fixed()}
    days.update({sunday + timedelta(days=n): "moving" for n in (-2, 1, 39, 50)})
    return render(request, "office/tool/holidays.html", {"year": year, "days": sorted(days.items())})


@login_required
def working_days(request, first, last):
    count, day, holidays = 0, first, {}
    while day <= last:
        if day.year not in holidays:
            sunday = easter(day.year)
            holidays[day.year] = {sunday + timedelta(days=n) for n in (-2, 1, 39, 50)}
        count += day.weekday() < 5 and day not in holidays[day.year] and (day.month, day.day) not in _fixed()
        day += timedelta(days=1)
    return JsonResponse({"first": first, "last": last, "days": count})


class LoanForm(django_forms.Form):
    amount = django_forms.DecimalField(min_value=1, max_value=10**7)
    rate = django_forms.DecimalField(min_value=0, max_value=30)
    years = django_forms.IntegerField(min_value=1, max_value=40)


@login_required
def loan(request):
    form = LoanForm(request.GET or None)
    rows, payment = [], None
    if form.is_valid():
        rest = amount = form.cleaned_data["amount"]
        rate, count = form.cleaned_data["rate"] / 1200, form.cleaned_data["years"] * 12
        payment = amount * rate / (1 - (1 + rate) ** -count) if rate else amount / count
        paid = Decimal(0)
        for month in range(1, count + 1):
            interest = (rest * rate).quantize(m.CENT)
            rest, paid = rest - payment + interest, paid + interest
            if month % 12 == 0:
                rows.append((month // 12, paid, max(rest, Decimal(0))))
    return render(request, "office/tool/loan.html", {"form": form, "rows": rows, "payment": payment})


@login_required
def iban(request, code):
    moved = code[4:] + code[:4]
    number = int("".join(str(int(letter, 36)) for letter in moved))
    return JsonResponse({"iban": " ".join(re.findall("..?.?.?", code)), "valid": number % 97 == 1})


@login_required
@require_POST
def compare(request):
    old, new = (request.POST.get(name, "").splitlines() for name in ("old", "new"))
    lines = list(unified_diff(old, new, "old", "new", lineterm=""))
    ratio = SequenceMatcher(None, "\n".join(old), "\n".join(new)).ratio()
    return render(request, "office/tool/compare.html", {"lines": lines, "ratio": ratio})


@login_required
def seats(request, count):
    """The fewest rooms that seat so many people."""
    best = {0: ()}
    for room in m.Room.objects.all():
        for seats, rooms in list(best.items()):
            total = seats + room.seats
            if total not in best or len(best[total]) > len(rooms) + 1:
                best[total] = (*rooms, room)
    enough = min((seats for seats in best if seats >= count), default=None)
    rooms = best.get(enough, ())
    return render(request, "office/tool/seats.html", {"rooms": rooms, "count": count, "seats": enough})


@login_required
def doubles(request):
    """Names of clients that are nearly the same."""
    names = list(m.Client.objects.values_list("pk", "name")[:24])
    pairs = []
    for index, (pk, name) in enumerate(names):
        grams = Counter(name[i:i + 2].lower() for i in range(len(name) - 1))
        for other_pk, other in names[index + 1:]:
            others = Counter(other[i:i + 2].lower() for i in range(len(other) - 1))
            alike = 2 * sum((grams & others).values()) / (sum(grams.values()) + sum(others.values()))
            if alike > 0.5:
                pairs.append((round(alike, 3), pk, other_pk))
    return JsonResponse({"pairs": sorted(pairs, reverse=True)})


@login_required
def chain(request, start, goal):
    """How two people know each other: the shortest way over managers and projects they led."""
    near = {}
    for pk, manager in m.Employee.objects.values_list("pk", "manager"):
        if manager:
            near.setdefault(pk, {})[manager] = 1
            near.setdefault(manager, {})[pk] = 1
    for lead, worker in m.Project.objects.values_list("lead", "tasks__assignee"):
        if worker and worker != lead:
            near.setdefault(lead, {}).setdefault(worker, 3)
            near.setdefault(worker, {}).setdefault(lead, 3)
    seen, queue = {}, [(0, start, None)]
    while queue:
        cost, one, before = heappop(queue)
        if one in seen:
            continue
        seen[one] = before
        if one == goal:
            break
        for other, price in near.get(one, {}).items():
            if other not in seen:
                heappush(queue, (cost + price, other, one))
    way = []
    while goal in seen and goal is not None:
        way.append(goal)
        goal = seen[goal]
    names = m.Employee.objects.in_bulk(way)
    return JsonResponse({"way": [str(names[pk]) for pk in reversed(way)]})


@login_required
def initials(request):
    """Short names for everybody, all of them different."""
    taken = {}
    for employee in m.Employee.objects.order_by("id"):
        plain = unicodedata.normalize("NFD", employee.last).encode("ascii", "ignore").decode().lower()
        for length in range(1, len(plain) + 1):
            short = employee.first[0].lower() + plain[:length]
            if short not in taken:
                break
        else:
            short = "%s%d" % (short, employee.pk)
        taken[short] = employee.pk
    return JsonResponse(taken)


@login_required
@require_POST
def calculate(request):
    """A formula with + - * / and brackets."""
    tokens = re.findall(r"\d+(?:\.\d+)?|[-+*/()]", request.POST.get("formula", ""))[::-1]

    def atom():
        token = tokens.pop()
        if token == "(":
            value = total()
            tokens.pop()
            return value
        return -atom() if token == "-" else Decimal(token)

    def product():
        value = atom()
        while tokens and tokens[-1] in "*/":
            value = value * atom() if tokens.pop() == "*" else value / atom()
        return value

    def total():
        value = product()
        while tokens and tokens[-1] in "+-":
            value = value + product() if tokens.pop() == "+" else value - product()
        return value

    try:
        return JsonResponse({"value": round(total(), 4)})
    except (ArithmeticError, IndexError, ValueError):
        return JsonResponse({"error": "not a formula"}, status=422)


@login_required
def label(request, pk):
    """A label for an asset: bars for its serial number."""
    asset = get_object_or_404(m.Asset, pk=pk)
    bits = "".join(format(ord(letter) % 32, "05b") for letter in asset.serial)
    bars = ['<rect x="%d" width="2" height="40"/>' % (2 * i) for i, bit in enumerate(bits) if bit == "1"]
    return HttpResponse('<svg xmlns="http://www.w3.org/2000/svg">%s</svg>' % "".join(bars), content_type="image/svg+xml")
