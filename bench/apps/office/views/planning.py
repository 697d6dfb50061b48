"""Calendars, boards, rooms, hours: what the days of the office look like."""

import calendar as months
from collections import defaultdict
from datetime import date, timedelta

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.db.models import Prefetch, Sum
from django.http import Http404, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from .. import forms, models as m


@login_required
def calendar(request, year, month):
    if not 1 <= month <= 12:
        raise Http404
    weeks = months.Calendar().monthdatescalendar(year, month)
    first, last = weeks[0][0], weeks[-1][-1]
    meetings = defaultdict(list)
    for booking in m.Booking.objects.filter(day__range=(first, last)).select_related("room"):
        meetings[booking.day].append(booking)
    away = defaultdict(list)
    for leave in m.Leave.objects.filter(first__lte=last, last__gte=first).select_related("employee"):
        day = max(leave.first, first)
        while day <= min(leave.last, last):
            away[day].append(leave.employee)
            day += timedelta(days=1)
    return render(request, "office/planning/calendar.html", {
        "weeks": weeks, "month": date(year, month, 1), "meetings": meetings, "away": away})


@login_required
def rooms(request, day):
    rows = m.Room.objects.prefetch_related(
        Prefetch("bookings", m.Booking.objects.filter(day=day).select_related("employee"), to_attr="today"))
    plan = []
    for room in rows:
        hours = [None] * 13
        for booking in room.today:
            for hour in range(booking.start, min(20, booking.end)):
                hours[hour - 7] = booking
        plan.append((room, hours))
    return render(request, "office/planning/rooms.html", {"plan": plan, "day": day, "hours": range(7, 20)})


@login_required
def free_rooms(request):
    seats = int(request.GET.get("seats", 4))
    start, hours = int(request.GET.get("start", 9)), int(request.GET.get("hours", 2))
    taken = {
        booking.room_id for booking in m.Booking.objects.filter(day=settings.TODAY)
        if booking.start < start + hours and start < booking.end
    }
    rows = m.Room.objects.filter(seats__gte=seats).exclude(pk__in=taken).order_by("seats")
    return render(request, "office/planning/free.html", {"rows": rows, "start": start, "end": start + hours, "seats": seats})


@login_required
def board(request, pk):
    project = get_object_or_404(m.Project.objects.select_related("client"), pk=pk)
    columns = {state: (label, []) for state, label in m.Task.STATES}
    for task in project.tasks.select_related("assignee").prefetch_related("after"):
        columns[task.state][1].append(task)
    return render(request, "office/planning/board.html", {"project": project, "columns": columns.values()})


@login_required
@require_POST
def move(request, pk):
    task = get_object_or_404(m.Task, pk=pk)
    state = request.POST.get("state")
    if state not in dict(m.Task.STATES):
        return JsonResponse({"error": _("No such state.")}, status=422)
    if state == "done" and task.after.exclude(state="done").exists():
        return JsonResponse({"error": _("Other tasks come first.")}, status=409)
    with transaction.atomic():
        task.state = state
        task.save(update_fields=["state"])
        left = task.project.tasks.open().count()
        transaction.set_rollback(True)
    return JsonResponse({"task": task.pk, "state": task.get_state_display(), "left": left})


@login_required
def hours(request):
    form = forms.HoursForm(request.POST or None, initial={"day": settings.TODAY})
    if request.method == "POST" and form.is_valid():
        entry = form.save(commit=False)
        entry.employee_id = request.user.pk
        with transaction.atomic():
            entry.save()
            day = m.TimeEntry.objects.filter(employee=request.user.pk, day=entry.day).aggregate(n=Sum("hours"))["n"]
            transaction.set_rollback(True)
        messages.success(request, _("%(hours)s hours on that day.") % {"hours": day})
        return redirect("hours")
    last = m.TimeEntry.objects.filter(employee=request.user.pk).select_related("task__project")[:10]
    return render(request, "office/planning/hours.html", {"form": form, "last": last}, status=422 if form.errors else 200)


@login_required
def week(request, pk, year, number):
    employee = get_object_or_404(m.Employee, pk=pk)
    monday = date.fromisocalendar(year, number, 1)
    days = [monday + timedelta(days=n) for n in range(7)]
    table = {}
    for entry in employee.entries.filter(day__in=days).select_related("task"):
        row = table.setdefault(entry.task.title, dict.fromkeys(days, 0))
        row[entry.day] += entry.hours
    totals = [sum(row[day] for row in table.values()) for day in days]
    return render(request, "office/planning/week.html", {
        "employee": employee, "days": days, "table": sorted(table.items()), "totals": totals})


@login_required
def path(request, pk):
    """The longest chain of tasks that wait for each other, by their estimates."""
    project = get_object_or_404(m.Project, pk=pk)
    tasks = {task.pk: task for task in project.tasks.prefetch_related("after")}
    best = {}

    def length(task):
        if task.pk not in best:
            chains = [length(one) for one in task.after.all() if one.pk in tasks]
            longest, chain = max(chains, default=(0.0, ()), key=lambda pair: pair[0])
            best[task.pk] = (longest + task.estimate, (*chain, task))
        return best[task.pk]

    total, chain = max((length(task) for task in tasks.values()), default=(0.0, ()), key=lambda pair: pair[0])
    return render(request, "office/planning/path.html", {"project": project, "total": total, "chain": chain})


@login_required
def schedule(request):
    """Gives open tasks to people, the most urgent first, to whoever is free earliest."""
    people = list(m.Employee.objects.active().filter(role="dev")[:8])
    free = {person.pk: 0.0 for person in people}
    plan = defaultdict(list)
    for task in m.Task.objects.open().select_related("project").order_by("-priority", "due", "id")[:40]:
        person = min(people, key=lambda one: (free[one.pk], one.pk))
        start = free[person.pk]
        free[person.pk] = start + task.estimate
        plan[person].append((task, start / 8, (start + task.estimate) / 8))
    return render(request, "office/planning/schedule.html", {"plan": plan.items(), "days": max(free.values()) / 8})


@login_required
def organisation(request):
    """Everybody under their manager."""
    below = defaultdict(list)
    for employee in m.Employee.objects.select_related("department"):
        below[employee.manager_id].append(employee)
    lines, stack = [], [(0, one) for one in reversed(below[None])]
    while stack:
        depth, employee = stack.pop()
        lines.append((depth * 2, employee, len(below[employee.pk])))
        stack.extend((depth + 1, one) for one in reversed(below[employee.pk]))
    return render(request, "office/planning/organisation.html", {"lines": lines[:40], "count": len(lines)})


@login_required
def gantt(request):
    rows = list(m.Project.objects.running().exclude(end=None).select_related("lead").order_by("start"))
    if not rows:
        raise Http404
    first, last = min(row.start for row in rows), max(row.end for row in rows)
    span = (last - first).days or 1
    bars = [(row, 100 * (row.start - first).days // span, max(1, 100 * (row.end - row.start).days // span)) for row in rows]
    return render(request, "office/planning/gantt.html", {"bars": bars, "first": first, "last": last})


@login_required
def mine(request):
    tasks = m.Task.objects.filter(assignee=request.user.pk).open().select_related("project")
    soon = settings.TODAY + timedelta(days=14)
    groups = {"late": [], "soon": [], "later": []}
    for task in tasks:
        groups["late" if task.is_late else "soon" if task.due <= soon else "later"].append(task)
    return render(request, "office/planning/mine.html", {"groups": groups})
