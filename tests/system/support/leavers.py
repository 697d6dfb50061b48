"""Clients that leave at a random point: after any byte of a request, before, in or behind the answer,
politely or by a reset. Beside them one asks that stays, and must always be answered."""
import random
import socket
from typing import Callable, List

from support.client import Address, Connection, chunked, make_request, open_socket

RESET = b"\1\0\0\0\0\0\0\0"  # SO_LINGER of no time at all
ANSWERS = 1 << 16  # bytes of an answer that a leaver reads at most


def stories() -> List[bytes]:
    """What clients say; each may end anywhere."""
    small, large = b"s" * 100, b"l" * 200000
    coded = {"Transfer-Encoding": "chunked"}
    waits = {"Expect": "100-continue", "Content-Length": "1000"}
    return [
        make_request("GET", "/"),
        make_request("GET", "/bytes/3000000"),
        make_request("GET", "/stream/2000"),
        make_request("GET", "/sleep/3"),
        make_request("GET", "/bytes/100") * 16,
        make_request("GET", "/") * 3 + make_request("GET", "/bytes/1000000") * 3,
        make_request("POST", "/", body=small) + make_request("GET", "/"),
        make_request("POST", "/", body=large),
        make_request("POST", "/", {"Content-Length": "3000000"}, large),
        make_request("POST", "/", coded, chunked(small, small, large)),
        make_request("POST", "/", waits),
        make_request("GET", "/short") + make_request("GET", "/fail-late"),
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    ]


def leave_once(address: Address, dice: random.Random) -> None:
    story = dice.choice(stories())
    whole = dice.random() < 0.5
    said = story if whole else story[:dice.randrange(len(story) + 1)]
    gone = open_socket(address)
    try:
        gone.setblocking(False)
        for at in range(0, len(said), 65536):
            gone.send(said[at:at + 65536])  # what the server does not take now is not said
        if dice.random() < 0.3:
            gone.shutdown(socket.SHUT_WR)
        if whole and dice.random() < 0.7:
            gone.settimeout(10)
            gone.recv(dice.randrange(1, ANSWERS))
    except OSError:
        pass  # the server was first
    if dice.random() < 0.5:
        gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    gone.close()


def soak(address: Address, seed: int, count: int,
         look: Callable[[int], None] = lambda done: None) -> None:
    """`count` clients come and go; `look` is told how many have now and then."""
    dice = random.Random(seed)
    stays = Connection(address)
    for done in range(count):
        leave_once(address, dice)
        if done % 20 == 0:
            number = dice.randrange(1, 5000)
            answer = stays.request("GET", "/bytes/%d" % number)
            assert answer.body == b"x" * number, (seed, done)
            look(done)
    stays.close()
