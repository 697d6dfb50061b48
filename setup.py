"""`pypy3 setup.py install`, as uWSGI's documentation has it, is `pypy3 -m pip install .`"""
import subprocess
import sys
from pathlib import Path

if sys.argv[1:] != ["install"]:
    sys.exit("usage: setup.py install (for anything else use pip)")
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install", str(Path(__file__).resolve().parent)]))
