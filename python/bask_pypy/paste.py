"""Applications that a file of paste.deploy describes."""
import os
from typing import Any, Callable

from bask_pypy.loaders import LoadError

LOGGING_SECTIONS = ("loggers", "handlers", "formatters")


def split_uri(uri: str) -> "tuple[str, str]":
    """A name as paste.deploy wants it, and the path of its file: "" if it names none."""
    scheme, colon, rest = uri.partition(":")
    if not colon or "/" in scheme:
        scheme, rest = "config", uri
    path, sharp, name = rest.partition("#")
    if scheme != "config":
        return uri, ""
    path = os.path.abspath(path)
    return "config:%s%s%s" % (path, sharp, name), path


def set_up_logging(path: str) -> bool:
    """Obeys the sections on logging as pserve does; False if the file has none."""
    import configparser
    import logging.config

    parser = configparser.RawConfigParser(strict=False)
    with open(path, encoding="utf-8") as file:
        parser.read_file(file)
    if not all(parser.has_section(name) for name in LOGGING_SECTIONS):
        return False
    defaults = {"__file__": path, "here": os.path.dirname(path)}
    logging.config.fileConfig(path, defaults, disable_existing_loggers=False)
    return True


def _loadapp() -> Callable[..., Any]:
    try:
        from paste.deploy import loadapp  # type: ignore[import-not-found, unused-ignore]
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != "paste":
            raise
        raise LoadError(
            "--paste needs the module paste.deploy (pip install PasteDeploy)"
        ) from None
    function: Callable[..., Any] = loadapp
    return function


def load(uri: str, with_logging: bool) -> Callable[..., Any]:
    """The application of "config:FILE#NAME", or of a file."""
    uri, path = split_uri(uri)
    if path and not os.access(path, os.R_OK):
        raise LoadError("cannot read %s" % path)
    if path and with_logging:
        set_up_logging(path)
    application: Callable[..., Any] = _loadapp()(uri)
    return application
