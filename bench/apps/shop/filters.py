"""Filters that the templates use."""

import re

from markupsafe import Markup, escape

_SLUG = re.compile(r"[^a-z0-9]+")


def money(cents: int) -> str:
    """1234567 -> 12,345.67"""
    sign = "-" if cents < 0 else ""
    whole, rest = divmod(abs(cents), 100)
    return "%s%s.%02d" % (sign, format(whole, ","), rest)


def slug(text: str) -> str:
    """A text as part of an address."""
    return _SLUG.sub("-", text.lower()).strip("-")


def stars(count: int) -> Markup:
    """Stars out of five."""
    return Markup('<span title="%d of 5">%s</span>') % (count, "+" * count + "-" * (5 - count))


def paragraphs(text: str) -> Markup:
    """Blank lines part paragraphs."""
    return Markup("\n").join(Markup("<p>%s</p>") % part for part in text.split("\n\n"))


def shorten(text: str, length: int = 40) -> str:
    """The first words of a text."""
    if len(text) <= length:
        return text
    return text[: length - 3].rpartition(" ")[0] + "..."


def highlight(text: str, word: str) -> Markup:
    """Marks each occurrence of a word."""
    pieces = [escape(piece) for piece in text.split(word)]
    return Markup("<b>%s</b>" % escape(word)).join(pieces)


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th ..."""
    if 10 < number % 100 < 14:
        return "%dth" % number
    return "%d%s" % (number, {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th"))


FILTERS = {
    "money": money,
    "slug": slug,
    "stars": stars,
    "paragraphs": paragraphs,
    "shorten": shorten,
    "highlight": highlight,
    "ordinal": ordinal,
}
