"""JSON for programs: lists and single records, a search, batches, and checks of what is sent."""

import base64
import hashlib
import hmac
import json
from functools import wraps

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.serializers import serialize
from django.db import transaction
from django.db.models import Avg, Count, Q, Sum
from django.forms.models import model_to_dict
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils.dateparse import parse_date
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from .. import forms, models as m


def needs_login(function):
    """401 as JSON instead of a page to log in."""

    @wraps(function)
    def check(request, *args, **kwargs):
        if not request.user.is_authenticated:
            return JsonResponse({"error": "login"}, status=401)
        return function(request, *args, **kwargs)

    return check


def _body(request):
    try:
        value = json.loads(request.body)
    except ValueError as error:
        raise ValidationError("JSON: %s" % type(error).__name__) from error
    if not isinstance(value, dict):
        raise ValidationError("an object expected")
    return value


class Endpoint(View):
    """GET gives one record or a page of them; faults are documents, too."""

    model = None
    select = ()

    @method_decorator(needs_login)
    def dispatch(self, request, *args, **kwargs):
        try:
            return super().dispatch(request, *args, **kwargs)
        except ValidationError as error:
            return JsonResponse({"faults": error.messages}, status=422)

    def rows(self):
        return self.model.objects.select_related(*self.select)

    def get(self, request, pk=None):
        if pk is not None:
            return JsonResponse(self.full(get_object_or_404(self.rows(), pk=pk)))
        try:
            start, count = int(request.GET.get("start", 0)), min(50, int(request.GET.get("count", 10)))
        except ValueError as error:
            raise ValidationError("start and count are numbers") from error
        rows = self.rows()
        documents = [row.document() for row in rows[start:start + count]]
        return JsonResponse({"total": rows.count(), "start": start, "items": documents})

    def full(self, row):
        return row.document()


class Projects(Endpoint):
    model, select = m.Project, ("client", "lead")

    def full(self, row):
        tasks = row.tasks.values("state").annotate(n=Count("id"), hours=Sum("estimate")).order_by("state")
        return {**row.document(), "client": row.client.document(), "lead": str(row.lead), "tasks": list(tasks)}


class Tasks(Endpoint):
    model, select = m.Task, ("project", "assignee")

    def full(self, row):
        entries = [{"day": one.day, "hours": one.hours} for one in row.entries.all()[:10]]
        return {**row.document(), "project": str(row.project), "after": [t.pk for t in row.after.all()], "entries": entries}

    def post(self, request):
        form = forms.TaskForm(_body(request))
        if not form.is_valid():
            return JsonResponse({"faults": form.errors.get_json_data()}, status=422)
        with transaction.atomic():
            task = form.save()
            document = task.document()
            transaction.set_rollback(True)
        return JsonResponse({**document, "id": None}, status=201)

    def patch(self, request, pk):
        task = get_object_or_404(m.Task, pk=pk)
        values = {**model_to_dict(task, forms.TaskForm._meta.fields), **_body(request)}
        form = forms.TaskForm(values, instance=task)
        if not form.is_valid():
            return JsonResponse({"faults": form.errors.get_json_data()}, status=422)
        return JsonResponse({"changed": form.changed_data, "task": form.instance.document()})

    def delete(self, request, pk):
        with transaction.atomic():
            count, kinds = get_object_or_404(m.Task, pk=pk).delete()
            transaction.set_rollback(True)
        return JsonResponse({"deleted": count, "kinds": dict(sorted(kinds.items()))})


class Clients(Endpoint):
    model = m.Client

    def full(self, row):
        contacts = list(row.contacts.values("name", "email", "phone"))
        return {**row.document(), "since": row.since, "contacts": contacts}


class Employees(Endpoint):
    model, select = m.Employee, ("department",)

    def full(self, row):
        return {**row.document(), "department": row.department.name, "role": row.get_role_display(),
                "years": row.years, "team": [str(one) for one in row.team.all()]}


class Invoices(Endpoint):
    model, select = m.Invoice, ("client",)

    def full(self, row):
        lines = [{"text": line.text, "amount": line.amount} for line in row.lines.all()]
        return {**row.document(), "client": str(row.client), "lines": lines, "net": row.net, "gross": row.gross,
                "vat": {str(rate): amount for rate, amount in row.vat.items()}}


@needs_login
def summary(request):
    return JsonResponse({
        "projects": dict(m.Project.objects.values_list("state").annotate(Count("id")).order_by("state")),
        "tasks": dict(m.Task.objects.values_list("state").annotate(Count("id")).order_by("state")),
        "late": m.Task.objects.late().count(),
        "hours": m.TimeEntry.objects.aggregate(all=Sum("hours"), mean=Avg("hours")),
        "today": settings.TODAY,
    })


@needs_login
def suggest(request, kind):
    models = {"client": (m.Client, "name"), "employee": (m.Employee, "last"), "task": (m.Task, "title")}
    if kind not in models:
        return JsonResponse({"error": "no such kind"}, status=404)
    model, field = models[kind]
    word = request.GET.get("q", "")
    rows = model.objects.filter(**{field + "__istartswith": word}).order_by(field, "id")[:8]
    return JsonResponse([{"id": row.pk, "text": str(row)} for row in rows], safe=False)


@needs_login
@require_POST
def batch(request):
    """Several questions in one request."""
    known = {"count": lambda kind: _model(kind).objects.count(),
             "get": lambda kind, pk: _model(kind).objects.get(pk=pk).document(),
             "names": lambda kind, *keys: [str(row) for row in _model(kind).objects.filter(pk__in=keys)]}
    answers = []
    for number, call in enumerate(json.loads(request.body)):
        try:
            answers.append({"id": number, "result": known[call["do"]](*call.get("with", []))})
        except (KeyError, TypeError, m.Project.DoesNotExist) as error:
            answers.append({"id": number, "error": type(error).__name__})
    return JsonResponse({"answers": answers})


def _model(kind):
    return {"project": m.Project, "task": m.Task, "client": m.Client}[kind]


@csrf_exempt
@require_POST
def hook(request):
    """A message of another program, signed with a shared key."""
    expected = hmac.new(b"key", request.body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, request.headers.get("X-Signature", "")):
        return JsonResponse({"error": "signature"}, status=403)
    return JsonResponse({"taken": json.loads(request.body)["id"]})


def token(request):
    """Basic authentication, as scripts do it."""
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "basic":
        response = JsonResponse({"error": "credentials"}, status=401)
        response["WWW-Authenticate"] = 'Basic realm="office"'
        return response
    name, _, _password = base64.b64decode(text).decode().partition(":")
    return JsonResponse({"user": name})


@login_required
def lines(request):
    """A record a line, as a stream."""
    rows = m.Task.objects.late().select_related("project")[:20]
    body = (json.dumps({"task": str(row), "project": str(row.project), "due": row.due.isoformat()}) + "\n" for row in rows)
    return StreamingHttpResponse(body, content_type="application/x-ndjson")


@needs_login
def dump(request, kind):
    models = {"room": m.Room, "tag": m.Tag, "department": m.Department}
    if kind not in models:
        return JsonResponse({"error": "no such kind"}, status=404)
    return HttpResponse(serialize("json", models[kind].objects.all()), content_type="application/json")


@needs_login
def events(request):
    """What a calendar in the browser asks for."""
    first, last = (parse_date(request.GET.get(name, "")) for name in ("first", "last"))
    if not first or not last or (last - first).days > 62:
        return JsonResponse({"error": "first and last: days, at most two months"}, status=422)
    bookings = m.Booking.objects.filter(day__range=(first, last)).select_related("room")
    leaves = m.Leave.objects.filter(Q(first__range=(first, last)) | Q(last__range=(first, last))).select_related("employee")
    items = [{"title": one.subject, "place": one.room.name, "start": "%sT%02d:00" % (one.day, one.start),
              "end": "%sT%02d:00" % (one.day, one.end)} for one in bookings]
    items += [{"title": str(one), "start": one.first, "end": one.last, "all_day": True} for one in leaves]
    return JsonResponse({"events": items})


@needs_login
def check_order(request):
    """Whether tasks can be done in an order at all: a cycle is named."""
    edges = {}
    for before, after in m.Task.after.through.objects.values_list("to_task", "from_task"):
        edges.setdefault(before, []).append(after)
    waits = {}
    for targets in edges.values():
        for one in targets:
            waits[one] = waits.get(one, 0) + 1
    ready, order = sorted(set(edges) - set(waits)), []
    while ready:
        one = ready.pop()
        order.append(one)
        for other in edges.get(one, ()):
            waits[other] -= 1
            if not waits[other]:
                ready.append(other)
    return JsonResponse({"order": order[:30], "count": len(order), "cycle": sorted(k for k, n in waits.items() if n)})
