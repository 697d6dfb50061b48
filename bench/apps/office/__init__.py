"""An office: a realistic Django application, for figures that hello hides.

Projects, hours, invoices, rooms and leave of a small firm: 150 views over 16 models of Django's ORM on
SQLite in memory, its templates and forms, and the middleware that such an application has (sessions in
signed cookies, CSRF, messages, locale, users). Nothing random, no network, no clock: what a form writes
is rolled back, so a request always gets the same answer. requests.txt names the requests that visit
every view. Runs on Django 3.2 and later, on CPython and on PyPy.
"""
