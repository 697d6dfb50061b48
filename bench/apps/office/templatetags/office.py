"""Filters and tags of the office's templates."""

import re
from decimal import Decimal

from django import template
from django.utils.formats import number_format
from django.utils.html import escape, format_html
from django.utils.safestring import mark_safe

register = template.Library()


@register.filter
def euro(value):
    """Money with separators, as the language writes it."""
    if value in (None, ""):
        return "-"
    return "%s\N{NO-BREAK SPACE}\N{EURO SIGN}" % number_format(Decimal(value), 2, use_l10n=True, force_grouping=True)


@register.filter
def share(part, whole):
    return round(100 * part / whole) if whole else 0


@register.filter
def bar(value, peak):
    """A bar of text for small charts."""
    return "█" * int(24 * float(value) / float(peak) + 0.5) if peak else ""


@register.filter
def item(mapping, key):
    return mapping.get(key, "")


@register.filter
def markup(text):
    """Headings, lists, bold words and paragraphs."""
    parts = []
    for block in text.split("\n\n"):
        if block.startswith("## "):
            parts.append("<h2>%s</h2>" % escape(block[3:]))
        elif block.startswith("- "):
            items = "".join("<li>%s</li>" % escape(line[2:]) for line in block.splitlines() if line[2:])
            parts.append("<ul>%s</ul>" % items)
        elif block.strip():
            parts.append("<p>%s</p>" % re.sub(r"\*([^*]+)\*", r"<b>\1</b>", escape(block)))
    return mark_safe("\n".join(parts))


@register.simple_tag
def badge(record):
    """The state of a record as a coloured word."""
    colour = {"run": "green", "paid": "green", "done": "green", "off": "grey", "void": "grey"}.get(record.state, "blue")
    if record.is_late:
        colour = "red"
    return format_html('<span class="badge {}">{}</span>', colour, record.get_state_display())


@register.simple_tag(takes_context=True)
def query(context, **changes):
    """The query of this page with some values changed."""
    values = context["request"].GET.copy()
    for name, value in changes.items():
        values[name] = value
    return "?" + values.urlencode()


@register.inclusion_tag("office/parts/pager.html", takes_context=True)
def pager(context):
    page = context["page_obj"]
    around = [n for n in page.paginator.page_range if abs(n - page.number) < 3 or n in (1, page.paginator.num_pages)]
    return {"page": page, "around": around, "request": context["request"]}


@register.inclusion_tag("office/parts/person.html")
def person(employee):
    return {"employee": employee}
