"""The loader over real sockets: one client a run, as many handshakes as there are conversations at a time."""

import asyncio

import pytest

from activation_platform.sync.budgets import Budgets
from activation_platform.sync.folder import Folder
from activation_platform.sync.loader import Loader, Told
from activation_platform.sync.patience import Patience
from activation_platform_tests.sync.shop import Shop, Things
from activation_platform_tests.sync.test_loader import batch_of

ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n["updated"]'


class Receiver:
    """A server that accepts whatever it is told; it counts connections and requests."""

    def __init__(self):
        self.connections = self.requests = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readline():
                length = 0
                while head.strip():
                    name, _, value = head.partition(b":")
                    length = int(value) if name.lower() == b"content-length" else length
                    head = await reader.readline()
                await reader.readexactly(length)
                self.requests += 1
                writer.write(ANSWER)
                await writer.drain()
        finally:
            writer.close()


@pytest.mark.parametrize("concurrency", [1, 4])
def test_handshakes_follow_the_concurrency_never_the_number_of_batches(tmp_path, concurrency):
    receiver = Receiver()

    async def work() -> None:
        server = await asyncio.start_server(receiver, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        service = Things(Shop(base_url=f"http://127.0.0.1:{port}"))
        loader = Loader(
            service.destination,
            Budgets(Folder(tmp_path), "acme"),
            Patience(sleep=asyncio.sleep),
            concurrency=concurrency,
        )
        told = Told(before=lambda batch: None, after=lambda batch, outcomes: None)
        async with server:
            await loader.load(service, (batch_of(str(number % 10)) for number in range(200)), told)
            await loader.close()

    asyncio.run(work())
    assert (receiver.requests, receiver.connections <= concurrency) == (200, True)
