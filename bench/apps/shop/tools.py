"""Work that is the application's own: checking, formatting, sorting, small algorithms."""

import base64
import heapq
import math
import re
import string
import textwrap
import zlib
from datetime import date, timedelta
from urllib.parse import parse_qsl, urlsplit

from flask import Blueprint, Response, jsonify, render_template, request

from .database import CITIES, WORDS
from .filters import money, ordinal, slug

blueprint = Blueprint("tools", __name__, url_prefix="/tool")


@blueprint.route("/luhn/<digits>")
def luhn(digits):
    total = 0
    for index, digit in enumerate(reversed(digits)):
        value = ord(digit) - 48
        if index % 2:
            value = value * 2 - 9 if value > 4 else value * 2
        total += value
    return jsonify(number=digits, valid=total % 10 == 0)


@blueprint.route("/iban/<code>")
def iban(code):
    moved = code[4:] + code[:4]
    number = "".join(str(int(letter, 36)) for letter in moved)
    rest = 0
    for start in range(0, len(number), 7):
        rest = int(str(rest) + number[start : start + 7]) % 97
    return jsonify(iban=" ".join(textwrap.wrap(code, 4)), valid=rest == 1)


@blueprint.route("/isbn/<code>")
def isbn(code):
    digits = [int(letter) for letter in code if letter.isdigit()]
    check = (10 - sum(d * (3 if i % 2 else 1) for i, d in enumerate(digits[:12])) % 10) % 10
    return jsonify(isbn=code, check=check, valid=len(digits) == 13 and digits[12] == check)


@blueprint.route("/loan")
def loan():
    amount, rate, years = (float(request.args[key]) for key in ("amount", "rate", "years"))
    monthly, count = rate / 1200, int(years * 12)
    payment = amount * monthly / (1 - (1 + monthly) ** -count)
    rest, rows = amount, []
    for month in range(1, count + 1):
        interest = rest * monthly
        rest -= payment - interest
        if month % 12 == 0:
            rows.append((month // 12, round(interest, 2), round(abs(rest), 2)))
    return render_template("tool/loan.html", payment=payment, rows=rows)


@blueprint.route("/primes/<int:limit>")
def primes(limit):
    limit = min(limit, 2000)
    sieve = bytearray([1]) * (limit + 1)
    for number in range(2, math.isqrt(limit) + 1):
        if sieve[number]:
            sieve[number * number :: number] = bytes(len(range(number * number, limit + 1, number)))
    found = [number for number in range(2, limit + 1) if sieve[number]]
    return jsonify(count=len(found), last=found[-1], sum=sum(found))


@blueprint.route("/distance")
def distance():
    start, end = request.args["from"], request.args["to"]
    row = list(range(len(end) + 1))
    for i, a in enumerate(start, 1):
        previous, row[0] = row[0], i
        for j, b in enumerate(end, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (a != b))
    return jsonify(distance=row[-1])


@blueprint.route("/route/<int:start>/<int:goal>")
def route(start, goal):
    size = 60
    best, queue = {start % size: 0}, [(0, start % size)]
    goal %= size
    while queue:
        cost, node = heapq.heappop(queue)
        if node == goal:
            break
        for step, price in ((1, 3), (7, 11), (size - 1, 4), (13, 17)):
            other, total = (node + step) % size, cost + price
            if total < best.get(other, 10**9):
                best[other] = total
                heapq.heappush(queue, (total, other))
    return jsonify(cost=best[goal], seen=len(best))


@blueprint.route("/markup", methods=["POST"])
def markup():
    html, in_list = [], False
    for line in request.get_data(as_text=True).splitlines():
        line = re.sub(r"\*([^*]+)\*", r"<b>\1</b>", line.replace("&", "&amp;").replace("<", "&lt;"))
        if line.startswith("- "):
            if not in_list:
                html.append("<ul>")
            html.append("<li>%s</li>" % line[2:])
            in_list = True
            continue
        if in_list:
            html.append("</ul>")
            in_list = False
        if line.startswith("#"):
            level = len(line) - len(line.lstrip("#"))
            html.append("<h%d>%s</h%d>" % (level, line[level:].strip(), level))
        elif line:
            html.append("<p>%s</p>" % line)
    return Response("\n".join(html), mimetype="text/html")


@blueprint.route("/calculate", methods=["POST"])
def calculate():
    stack = []
    for token in request.form["expression"].split():
        if token in "+-*/":
            right, left = stack.pop(), stack.pop()
            if token == "+":
                stack.append(left + right)
            elif token == "-":
                stack.append(left - right)
            elif token == "*":
                stack.append(left * right)
            else:
                stack.append(left / right if right else 0.0)
        else:
            stack.append(float(token))
    return jsonify(result=stack[0])


@blueprint.route("/caesar/<int:shift>/<text>")
def caesar(shift, text):
    letters = string.ascii_lowercase
    table = str.maketrans(letters, letters[shift % 26 :] + letters[: shift % 26])
    return text.translate(table) + "\n"


@blueprint.route("/roman/<int:number>")
def roman(number):
    rest, out = number % 4000, []
    for value, letters in ((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"),
                           (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")):
        while rest >= value:
            out.append(letters)
            rest -= value
    return jsonify(number=number, roman="".join(out))


@blueprint.route("/matrix/<int:size>")
def matrix(size):
    size = min(size, 9)
    a = [[(i * j + 1) % 7 for j in range(size)] for i in range(size)]
    b = [[(i + j) % 5 for j in range(size)] for i in range(size)]
    columns = list(zip(*b))
    product = [[sum(x * y for x, y in zip(row, column)) for column in columns] for row in a]
    return render_template("tool/matrix.html", rows=product, trace=sum(product[i][i] for i in range(size)))


@blueprint.route("/password")
def password():
    word = request.args.get("p", "")
    kinds = [any(letter in kind for letter in word)
             for kind in (string.ascii_lowercase, string.ascii_uppercase, string.digits, string.punctuation)]
    repeated = sum(a == b for a, b in zip(word, word[1:]))
    score = len(word) * sum(kinds) - 4 * repeated
    return jsonify(score=score, verdict="weak" if score < 20 else "fair" if score < 40 else "good")


@blueprint.route("/url")
def url():
    parts = urlsplit(request.args["u"])
    return jsonify(host=parts.hostname, port=parts.port, path=parts.path.split("/"),
                   query=dict(parse_qsl(parts.query)))


@blueprint.route("/workdays/<int:count>")
def workdays(count):
    current, listed = date(2024, 2, 26), []
    while len(listed) < min(count, 30):
        current += timedelta(days=1)
        if current.weekday() < 5:
            listed.append(current)
    return render_template("tool/days.html", days=listed)


@blueprint.route("/colour/<code>")
def colour(code):
    red, green, blue = (int(code[i : i + 2], 16) / 255 for i in (0, 2, 4))
    high, low = max(red, green, blue), min(red, green, blue)
    light, span = (high + low) / 2, high - low
    saturation = 0.0 if not span else span / (1 - abs(2 * light - 1))
    return jsonify(light=round(light, 3), saturation=round(saturation, 3), css="#" + code)


@blueprint.route("/pack", methods=["POST"])
def pack():
    data = request.get_data()
    packed = zlib.compress(data, 6)
    return jsonify(before=len(data), after=len(packed), head=base64.b64encode(packed[:24]).decode())


@blueprint.route("/anagrams/<word>")
def anagrams(word):
    key = "".join(sorted(word))
    groups = {}
    for candidate in WORDS:
        groups.setdefault(len(candidate), []).append("".join(sorted(candidate)))
    near = [other for other in groups.get(len(word), []) if len(set(other) ^ set(key)) <= 2]
    return jsonify(word=word, key=key, near=near)


@blueprint.route("/wrap")
def wrap():
    width = request.args.get("w", 30, type=int)
    text = " ".join(WORDS[: request.args.get("n", 40, type=int)])
    return Response("\n".join(textwrap.wrap(text, width)), mimetype="text/plain")


@blueprint.route("/tokens", methods=["POST"])
def tokens():
    found = {}
    for match in _TOKEN.finditer(request.get_data(as_text=True)):
        found.setdefault(match.lastgroup, []).append(match.group())
    return jsonify({kind: len(values) for kind, values in found.items()})


_TOKEN = re.compile(r"(?P<number>\d+(\.\d+)?)|(?P<name>[A-Za-z_]\w*)|(?P<string>'[^']*')|(?P<other>\S)")


@blueprint.route("/template/<name>")
def letter(name):
    items = [(ordinal(i), WORDS[i * 3], money(i * 1299)) for i in range(1, 7)]
    return render_template("tool/letter.txt", name=name, items=items), {"Content-Type": "text/plain"}


@blueprint.route("/travel")
def travel():
    chosen = request.args.get("via", "0,3,5").split(",")
    stops = [CITIES[int(index) % len(CITIES)] for index in chosen]
    legs = [{"from": a, "to": b, "km": 97 * abs(len(a) - len(b)) + 211} for a, b in zip(stops, stops[1:])]
    return jsonify(legs=legs, total=sum(leg["km"] for leg in legs), slug=slug(" ".join(stops)))


@blueprint.route("/life/<int:steps>")
def life(steps):
    cells = {(1, 0), (2, 1), (0, 2), (1, 2), (2, 2)}
    for _ in range(min(steps, 12)):
        near = {}
        for x, y in cells:
            for dx in (-1, 0, 1):
                for dy in (-1, 0, 1):
                    if dx or dy:
                        near[x + dx, y + dy] = near.get((x + dx, y + dy), 0) + 1
        cells = {spot for spot, count in near.items() if count == 3 or (count == 2 and spot in cells)}
    return jsonify(cells=sorted(cells))


@blueprint.route("/bmi", methods=["POST"])
def bmi():
    faults = {}
    values = {}
    for key, low, high in (("height", 0.5, 2.5), ("weight", 10, 300)):
        raw = request.form.get(key, "").replace(",", ".")
        try:
            values[key] = float(raw)
        except ValueError:
            faults[key] = "is no number"
        else:
            if not low <= values[key] <= high:
                faults[key] = "is out of range"
    if faults:
        return render_template("form_faults.html", name="bmi", faults=faults), 422
    index = values["weight"] / values["height"] ** 2
    return render_template("tool/bmi.html", index=index)


@blueprint.route("/sort", methods=["POST"])
def sort():
    records = [line.split(";") for line in request.get_data(as_text=True).splitlines() if line]
    records.sort(key=lambda fields: (-int(fields[1]), fields[0]))
    ranked = ["%s %s" % (ordinal(place), fields[0]) for place, fields in enumerate(records, 1)]
    return jsonify(ranked=ranked)


@blueprint.route("/between/<int:start>/<int:end>")
def between(start, end):
    first, last = date(2000 + start % 50, 3, 1), date(2000 + end % 50, 11, 30)
    days = abs((last - first).days)
    weeks, rest = divmod(days, 7)
    return jsonify(days=days, weeks=weeks, rest=rest, text="%s to %s" % (first, last.strftime("%d.%m.%Y")))
