"""What the server does with requests that are too large, ambiguous or unfinished."""

import socket
from contextlib import ExitStack

import pytest

from tests.serving.server import Server

HOST = b"Host: 127.0.0.1\r\n"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
POST = b"POST /offers/1/views HTTP/1.1\r\n" + HOST + FORM


def exchange(server: Server, request: bytes) -> bytes:
    """All that comes back for some bytes, until the server hangs up or says nothing for 2 s."""
    answer = b""
    with socket.create_connection(("127.0.0.1", server.port), timeout=2) as connection:
        try:
            connection.sendall(request)
            while part := connection.recv(65536):
                answer += part
        except OSError:
            pass  # refused in the middle: what has come is what counts
    return answer


@pytest.mark.parametrize(
    ("request_bytes", "statuses"),
    [
        (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", {414, 431}),
        (b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 65_536 + b"\r\n\r\n", {431}),
        (
            b"GET / HTTP/1.1\r\n"
            + HOST
            + b"".join(b"X%d: a\r\n" % n for n in range(500))
            + b"\r\n",
            {431},
        ),
        (POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef", {400}),
        (POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", {400}),
        (
            POST
            + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n",
            {400, 413},
        ),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n989680\r\naaaa", {413}),
        (POST + b"Content-Length: 10000000\r\n\r\n", {413}),
        (b"GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n", {400}),
        (b"GET /healthz HTTP/1.1\r\n\r\n", {400}),
    ],
    ids=[
        "line",
        "header",
        "headers",
        "two-lengths",
        "identity",
        "length-and-chunks",
        "chunked",
        "length",
        "host",
        "no-host",
    ],
)
def test_what_is_no_good_is_refused_once(
    running_server: Server, request_bytes: bytes, statuses: set[int]
) -> None:
    answer = exchange(running_server, request_bytes)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert int(answer.split()[1]) in statuses
    assert running_server.answers()


def test_the_server_does_not_say_what_it_is(running_server: Server) -> None:
    for path in (b"/healthz", b"/no-such-page", b"/static/none.css"):
        request = b"GET " + path + b" HTTP/1.1\r\nConnection: close\r\n" + HOST + b"\r\n"
        answer = exchange(running_server, request).lower()
        assert b"granian" not in answer
        assert b"x-powered-by" not in answer


UPLOAD = (
    b"POST /portal/listings/pictures HTTP/1.1\r\nCookie: session=x\r\n"
    b"Content-Type: multipart/form-data; boundary=b\r\n"
)


@pytest.mark.parametrize(
    "unfinished",
    [
        POST + b"Content-Length: 1000\r\n\r\ntoken=",
        UPLOAD + HOST + b"Content-Length: 20000000\r\n\r\n--b\r\n",
    ],
    ids=["small", "upload"],
)
def test_bodies_that_do_not_come_hold_nobody_up(running_server: Server, unfinished: bytes) -> None:
    with ExitStack() as held:
        for _ in range(60):
            slow = socket.create_connection(("127.0.0.1", running_server.port), timeout=5)
            held.enter_context(slow).sendall(unfinished)
        assert all(running_server.answers() for _ in range(20))


def test_a_body_that_ends_early_is_not_taken_for_a_whole_one(running_server: Server) -> None:
    with socket.create_connection(("127.0.0.1", running_server.port), timeout=5) as connection:
        connection.sendall(POST + b"Content-Length: 1000\r\n\r\ntoken=abc")
        connection.shutdown(socket.SHUT_WR)
        assert not connection.recv(65536).startswith(b"HTTP/1.1 2")


def test_an_upload_without_a_session_is_not_waited_for(running_server: Server) -> None:
    request = UPLOAD.replace(b"Cookie: session=x\r\n", b"") + HOST
    answer = exchange(running_server, request + b"Content-Length: 20000000\r\n\r\n")
    assert answer.split()[1] in {b"302", b"413"}
