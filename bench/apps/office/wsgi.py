"""The office as a WSGI file: puts the folder above on the path and makes the application."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ["DJANGO_SETTINGS_MODULE"] = "office.settings"

import warnings  # noqa: E402  (the path comes first)

warnings.filterwarnings("ignore", message="The USE_L10N setting is deprecated")

from django.core.wsgi import get_wsgi_application  # noqa: E402

application = get_wsgi_application()

from office import seed  # noqa: E402  (models exist once Django is set up)

seed.seed()
