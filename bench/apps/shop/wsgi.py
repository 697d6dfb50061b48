"""The shop as a WSGI file: puts the folder above on the path and makes the application."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from shop import create_app  # noqa: E402  (the path comes first)

application = create_app()
