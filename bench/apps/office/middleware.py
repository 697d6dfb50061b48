"""What every request of the office passes: a trail of who asked, and the menu of its pages."""

from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.urls import reverse
from django.utils.translation import gettext as _

MENU = [
    ("project-list", "Projects"), ("task-list", "Tasks"), ("client-list", "Clients"),
    ("invoice-list", "Invoices"), ("employee-list", "People"), ("booking-list", "Rooms"),
    ("page-list", "Pages"), ("report-index", "Reports"),
]


class QuickHasher(PBKDF2PasswordHasher):
    """Django's own, with few rounds."""

    algorithm = "quick"
    iterations = 20


class Trail:
    """Names the user and the view in the answer, as an access log behind a proxy wants it."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        match = request.resolver_match
        response["X-Office-View"] = match.view_name if match else "-"
        if request.user.is_authenticated:
            response["X-Office-User"] = request.user.get_username()
        response.setdefault("Cache-Control", "private")
        return response

    def process_view(self, request, view, args, kwargs):
        request.section = request.path.split("/", 2)[1] or "home"


def menu(request):
    """What the base template needs on every page."""
    entries = []
    for name, label in MENU:
        address = reverse(name)
        entries.append({"address": address, "label": _(label), "here": request.path.startswith(address)})
    return {"menu": entries, "section": getattr(request, "section", ""), "today": settings.TODAY}
