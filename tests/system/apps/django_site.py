"""A small Django application in one file."""
import os

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path
from django.db import connection
from django.views.decorators.csrf import csrf_exempt

from gate import wait_for

settings.configure(
    ALLOWED_HOSTS=["*"], SECRET_KEY="for tests only", ROOT_URLCONF=__name__, USE_TZ=True,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3",
                           "NAME": os.path.abspath("site.db"), "OPTIONS": {"timeout": 20}}},
    LOGGING_CONFIG=None,
)


def home(request):
    return HttpResponse("home")


def user(request, number, name):
    return JsonResponse({"number": number, "name": name, "page": request.GET.get("page")})


@csrf_exempt
def form(request):
    return HttpResponse(request.POST["name"])


@csrf_exempt
def upload(request):
    file = request.FILES["file"]
    return JsonResponse({"name": file.name, "size": file.size, "note": request.POST["note"]})


def stream(request):
    def pieces():
        yield "first "
        wait_for("go")
        yield "second"

    return StreamingHttpResponse(pieces(), content_type="text/plain")


@csrf_exempt
def count(request):
    with connection.cursor() as cursor:
        cursor.execute("create table if not exists hits (at text)")
        cursor.execute("insert into hits values (datetime())")
        cursor.execute("select count(*) from hits")
        return HttpResponse(str(cursor.fetchone()[0]))


def boom(request):
    raise ValueError("wrong value")


urlpatterns = [
    path("", home), path("users/<int:number>/<name>", user), path("form", form),
    path("upload", upload), path("stream", stream), path("count", count), path("boom", boom),
]

django.setup()
app = get_wsgi_application()
