"""The first Python that runs: which version is this? Must be valid in Python 2, too.

C looks at the version and refuses an old one; only a new one gets the rest of the Python half.
"""
import sys

from _pypy_embed import ffi, lib  # type: ignore[import-not-found]

lib.embed_python_version(sys.hexversion)
if sys.version_info >= (3, 9):
    for _name in ("pypy_embed_main", "pypy_embed"):
        _module = type(sys)(_name)
        _module.__file__ = "<pypy_embed>/%s.py" % _name
        sys.modules[_name] = _module
        _source = ffi.string(lib.embed_source(_name.encode())).decode()
        exec(compile(_source, _module.__file__, "exec"), _module.__dict__)
