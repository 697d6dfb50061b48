"""Every address of the office and the view behind it."""

from django.urls import path, re_path, register_converter
from django.urls.converters import StringConverter
from django.utils.dateparse import parse_date

from .views import api, documents, pages, planning, records, reports, tools


class DayConverter(StringConverter):
    regex = "[0-9]{4}-[0-9]{2}-[0-9]{2}"

    def to_python(self, value):
        day = parse_date(value)
        if day is None:
            raise ValueError(value)
        return day

    def to_url(self, value):
        return value.isoformat()


register_converter(DayConverter, "day")

urlpatterns = [
    path("", pages.home, name="home"),
    path("account/login", pages.sign_in, name="sign-in"),
    path("account/logout", pages.sign_out, name="sign-out"),
    path("account/profile", pages.profile, name="profile"),
    path("account/password", pages.password, name="password"),
    path("account/check", pages.check_password, name="check-password"),
    path("account/visits", pages.visits, name="visits"),
    path("search", pages.search, name="search"),
    path("tag", pages.tags, name="tags"),
    path("tag/<slug:slug>", pages.tag, name="tag"),
    path("read/<slug:slug>", pages.page_by_slug, name="read"),
    path("users", pages.users, name="users"),
    path("inventory/<slug:kind>", pages.inventory, name="inventory"),
    path("contact-us", pages.contact_us, name="contact-us"),
    path("about", pages.about, name="about"),
    path("health", pages.health, name="health"),
    re_path(r"^old/(?P<code>[A-Z]{2}-[0-9]+)\.php$", pages.old_project, name="old-project"),
]

for _name, *_views in records.views():
    for _suffix, _address, _view in zip(
        ("list", "detail", "add", "change", "delete"),
        ("", "/<int:pk>", "/new", "/<int:pk>/edit", "/<int:pk>/delete"),
        _views,
    ):
        # "new" is no number, so the order of these does not matter.
        urlpatterns.append(path(_name + _address, _view.as_view(), name="%s-%s" % (_name, _suffix)))

urlpatterns += [
    path("calendar/<int:year>/<int:month>", planning.calendar, name="calendar"),
    path("rooms/<day:day>", planning.rooms, name="rooms"),
    path("rooms/free", planning.free_rooms, name="free-rooms"),
    path("project/<int:pk>/board", planning.board, name="board"),
    path("project/<int:pk>/path", planning.path, name="path"),
    path("project/<int:pk>/burndown.svg", reports.burndown, name="burndown"),
    path("task/<int:pk>/move", planning.move, name="move"),
    path("hours", planning.hours, name="hours"),
    path("week/<int:pk>/<int:year>/<int:number>", planning.week, name="week"),
    path("schedule", planning.schedule, name="schedule"),
    path("organisation", planning.organisation, name="organisation"),
    path("gantt", planning.gantt, name="gantt"),
    path("mine", planning.mine, name="mine"),
]

_NUMBERS = {"leave": "/<int:year>", "forecast": "/<int:count>"}
urlpatterns += [path("report", reports.index, name="report-index")]
urlpatterns += [
    path("report/" + name + _NUMBERS.get(name, ""), getattr(reports, name), name="report-" + name)
    for name, _label in reports.REPORTS
]
urlpatterns += [path("report/birthdays", reports.birthdays, name="report-birthdays")]

for _name, _view in (("projects", api.Projects), ("tasks", api.Tasks), ("clients", api.Clients),
                     ("employees", api.Employees), ("invoices", api.Invoices)):
    urlpatterns += [
        path("api/%s" % _name, _view.as_view(), name="api-" + _name),
        path("api/%s/<int:pk>" % _name, _view.as_view(), name="api-%s-one" % _name),
    ]

urlpatterns += [
    path("api/summary", api.summary, name="api-summary"),
    path("api/suggest/<slug:kind>", api.suggest, name="api-suggest"),
    path("api/batch", api.batch, name="api-batch"),
    path("api/hook", api.hook, name="api-hook"),
    path("api/token", api.token, name="api-token"),
    path("api/lines", api.lines, name="api-lines"),
    path("api/dump/<slug:kind>", api.dump, name="api-dump"),
    path("api/events", api.events, name="api-events"),
    path("api/order", api.check_order, name="api-order"),
    path("invoices/<int:year>.csv", documents.invoices_csv, name="invoices-csv"),
    path("project/<int:pk>/hours.csv", documents.hours_csv, name="hours-csv"),
    path("client/<int:pk>/contacts.vcf", documents.contacts_vcf, name="contacts-vcf"),
    path("rooms/<int:pk>.ics", documents.rooms_ics, name="rooms-ics"),
    path("invoice/<int:pk>.xml", documents.invoice_xml, name="invoice-xml"),
    path("invoice/<int:pk>.txt", documents.invoice_text, name="invoice-text"),
    path("invoice/<int:pk>/reminder", documents.reminder, name="reminder"),
    path("projects.xml", documents.projects_xml, name="projects-xml"),
    path("page/<int:pk>.md", documents.page_source, name="page-source"),
    path("news.atom", documents.News(), name="news"),
    path("sitemap.xml", documents.sitemap, name="sitemap"),
    path("import/hours", documents.import_hours, name="import-hours"),
    path("upload", documents.upload, name="upload"),
    path("project/<int:pk>/share", documents.share, name="share"),
    path("shared/<str:token>", documents.shared, name="shared"),
    path("archive/<int:year>", documents.archive, name="archive"),
    path("tool/holidays/<int:year>", tools.holidays, name="holidays"),
    path("tool/days/<day:first>/<day:last>", tools.working_days, name="working-days"),
    path("tool/loan", tools.loan, name="loan"),
    path("tool/iban/<str:code>", tools.iban, name="iban"),
    path("tool/compare", tools.compare, name="compare"),
    path("tool/seats/<int:count>", tools.seats, name="seats"),
    path("tool/doubles", tools.doubles, name="doubles"),
    path("tool/chain/<int:start>/<int:goal>", tools.chain, name="chain"),
    path("tool/initials", tools.initials, name="initials"),
    path("tool/calculate", tools.calculate, name="calculate"),
    path("tool/label/<int:pk>.svg", tools.label, name="label"),
]

handler404 = "office.views.pages.not_found"
handler403 = "office.views.pages.forbidden"
