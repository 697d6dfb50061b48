"""Django hello in one file: one view behind the two middlewares that need no session or database.

Runs on Django 3.2 and later, on CPython and on PyPy.
"""

from django.conf import settings

settings.configure(
    ALLOWED_HOSTS=["*"],
    DEBUG=False,
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.middleware.common.CommonMiddleware",
    ],
    ROOT_URLCONF=__name__,
    SECRET_KEY="a benchmark has no secrets",
    USE_TZ=True,
)

from django.core.wsgi import get_wsgi_application  # noqa: E402  (settings come first)
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402


def hello(request: HttpRequest) -> HttpResponse:
    """Answers with the bytes of the other hello applications, so that floors compare."""
    return HttpResponse("Hello, World!", content_type="text/plain")


urlpatterns = [path("", hello)]
application = get_wsgi_application()
