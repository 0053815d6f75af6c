"""The wire: what it says to a vendor is what the request says, and each way in which an answer fails has its true name."""

import asyncio
import gzip
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from activation_platform.sync.wire import Wire

PATIENT = 5.0
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class Vendor:
    """Answers each request of a connection with the next of some bytes, keeps what it heard, and hangs up after the last."""

    def __init__(self, *answers: bytes, hangs_up: bool = True) -> None:
        self._answers = answers
        self._hangs_up = hangs_up
        self.heard: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for answer in self._answers:
                head = await reader.readuntil(b"\r\n\r\n")
                length = head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]
                self.heard.append(head + await reader.readexactly(int(length or 0)))
                writer.write(answer)
            if not self._hangs_up:
                await reader.read()
        finally:
            writer.close()


def asked(vendor: Vendor, *requests: Callable[[str], httpx.Request], within: float = PATIENT) -> Any:
    """The last answer to requests of one wire, as (status, content), or its error."""

    async def work() -> Any:
        server = await asyncio.start_server(vendor, "127.0.0.1", 0)
        wire = Wire(4, within)
        try:
            for make in requests:
                port = server.sockets[0].getsockname()[1]
                answer = await wire.handle_async_request(make(f"http://127.0.0.1:{port}"))
        finally:
            await wire.aclose()
            server.close()
        return answer

    return asyncio.run(work())


def get(address: str) -> httpx.Request:
    return httpx.Request("GET", address)


def post(address: str) -> httpx.Request:
    return httpx.Request("POST", address, content=b"body")


def test_a_request_arrives_as_it_stands():
    vendor = Vendor(PLAIN)

    asked(
        vendor,
        lambda address: httpx.Request(
            "PUT",
            f"{address}/a%2Fb/%C3%A9?q=1%2B1&q=x+y",
            headers=[("X-One", "1"), ("X-One", "2"), ("Authorization", "Bearer t")],
            content=b'{"n":1}',
        ),
    )

    head, _, body = vendor.heard[0].partition(b"\r\n\r\n")
    assert head.startswith(b"PUT /a%2Fb/%C3%A9?q=1%2B1&q=x+y HTTP/1.1\r\n")
    lines = head.split(b"\r\n")
    assert [lines.count(b"X-One: 1"), lines.count(b"X-One: 2")] == [1, 1]
    assert b"Authorization: Bearer t" in lines
    assert [line for line in lines if line.lower().startswith(b"content-length")] == [b"Content-Length: 7"]
    assert body == b'{"n":1}'


def test_a_body_in_pieces_is_gathered_first():
    async def pieces():
        yield b"ab"
        yield b"cd"

    vendor = Vendor(PLAIN)

    asked(
        vendor,
        lambda address: httpx.Request("POST", address, headers={"Content-Length": "4"}, content=pieces()),
    )

    assert vendor.heard[0].endswith(b"\r\n\r\nabcd")


def test_an_answer_is_whole_and_decoded():
    packed = gzip.compress(b'{"told": "much"}')
    answer = asked(
        Vendor(
            b"HTTP/1.1 429 Slow down\r\nContent-Encoding: gzip\r\nRetry-After: 7\r\nContent-Length: %d\r\n\r\n"
            % len(packed)
            + packed
        ),
        get,
    )

    assert (answer.status_code, answer.reason_phrase, answer.headers["retry-after"]) == (
        429,
        "Slow down",
        "7",
    )
    assert (answer.json(), answer.text, answer.read()) == (
        {"told": "much"},
        '{"told": "much"}',
        answer.content,
    )


def test_neither_cookies_nor_redirects_are_followed():
    vendor = Vendor(
        b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nSet-Cookie: a=1\r\nContent-Length: 0\r\n\r\n", PLAIN
    )

    answer = asked(vendor, get, get)

    assert answer.status_code == httpx.codes.OK
    assert [told.split(b" ")[1] for told in vendor.heard] == [b"/", b"/"]
    assert not any(b"cookie" in told.lower() for told in vendor.heard)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param(b"", httpx.RemoteProtocolError, id="it hangs up"),
        pytest.param(PLAIN[:-1], httpx.RemoteProtocolError, id="half an answer"),
        pytest.param(b"nonsense\r\n\r\n", httpx.RemoteProtocolError, id="no HTTP"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnone",
            httpx.RemoteProtocolError,
            id="not the encoding it says",
        ),
    ],
)
def test_an_answer_that_breaks_off_or_is_none_is_told_from_one_that_never_stood(answer, error):
    # The vendor may have acted on the request: nobody may take it for one that never left.
    with pytest.raises(error) as caught:
        asked(Vendor(answer), post)
    assert "127.0.0.1" not in str(caught.value)


def test_a_late_answer_and_a_refused_connection_have_their_names():
    with pytest.raises(httpx.ReadTimeout):
        asked(Vendor(b"", hangs_up=False), post, within=0.05)
    with pytest.raises(httpx.ConnectError):
        asked(Vendor(), lambda address: post("http://127.0.0.1:1"))
