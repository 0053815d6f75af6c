"""A Snowflake account on the loopback: fakesnow in a process of its own, behind a front that asks who one is, and can fail."""

import gzip
import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

USER, PASSWORD, OAUTH_TOKEN = "ACTIVATION", "s3cret:/@ %#?&é'\"", "an-oauth-token-of-the-sandbox"
DATABASE, WAREHOUSE = "SHOP", "SMALL"
START_WITHIN = 60.0
FLEETING = re.compile(r'"ACTIVATION_DELTA"\.("ACTIVATION_(?:GIVEN|TODAY)")')
"""Temporary tables, which fakesnow has in no schema."""


@dataclass(frozen=True, slots=True)
class SnowflakeAccount:
    """A running account, and what may be asked and told about it."""

    url: str

    @property
    def settings(self) -> dict[str, Any]:
        """How a source logs in."""
        return {
            "account": "example-shop",
            "user": USER,
            "password": PASSWORD,
            "warehouse": WAREHOUSE,
            "database": DATABASE,
            "default_schema": "PUBLIC",
            "url": self.url,
        }

    def run(self, *statements: str) -> None:
        """Run statements as the owner, each committed."""
        with self._owner() as owner:
            for statement in statements:
                owner.cursor().execute(statement)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query as the owner sees them."""
        with self._owner() as owner:
            found: list[tuple[Any, ...]] = owner.cursor().execute(query).fetchall()
            return found

    @contextmanager
    def _owner(self) -> Iterator[Any]:
        import snowflake.connector

        address = httpx.URL(self.url)
        with closing(
            snowflake.connector.connect(
                user=USER,
                password=PASSWORD,
                account="example-shop",
                database=DATABASE,
                schema="PUBLIC",
                host=address.host,
                port=address.port,
                protocol="http",
                network_timeout=10,
                platform_detection_timeout_seconds=0,
                session_parameters={"QUERY_TAG": "owner"},
            )
        ) as owner:
            yield owner

    def fails(self, number: int, state: str, words: str, at: str = "") -> None:
        """The next query of a source (that says `at`) ends in this error, in the shape of the vendor's."""
        self.told(fault={"code": f"{number:06d}", "state": state, "message": words, "at": at})

    def cancels(self, at: str = "") -> None:
        """Somebody cancels the next query of a source (that says `at`)."""
        self.fails(604, "57014", "SQL execution canceled", at)

    def loses(self, rows: int) -> None:
        """The next result says so many rows more than it holds."""
        self.told(loses=rows)

    def told(self, **changes: Any) -> dict[str, Any]:
        """What the account has seen, after these changes."""
        seen: dict[str, Any] = httpx.post(f"{self.url}/control", json=changes).raise_for_status().json()
        return seen


@contextmanager
def serving(public_key: str) -> Iterator[SnowflakeAccount]:
    """An account whose user has this public key (PEM)."""
    command = [sys.executable, "-W", "ignore", "-m", __name__, public_key]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            account = SnowflakeAccount(f"http://127.0.0.1:{int(process.stdout.readline())}")
            account.run(f"create database if not exists {DATABASE}", "create schema if not exists PUBLIC")
            yield account
        finally:
            process.terminate()


class Front:
    """The account's own part: logins, faults and what was seen; queries are answered by fakesnow."""

    def __init__(self, public_key: str) -> None:
        self.public_key = public_key
        self.fault: dict[str, str] | None = None
        self.loses = 0
        self.seen: dict[str, Any] = {"logins": [], "closed": 0, "statements": []}

    async def control(self, request: Any) -> Any:
        """Change what happens next, tell what happened before."""
        from starlette.responses import JSONResponse

        changes = await request.json()
        self.fault, self.loses = changes.get("fault", self.fault), changes.get("loses", self.loses)
        seen = json.loads(json.dumps(self.seen))
        if changes.get("forget"):
            self.seen.update(logins=[], closed=0, statements=[])
        return JSONResponse(seen)

    async def login(self, request: Any) -> Any:
        """Let in who knows the password, holds the token, or signed with the key."""
        from fakesnow.server import login_request
        from starlette.responses import JSONResponse

        data = (await _body(request))["data"]
        refused = self._refusal(data)
        if refused:
            return _error(*refused)
        if data["SESSION_PARAMETERS"].get("QUERY_TAG") != "owner":
            self.seen["logins"].append({**data["SESSION_PARAMETERS"], **dict(request.query_params)})
        answer = json.loads((await login_request(request)).body)
        answer["data"]["masterToken"] = "master"  # without one the connector never closes a session
        return JSONResponse(answer)

    def _refusal(self, data: dict[str, Any]) -> tuple[str, str, str] | None:
        import jwt

        kind = data.get("AUTHENTICATOR", "SNOWFLAKE")
        if kind == "SNOWFLAKE_JWT":
            try:
                jwt.decode(data["TOKEN"], self.public_key, ["RS256"])
            except jwt.InvalidTokenError:
                return "390144", "08001", "JWT token is invalid."
        elif kind == "OAUTH":
            if data["TOKEN"] != OAUTH_TOKEN:
                return "390318", "08001", "OAuth access token expired."
        elif data.get("PASSWORD") != PASSWORD:
            return "390100", "08001", "Incorrect username or password was specified."
        return None

    async def query(self, request: Any) -> Any:
        """A query, its fault, or a count that is not its own."""
        from fakesnow.server import query_request
        from starlette.responses import JSONResponse

        asked = await _body(request)
        self.seen["statements"].append(asked["sqlText"])
        _say(request, {**asked, "sqlText": FLEETING.sub(r"\1", asked["sqlText"])})
        if self.fault is not None and self.fault["at"] in asked["sqlText"]:
            fault, self.fault = self.fault, None
            return _error(fault["code"], fault["state"], fault["message"])
        response = await query_request(request)
        if self.loses:
            answer = json.loads(response.body)
            answer["data"]["total"] += self.loses
            self.loses = 0
            return JSONResponse(answer)
        return response

    async def session(self, request: Any) -> Any:
        """A session that is closed (Snowflake then aborts the query it runs), or kept alive."""
        from fakesnow.server import session

        self.seen["closed"] += "delete" in request.query_params
        return await session(request)


async def _body(request: Any) -> dict[str, Any]:
    body = await request.body()
    if request.headers.get("Content-Encoding") == "gzip":
        body = gzip.decompress(body)
    parsed: dict[str, Any] = json.loads(body)
    return parsed


def _say(request: Any, body: dict[str, Any]) -> None:
    """Let a request ask something else."""
    content = json.dumps(body).encode()
    packed = request.headers.get("Content-Encoding") == "gzip"
    request._body = gzip.compress(content, 1) if packed else content


def _error(code: str, state: str, message: str) -> Any:
    from starlette.responses import JSONResponse

    data = {"errorCode": code, "sqlState": state, "queryId": "01b2-0000-example"}
    return JSONResponse({"data": data, "code": code, "message": message, "success": False})


def main() -> None:
    """Serve on a free port, whose number is the first line of the output."""
    import uvicorn
    from fakesnow.server import routes
    from starlette.applications import Starlette
    from starlette.routing import Route

    front = Front(sys.argv[1])
    own = {
        "/control": front.control,
        "/session/v1/login-request": front.login,
        "/queries/v1/query-request": front.query,
        "/session": front.session,
    }
    app = Starlette(routes=[*(Route(path, said, methods=["POST"]) for path, said in own.items()), *routes])
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()  # a client that comes before the server is ready waits
        print(listening.getsockname()[1], flush=True)
        uvicorn.Server(uvicorn.Config(app, log_level="critical")).run(sockets=[listening])


if __name__ == "__main__":
    main()
