"""A shop: a realistic application of 150 different handlers, for figures that hello hides.

Flask, Jinja templates, SQLAlchemy's ORM on SQLite in memory, JSON, forms, and a little work of its
own. Nothing random, no network, no clock: a request gives the same bytes on every interpreter, and
what a form adds is rolled back. requests.txt names the requests that visit every handler.
"""

from flask import Flask, g

from . import crud, database, filters, reports, storefront, tools, web


def create_app() -> Flask:
    """The application with its data seeded and its templates compiled."""
    app = Flask(__name__)
    app.secret_key = "a benchmark has no secrets"
    app.jinja_env.auto_reload = False
    app.jinja_env.filters.update(filters.FILTERS)
    app.context_processor(storefront.menu)
    app.teardown_request(_close_session)
    for module in (crud, storefront, web, reports, tools):
        app.register_blueprint(module.blueprint)
    database.seed()
    for name in app.jinja_env.list_templates():
        app.jinja_env.get_template(name)
    return app


def _close_session(_error: object) -> None:
    session = g.pop("session", None)
    if session is not None:
        session.close()
