"""What the examples of embed/examples say: patterns of all their output.

tests/system/test_matrix.py reads this, too.
"""

EXPECTED = {
    "single.c": r"""Python counts 7
C got 'hello wörld, hello wörld', 26 bytes
hexlify says 000102
2 \*\* 40 is 1099511627776
as expected:
Traceback \(most recent call last\):
  File "wrong.py", line 3, in <module>
    divide\(1\)
  File "wrong.py", line 2, in divide
    return number / 0
(?:[ ~^]+
)?ZeroDivisionError: division by zero
Python called C 1 times
""",
    "pool.c": r"""a thread with a small stack is refused
Python counted to 2300 in C, 0 failures
""",
    "fork.c": r"""written before the fork, once
(?:child (\d) \['by the parent', 'told of the fork'\] True True True
atexit of the child
){3}refused: this process was forked without PyPy: use pypy_embed_fork or os\.fork\(\)
""",
    "host.cc": r"""SNAKE!
C\+\+ said: log\(\) takes one text
log: asked to shout snake
Traceback \(most recent call last\):
  File "shout.py", line 15, in fail
    raise LookupError\("nothing here"\)
LookupError: nothing here
""",
}
