"""Tells what PyPy knows of its memory, and ends the start."""
import os
import sys

print("limits: %s %s" % (os.environ.get("PYPY_GC_MAX"), os.environ.get("PYPY_GC_MAX_DELTA")))
sys.exit()
