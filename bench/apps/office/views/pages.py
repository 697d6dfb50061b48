"""The front page, the user's own pages, search, and what visitors see who have not logged in."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.decorators import login_required, permission_required
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, Q, Sum
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from .. import forms, models as m


@login_required
def home(request):
    late = m.Task.objects.late().select_related("project", "assignee")[:5]
    states = m.Project.objects.values_list("state").annotate(n=Count("id")).order_by("state")
    meetings = m.Booking.objects.filter(day=settings.TODAY).select_related("room", "employee")
    away = m.Leave.objects.filter(first__lte=settings.TODAY, last__gte=settings.TODAY).select_related("employee")
    unpaid = m.Invoice.objects.filter(state="sent").prefetch_related("lines")
    owed = sum(invoice.gross for invoice in unpaid[:12])
    return render(request, "office/home.html", {
        "late": late, "states": dict(states), "meetings": meetings, "away": away, "owed": owed})


@require_http_methods(["GET", "POST"])
def sign_in(request):
    form = AuthenticationForm(request, data=request.POST or None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            login(request, form.get_user())
            transaction.set_rollback(True)
        target = request.POST.get("next", "")
        if not url_has_allowed_host_and_scheme(target, {request.get_host()}):
            target = reverse("home")
        return HttpResponseRedirect(target)
    return render(request, "office/account/login.html", {"form": form, "next": request.GET.get("next", "")},
                  status=200 if request.method == "GET" else 422)


@require_POST
def sign_out(request):
    logout(request)
    messages.info(request, _("Goodbye."))
    return redirect("sign-in")


@login_required
def profile(request):
    user = request.user
    initial = {"first_name": user.first_name, "last_name": user.last_name, "email": user.email, "pages": 10,
               "language": translation.get_language()}
    form = forms.ProfileForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        request.session["pages"] = form.cleaned_data["pages"]
        messages.success(request, _("Your profile was saved."))
        response = redirect("profile")
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, form.cleaned_data["language"])
        return response
    rights = sorted(user.get_all_permissions())
    return render(request, "office/account/profile.html", {"form": form, "rights": rights},
                  status=422 if form.errors else 200)


@login_required
def password(request):
    form = PasswordChangeForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        return redirect("profile")
    return render(request, "office/account/password.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
def check_password(request):
    user = authenticate(request, username=request.POST.get("username"), password=request.POST.get("password"))
    return HttpResponse("yes\n" if user else "no\n", content_type="text/plain")


@login_required
def visits(request):
    seen = request.session.get("seen", [])
    request.session["seen"] = [*seen[-4:], request.path]
    request.session["count"] = request.session.get("count", 0) + 1
    return render(request, "office/account/visits.html", {"seen": seen})


@login_required
def search(request):
    word = request.GET.get("q", "").strip()
    groups = []
    if len(word) > 1:
        for model, fields in ((m.Project, ("name", "text")), (m.Client, ("name", "city")), (m.Task, ("title",)),
                              (m.Employee, ("first", "last")), (m.Page, ("title", "body"))):
            condition = Q()
            for field in fields:
                condition |= Q(**{field + "__icontains": word})
            rows = list(model.objects.filter(condition)[:4])
            if rows:
                groups.append((model._meta.verbose_name_plural, rows))
    return render(request, "office/search.html", {"word": word, "groups": groups})


@login_required
def tag(request, slug):
    found = get_object_or_404(m.Tag, slug=slug)
    projects = found.projects.select_related("client").annotate(hours=Sum("tasks__entries__hours"))
    return render(request, "office/tag.html", {"tag": found, "projects": projects, "pages": found.pages.all()})


@login_required
def tags(request):
    rows = list(m.Tag.objects.annotate(n=Count("projects", distinct=True), p=Count("pages", distinct=True)))
    most = max(row.n + row.p for row in rows)
    cloud = [(row, 80 + 120 * (row.n + row.p) // most) for row in rows]
    return render(request, "office/tags.html", {"cloud": cloud})


@login_required
def page_by_slug(request, slug):
    page = get_object_or_404(m.Page.objects.select_related("author"), slug=slug)
    return render(request, "office/page/read.html", {"page": page})


@permission_required("auth.view_user", raise_exception=True)
def users(request):
    raise Http404


@login_required
@permission_required("office.view_asset")
def inventory(request, kind):
    if kind not in dict(m.Asset.KINDS):
        raise Http404(_("No such kind."))
    rows = Paginator(m.Asset.objects.filter(kind=kind).select_related("owner"), 6).get_page(request.GET.get("page"))
    total = sum(asset.value(settings.TODAY) for asset in rows)
    return render(request, "office/inventory.html", {"page_obj": rows, "kind": dict(m.Asset.KINDS)[kind], "total": total})


@require_http_methods(["GET", "POST"])
def contact_us(request):
    form = forms.ContactUsForm(request.POST or None)
    if form.is_valid():
        return render(request, "office/thanks.html", {"values": form.cleaned_data})
    return render(request, "office/contact_us.html", {"form": form}, status=422 if form.errors else 200)


@cache_control(public=True, max_age=3600)
def about(request):
    return render(request, "office/about.html", {"languages": settings.LANGUAGES})


@require_GET
def health(request):
    return HttpResponse("ok\n", content_type="text/plain")


@login_required
def old_project(request, code):
    return redirect(get_object_or_404(m.Project, code=code), permanent=True)


def not_found(request, exception=None):
    return render(request, "office/missing.html", {"path": request.path}, status=404)


def forbidden(request, exception=None):
    return render(request, "office/forbidden.html", {"path": request.path}, status=403)
