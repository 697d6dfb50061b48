"""Work in the interpreter's own loops: planets, JSON and regular expressions, by the path."""

import json
import math
import re

BODIES = [
    (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 39.478),
    (4.841, -1.160, -0.104, 0.606, 2.811, -0.0252, 0.0377),
    (8.343, 4.125, -0.404, -1.011, 1.826, 0.0084, 0.0113),
    (12.894, -15.111, -0.223, 1.083, 0.869, -0.0108, 0.0017),
    (15.380, -25.919, 0.179, 0.979, 0.594, -0.0347, 0.0020),
]
LINE = re.compile(r'(\S+) \[([^\]]+)\] "(\w+) (\S+)" (\d{3}) (\d+)')
LOG = "\n".join(
    '10.0.%d.%d [day %d] "GET /page/%d" %d %d' % (i % 7, i, i % 3, i * 13 % 11, 200 + i % 3, i * 97)
    for i in range(60)
)


def planets(steps):
    """Energy of a small solar system after some steps."""
    bodies = [list(body) for body in BODIES]
    for _ in range(steps):
        for index, a in enumerate(bodies):
            for b in bodies[index + 1 :]:
                dx, dy, dz = a[0] - b[0], a[1] - b[1], a[2] - b[2]
                pull = 0.01 / math.sqrt(dx * dx + dy * dy + dz * dz) ** 3
                for axis, d in ((3, dx), (4, dy), (5, dz)):
                    a[axis] -= d * b[6] * pull
                    b[axis] += d * a[6] * pull
        for body in bodies:
            for axis in range(3):
                body[axis] += 0.01 * body[axis + 3]
    return {"energy": sum(0.5 * b[6] * (b[3] ** 2 + b[4] ** 2 + b[5] ** 2) for b in bodies)}


def documents(count):
    """Nested documents there and back through JSON."""
    tree = {"rows": [{"id": i, "tags": ["a%d" % i, "b"], "value": i / 3} for i in range(count)]}
    back = json.loads(json.dumps(tree, sort_keys=True))
    return {"sum": sum(row["id"] for row in back["rows"])}


def log_lines(least):
    """A log by regular expression, grouped."""
    pages = {}
    for found in LINE.finditer(LOG):
        if int(found[6]) >= least:
            pages.setdefault(found[4], []).append(int(found[5]))
    return {page: max(codes) for page, codes in pages.items()}


WORK = {"/planets": planets, "/documents": documents, "/log": log_lines}


def application(environ, start_response):
    """Does the work that the path names, as often as the query says."""
    body = json.dumps(WORK[environ["PATH_INFO"]](int(environ["QUERY_STRING"]))).encode()
    start_response(
        "200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    )
    return [body]
