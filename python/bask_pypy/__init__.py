"""The Python half of Bask's PyPy plugin.

`host` is the only module that touches cffi; the others get what they need as arguments, so that
their tests run under any Python with a host made of plain objects. `pypy_setup` wires them up.
"""
