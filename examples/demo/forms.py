"""What comes from a browser is checked here: texts, the guest book form and the form token."""
import hmac
import re
import secrets
import unicodedata
from typing import Dict, Mapping, Optional, Tuple

from flask import session

MOODS: Dict[str, str] = {
    "sunny": "Sunny",
    "basking": "Basking",
    "sleepy": "Sleepy",
}
NAME_MAX = 60
EMAIL_MAX = 120
MESSAGE_MAX = 500
NOTE_MAX = 280

_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


def form_token() -> str:
    """Return the token every form carries, kept in the signed cookie.

    Another site can make a browser post here with its cookie, but cannot read the page and so
    cannot know the token.
    """
    if "token" not in session:
        session["token"] = secrets.token_urlsafe(24)
    return str(session["token"])


def token_ok(given: Optional[str]) -> bool:
    kept = session.get("token")
    if not isinstance(kept, str) or not given:
        return False
    return hmac.compare_digest(kept.encode("utf-8"), given.encode("utf-8", "replace"))


def text_problem(text: str, longest: int) -> Optional[str]:
    """Say why a text cannot be kept, or None when it can.

    JSON can carry half of a surrogate pair, which no UTF-8 database can store, and control
    characters, which no page should show.
    """
    if text == "":
        return "Please write something."
    if len(text) > longest:
        return "Please use at most %d characters (this has %d)." % (longest, len(text))
    if any(c not in "\n\t" and unicodedata.category(c) in ("Cc", "Cs") for c in text):
        return "Please leave out control characters."
    return None


def tidy(text: str) -> str:
    """Bring line ends and the same letters written in two ways to one form."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def check_note(document: object) -> Tuple[str, Optional[str]]:
    """Return the text of a note given as JSON, and the problem with it if there is one."""
    if not isinstance(document, dict) or not isinstance(document.get("text"), str):
        return "", 'Send a JSON object like {"text": "hello"}.'
    text = tidy(document["text"])
    return text, text_problem(text, NOTE_MAX)


def check_guest(form: Mapping[str, str]) -> Tuple[Dict[str, str], Dict[str, str]]:
    """Return the values of the guest book form (to show again) and a message per wrong field."""
    values = {field: tidy(form.get(field, "")) for field in ("name", "email", "mood", "message")}
    errors: Dict[str, str] = {}

    problem = text_problem(values["name"], NAME_MAX)
    if values["name"] == "":
        problem = "Please tell us your name."
    elif "\n" in values["name"]:
        problem = "Please write your name on one line."
    if problem:
        errors["name"] = problem

    if values["email"]:
        problem = text_problem(values["email"], EMAIL_MAX)
        if problem is None and not _EMAIL.fullmatch(values["email"]):
            problem = "This does not look like an e-mail address. Leave it empty if you prefer."
        if problem:
            errors["email"] = problem

    if values["mood"] not in MOODS:
        errors["mood"] = "Please choose one of the moods."

    problem = text_problem(values["message"], MESSAGE_MAX)
    if values["message"] == "":
        problem = "Please leave a message."
    if problem:
        errors["message"] = problem
    return values, errors
