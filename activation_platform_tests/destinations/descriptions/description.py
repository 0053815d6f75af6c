"""What any description of an API can say of an exchange, and a witness who holds every exchange against one."""

from abc import ABC, abstractmethod
from collections.abc import Iterator

import httpx

__all__ = ["MAY_BE_LEFT_OUT", "Description", "Witness", "media_of"]

MAY_BE_LEFT_OUT = (401, 403, 404, 409, 413, 429)
"""Refusals that a description may leave out, beside those of the server (5xx), and 400 where nothing can be malformed."""


class Description(ABC):
    """A vendor's description: which requests there are, and what answers them."""

    @abstractmethod
    def problems(self, request: httpx.Request, response: httpx.Response) -> Iterator[str]:
        """Everything in a request, as it would go to the vendor, and in its answer that is not as described."""


class Witness(httpx.BaseTransport):
    """The way to the sandbox, on which every exchange is held against a description; `here` stands for the vendor's `there`.

    What is asked for below one of the paths `beside` belongs to no API that is described: a file, in the vendor's storage.
    `told` counts exchanges by method and status, so that a test can say what it saw.
    """

    def __init__(
        self, description: Description | None, here: str, there: str, beside: tuple[str, ...] = ()
    ) -> None:
        self._wire = httpx.HTTPTransport()
        self._description = description
        self._here, self._there = here, there
        self._beside = tuple(here + path for path in beside)
        self.problems: list[str] = []
        self.exchanges: list[tuple[httpx.Request, httpx.Response]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Carry a request, and note what is wrong with it or its answer."""
        response = self._wire.handle_request(request)
        response.read()
        self.exchanges.append((request, response))
        if self._description is not None and not str(request.url).startswith(self._beside):
            address = self._there + str(request.url).removeprefix(self._here)
            said = httpx.Request(request.method, address, headers=request.headers, content=request.content)
            self.problems += [
                f"{request.method} {said.url} ({response.status_code}): {problem}"
                for problem in self._description.problems(said, response)
            ]
        return response

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()


def media_of(headers: httpx.Headers) -> str:
    """The media type of a body."""
    return headers.get("content-type", "").partition(";")[0].strip()
