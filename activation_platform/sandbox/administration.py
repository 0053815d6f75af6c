"""The control plane of a sandbox, `/_sandbox`: read the state, order faults, set limits, start over."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from activation_platform.sandbox.faults import Rule
from activation_platform.sandbox.limits import Limit
from activation_platform.sandbox.world import World

_Endpoint = Callable[[Request], Awaitable[Response]]


def routes(world: World) -> list[Route]:
    """Return the control endpoints of a world; each answers JSON, an error is `{"error": reason}`."""
    desk = _Desk(world)
    return [
        Route("/state", _explained(desk.state), methods=["GET"]),
        Route("/state/{platform}", _explained(desk.platform), methods=["GET"]),
        Route("/state/{platform}/{part}", _explained(desk.part), methods=["GET"]),
        Route("/reset", _explained(desk.reset), methods=["POST"]),
        Route("/requests", _explained(desk.requests), methods=["GET"]),
        Route("/finish-erasures", _explained(desk.finish_erasures), methods=["POST"]),
        Route("/limits", _explained(desk.limits), methods=["GET"]),
        Route("/limits", _explained(desk.change_limits), methods=["POST"]),
        Route("/faults", _explained(desk.faults), methods=["GET"]),
        Route("/faults", _explained(desk.add_faults), methods=["POST"]),
        Route("/faults", _explained(desk.clear_faults), methods=["DELETE"]),
    ]


class _Desk:
    def __init__(self, world: World) -> None:
        self._world = world

    async def state(self, _request: Request) -> Any:
        return self._world.state()

    async def platform(self, request: Request) -> Any:
        return self._world.state()[request.path_params["platform"]]

    async def part(self, request: Request) -> Any:
        return self._world.part(request.path_params["platform"], request.path_params["part"])

    async def reset(self, _request: Request) -> Any:
        self._world.reset()
        return {}

    async def requests(self, _request: Request) -> Any:
        return self._world.requests()

    async def finish_erasures(self, _request: Request) -> Any:
        return {"finished": self._world.finish_erasures()}

    async def limits(self, _request: Request) -> Any:
        return self._world.limits()

    async def change_limits(self, request: Request) -> Any:
        document = _mapping(await _document(request))
        unknown = sorted(set(document) - {"enabled", "platform", "limit", "rate", "burst"})
        if unknown or not document:
            raise ValueError("say enabled, or platform, limit, rate and burst")
        if "enabled" in document:
            if not isinstance(document["enabled"], bool):
                raise ValueError("enabled is true or false")
            self._world.enable_limits(document["enabled"])
        if "platform" in document:
            limit = Limit(_number(document, "rate"), _number(document, "burst"))
            self._world.change_limit(document["platform"], document["limit"], limit)
        return self._world.limits()

    async def faults(self, _request: Request) -> Any:
        return self._world.faults_in_force()

    async def add_faults(self, request: Request) -> Any:
        document = await _document(request)
        wanted = document if isinstance(document, list) else [document]
        rules = [Rule.from_document(_mapping(each)) for each in wanted]
        return {"numbers": [self._world.add_fault(rule) for rule in rules]}

    async def clear_faults(self, _request: Request) -> Any:
        self._world.clear_faults()
        return {}


def _explained(endpoint: Callable[[Request], Awaitable[Any]]) -> _Endpoint:
    async def answer(request: Request) -> Response:
        # Without credentials, at least no web page may give orders: browsers send Origin where it matters.
        if "origin" in request.headers:
            return JSONResponse({"error": "the control plane is not for web pages"}, status_code=403)
        try:
            return JSONResponse(await endpoint(request))
        except KeyError as missing:
            return JSONResponse({"error": f"nothing is called {missing}"}, status_code=404)
        except ValueError as wrong:
            return JSONResponse({"error": str(wrong)}, status_code=400)

    return answer


async def _document(request: Request) -> Any:
    try:
        return json.loads(await request.body())
    except ValueError as wrong:
        raise ValueError("the body is not JSON") from wrong


def _mapping(document: Any) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise ValueError("a JSON object is expected")
    return document


def _number(document: dict[str, Any], name: str) -> float:
    value = document.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ValueError(f"{name} is a number")
    return float(value)
