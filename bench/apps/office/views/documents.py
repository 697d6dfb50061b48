"""What is not a page: CSV, XML, calendars, plain text, feeds, downloads, and what is uploaded."""

import csv
import hashlib
import io
import textwrap
import zlib
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from xml.etree import ElementTree
from xml.sax.saxutils import XMLGenerator, escape, quoteattr

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.syndication.views import Feed
from django.core.mail import EmailMultiAlternatives
from django.core.signing import BadSignature, Signer
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.utils.feedgenerator import Atom1Feed
from django.views.decorators.http import condition, require_POST

from .. import forms, models as m


def _csv(name, head, rows):
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";")
    writer.writerow(head)
    writer.writerows(rows)
    return HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8",
                        headers={"Content-Disposition": 'attachment; filename="%s.csv"' % name})


@login_required
def invoices_csv(request, year):
    rows = m.Invoice.objects.filter(issued__year=year).select_related("client").prefetch_related("lines")[:40]
    return _csv("invoices", ["number", "client", "issued", "due", "net", "gross", "state"],
                [(one.number, one.client.name, one.issued, one.due, one.net, one.gross, one.state) for one in rows])


@login_required
def hours_csv(request, pk):
    entries = m.TimeEntry.objects.filter(task__project=pk).values_list("day", "employee__last", "task__title", "hours")
    return _csv("hours", ["day", "who", "what", "hours"], entries)


@login_required
def contacts_vcf(request, pk):
    cards = []
    for one in get_object_or_404(m.Client, pk=pk).contacts.all():
        first, _, last = one.name.partition(" ")
        cards += ["BEGIN:VCARD", "VERSION:3.0", "N:%s;%s" % (last, first), "FN:" + one.name, "TEL:" + one.phone,
                  "EMAIL:" + one.email, "END:VCARD"]
    return HttpResponse("\r\n".join(cards), content_type="text/vcard")


@login_required
def rooms_ics(request, pk):
    room = get_object_or_404(m.Room, pk=pk)
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//office//EN"]
    for one in room.bookings.all():
        stamp = one.day.strftime("%Y%m%d")
        lines += ["BEGIN:VEVENT", "UID:%d@office.example" % one.pk, "SUMMARY:" + one.subject.replace(",", "\\,"),
                  "DTSTART:%sT%02d0000" % (stamp, one.start), "DTEND:%sT%02d0000" % (stamp, one.end), "END:VEVENT"]
    lines.append("END:VCALENDAR")
    return HttpResponse("\r\n".join(lines), content_type="text/calendar")


@login_required
def invoice_xml(request, pk):
    invoice = get_object_or_404(m.Invoice.objects.select_related("client").prefetch_related("lines"), pk=pk)
    out = io.StringIO()
    xml = XMLGenerator(out, "utf-8")
    xml.startDocument()
    xml.startElement("invoice", {"number": invoice.number, "issued": str(invoice.issued)})
    xml.startElement("client", {"country": invoice.client.country})
    xml.characters(invoice.client.name)
    xml.endElement("client")
    for line in invoice.lines.all():
        xml.startElement("line", {"vat": str(line.vat)})
        xml.characters("%s: %s" % (line.text, line.amount))
        xml.endElement("line")
    xml.endElement("invoice")
    xml.endDocument()
    return HttpResponse(out.getvalue(), content_type="application/xml")


@login_required
def projects_xml(request):
    root = ElementTree.Element("projects")
    for project in m.Project.objects.select_related("client").prefetch_related("tags")[:25]:
        node = ElementTree.SubElement(root, "project", code=project.code, state=project.state)
        ElementTree.SubElement(node, "name").text = project.name
        ElementTree.SubElement(node, "client").text = project.client.name
        for tag in project.tags.all():
            ElementTree.SubElement(node, "tag", slug=tag.slug)
    return HttpResponse(ElementTree.tostring(root, "utf-8"), content_type="application/xml")


@login_required
def invoice_text(request, pk):
    invoice = get_object_or_404(m.Invoice.objects.select_related("client"), pk=pk)
    lines = ["%-50s %12s" % (invoice.number, invoice.issued), "=" * 63]
    for line in invoice.lines.all():
        parts = textwrap.wrap(line.text, 30)
        lines.append("%-32s%8.2f x%9.2f%12.2f" % (parts[0], line.quantity, line.price, line.amount))
        lines += ["  " + part for part in parts[1:]]
    for rate, amount in invoice.vat.items():
        lines.append("%51s%12.2f" % ("VAT %s %%" % rate, amount))
    lines.append("%51s%12.2f" % ("total", invoice.gross))
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


@login_required
def reminder(request, pk):
    """The mail that would go out."""
    invoice = get_object_or_404(m.Invoice.objects.select_related("client").prefetch_related("lines"), pk=pk)
    days = (settings.TODAY - invoice.due).days
    context = {"invoice": invoice, "days": days, "until": settings.TODAY + timedelta(days=10)}
    mail = EmailMultiAlternatives("Invoice %s" % invoice.number, render_to_string("office/mail/reminder.txt", context),
                                  "office@office.example", [invoice.client.email])
    mail.attach_alternative(render_to_string("office/mail/reminder.html", context), "text/html")
    return JsonResponse({"to": mail.to, "subject": mail.subject, "text": mail.body, "html": len(mail.alternatives[0][0])})


def _changed(request, pk):
    row = m.Page.objects.filter(pk=pk).values_list("changed", flat=True).first()
    return row


@login_required
@condition(last_modified_func=_changed)
def page_source(request, pk):
    page = get_object_or_404(m.Page, pk=pk)
    return HttpResponse(page.body, content_type="text/markdown; charset=utf-8")


class News(Feed):
    title = "News of the office"
    link = "/page/"
    description = "Pages that changed"
    feed_type = Atom1Feed

    def items(self):
        return m.Page.objects.select_related("author")[:10]

    def item_title(self, item):
        return item.title

    def item_description(self, item):
        return item.body[:200]

    def item_author_name(self, item):
        return str(item.author)

    def item_updateddate(self, item):
        return item.changed


def sitemap(request):
    out = ['<?xml version="1.0"?><urlset>']
    for pk, slug, changed in m.Page.objects.values_list("pk", "slug", "changed"):
        out.append("<url loc=%s lastmod=%s>%s</url>" % (
            quoteattr("/read/" + slug), quoteattr(changed.isoformat()), escape(str(pk))))
    out.append("</urlset>")
    return HttpResponse("\n".join(out), content_type="application/xml")


@login_required
@require_POST
def import_hours(request):
    """A table of hours as text: what is wrong in which line, and what it would sum up to."""
    form = forms.ImportForm(request.POST)
    if not form.is_valid():
        return render(request, "office/import.html", {"form": form}, status=422)
    faults, total, lines = [], Decimal(0), 0
    known = dict(m.Task.objects.values_list("pk", "title"))
    for number, row in enumerate(csv.DictReader(io.StringIO(form.cleaned_data["text"]), delimiter=form.cleaned_data["delimiter"]), 2):
        lines += 1
        try:
            hours = Decimal(row["hours"].replace(",", "."))
            if int(row["task"]) not in known:
                faults.append((number, "no such task"))
            elif not 0 < hours <= 12:
                faults.append((number, "0 to 12 hours"))
            else:
                total += hours
        except (KeyError, AttributeError, ValueError, InvalidOperation):
            faults.append((number, "not understood"))
    return render(request, "office/import.html", {"form": form, "faults": faults, "total": total, "lines": lines})


@login_required
@require_POST
def upload(request):
    files = []
    for name, file in sorted(request.FILES.items()):
        digest, size, lines = hashlib.sha256(), 0, 0
        for chunk in file.chunks():
            digest.update(chunk)
            size += len(chunk)
            lines += chunk.count(b"\n")
        files.append({"field": name, "name": file.name, "size": size, "lines": lines, "sha256": digest.hexdigest()})
    return JsonResponse({"files": files, "note": request.POST.get("note", "")})


def shared(request, token):
    """A link that somebody was sent: it holds what it is for, signed."""
    try:
        pk = int(Signer(salt="share").unsign(token))
    except (BadSignature, ValueError):
        return HttpResponse("This link is not valid.\n", status=403, content_type="text/plain")
    return HttpResponse(str(get_object_or_404(m.Project, pk=pk)), content_type="text/plain")


@login_required
def share(request, pk):
    return JsonResponse({"link": "/shared/" + Signer(salt="share").sign(pk)})


@login_required
def archive(request, year):
    """Many small texts, packed."""
    rows = m.Expense.objects.filter(day__year=year).values_list("day", "kind", "amount")[:60]
    text = "\n".join("%s %s %s" % row for row in rows)
    return HttpResponse(zlib.compress(text.encode()), content_type="application/zlib")
