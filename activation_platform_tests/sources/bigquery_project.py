"""A BigQuery project on the loopback: the REST API that Google's client speaks, answered by DuckDB through sqlglot.

Written from https://cloud.google.com/bigquery/docs/reference/rest; the Storage API (gRPC) is not part of it.
"""

import base64
import json
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from typing import Any

import duckdb
import sqlglot
import uvicorn
from sqlglot import exp
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

PROJECT, LOCATION = "example-shop", "EU"
EMAIL = f"reader@{PROJECT}.iam.gserviceaccount.com"
SCALARS = {
    "BIGINT": "INTEGER",
    "INTEGER": "INTEGER",
    "DOUBLE": "FLOAT",
    "VARCHAR": "STRING",
    "BOOLEAN": "BOOLEAN",
    "DATE": "DATE",
    "TIME": "TIME",
    "TIMESTAMP": "DATETIME",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP",
    "BLOB": "BYTES",
    "JSON": "JSON",
    "INTERVAL": "INTERVAL",
}


class BigQueryProject:
    """A project: its data, its jobs, who may come in, and what happens next."""

    def __init__(self, public_key: str) -> None:
        self.url = ""
        self.public_key = public_key
        self.database = duckdb.connect()
        self.database.execute("set timezone = 'UTC'; create schema shop")
        self.forget()

    def forget(self) -> None:
        """Nothing was asked, nothing is going to fail, and of the datasets only the first is there."""
        made = "select schema_name from information_schema.schemata where catalog_name = current_database()"
        for (name,) in self.database.execute(made).fetchall():
            if name not in ("main", "shop", "information_schema", "pg_catalog"):
                self.database.execute(f'drop schema "{name}" cascade')
        self.tokens: set[str] = set()
        self.jobs: dict[str, dict[str, Any]] = {}
        self.configurations: list[dict[str, Any]] = []
        self.cancelled: list[str] = []
        self.fault: tuple[int, str, str] | None = None
        self.stops: tuple[str, dict[str, Any]] | None = None
        self.loses, self.loses_at = 0, ""
        self.refuses_logins = False
        self.pages_fail = False
        self.expires_after_pages: int | None = None

    def run(self, *statements: str) -> None:
        """Run statements in BigQuery's SQL as the owner."""
        for statement in statements:
            self.database.execute(_translated(statement))

    def lose(self, rows: int, at: str = "") -> None:
        """The next result of a query with these words says so many rows more than it holds."""
        self.loses, self.loses_at = rows, at

    def cancels(self, at: str = "") -> None:
        """Somebody cancels the next job with these words, while it runs."""
        self.ends(at, "stopped", "Job execution was cancelled: User requested cancellation")

    def ends(self, at: str, reason: str, words: str) -> None:
        """The next job with these words begins, and ends with an error before it has done anything."""
        self.stops = at, {"reason": reason, "message": words, "location": LOCATION}

    def key(self, pem: str) -> str:
        """The service account's key file, whose tokens come from here."""
        said = {"type": "service_account", "project_id": PROJECT, "private_key_id": "1", "private_key": pem}
        return json.dumps({**said, "client_email": EMAIL, "client_id": "1", "token_uri": f"{self.url}/token"})

    async def token(self, request: Request) -> JSONResponse:
        """An access token for an assertion that the service account signed (RFC 7523)."""
        import jwt

        form = dict(pair.split("=", 1) for pair in (await request.body()).decode().split("&"))
        try:
            jwt.decode(form["assertion"], self.public_key, ["RS256"], options={"verify_aud": False})
        except jwt.InvalidTokenError:
            return JSONResponse(
                {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}, 400
            )
        if self.refuses_logins:
            return JSONResponse(
                {"error": "invalid_grant", "error_description": "Token has been revoked."}, 400
            )
        token = uuid.uuid4().hex
        self.tokens.add(token)
        return JSONResponse({"access_token": token, "expires_in": 3600, "token_type": "Bearer"})

    async def api(self, request: Request) -> JSONResponse:
        """Every path of the API, for who has a token."""
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return _error(401, "authError", "Request had invalid authentication credentials.")
        match request.path_params["path"].split("/"):
            case ["datasets"]:
                rows = self.database.execute(SCHEMAS).fetchall()
                named = [{"datasetReference": {"projectId": PROJECT, "datasetId": name}} for (name,) in rows]
                return JSONResponse({"datasets": named})
            case ["datasets", dataset, "tables"]:
                rows = self.database.execute(TABLES, [dataset]).fetchall()
                there = {"projectId": PROJECT, "datasetId": dataset}
                listed = [{"tableReference": {**there, "tableId": name}, "type": "TABLE"} for (name,) in rows]
                return JSONResponse({"tables": listed, "totalItems": len(listed)})
            case ["jobs"]:
                return self._inserted(await request.json(), request.path_params["project"])
            case ["jobs", job, "cancel"]:
                self.cancelled.append(job)
                return JSONResponse({"job": self.jobs[job]["document"]})
            case ["jobs", job]:
                return JSONResponse(self.jobs[job]["document"])
            case ["queries", job]:
                return self._page(job, request.query_params)
        return _error(404, "notFound", f"no such path {request.url.path}")

    def _inserted(self, body: dict[str, Any], project: str) -> JSONResponse:
        configuration = body["configuration"]
        self.configurations.append({**configuration, "project": project})
        reference = {"projectId": project, "location": LOCATION, **body.get("jobReference", {})}
        dry = configuration.get("dryRun", False)
        if self.fault is not None and not dry:
            return _error(*self.fault)
        if self.stops is not None and not dry and self.stops[0] in configuration["query"]["query"]:
            return self._stopped(reference, configuration)
        try:
            tree = sqlglot.parse_one(configuration["query"]["query"], read="bigquery")
            relation = self.database.sql(_translated(configuration["query"]["query"]))
            columns = [] if relation is None else zip(relation.columns, relation.types, strict=True)
            fields = [_field(name, str(kind)) for name, kind in columns]
            rows = [] if dry or relation is None else relation.fetchall()
        except sqlglot.ParseError:
            return _error(400, "invalidQuery", "Syntax error: Unexpected end of script at [1:1]")
        except duckdb.CatalogException as error:
            return _error(
                404, "notFound", f"Not found: {str(error).partition('!')[0]} in location {LOCATION}"
            )
        except duckdb.ConversionException as error:
            return _error(400, "invalidQuery", f"Bad int64 value: {str(error).split(chr(39))[1]}")
        except duckdb.Error as error:
            return _error(400, "invalidQuery", f"Unrecognized name: {str(error).partition(chr(10))[0]}")
        kind = "SELECT" if isinstance(tree, exp.Query) else tree.key.upper()
        document = {
            "jobReference": reference,
            "configuration": {**configuration, "jobType": "QUERY"},
            "statistics": {"query": {"schema": {"fields": fields}, "statementType": kind}},
            "status": {"state": "DONE"},
        }
        if not dry:
            loses = self.loses if self.loses_at in configuration["query"]["query"] else 0
            self.loses -= loses
            self.jobs[reference["jobId"]] = {
                "document": document,
                "fields": fields,
                "rows": rows,
                "loses": loses,
            }
        return JSONResponse(document)

    def _stopped(self, reference: dict[str, Any], configuration: dict[str, Any]) -> JSONResponse:
        """A job that runs when it is begun, and has failed when it is asked for."""
        assert self.stops is not None
        (_, error), self.stops = self.stops, None
        began = {"jobReference": reference, "configuration": {**configuration, "jobType": "QUERY"}}
        failed = {"state": "DONE", "errorResult": error, "errors": [error]}
        self.jobs[reference["jobId"]] = {"document": {**began, "status": failed}}
        return JSONResponse({**began, "status": {"state": "RUNNING"}})

    def _page(self, name: str, asked: Any) -> JSONResponse:
        job = self.jobs[name]
        if error := job["document"]["status"].get("errorResult"):
            return _error(400, error["reason"], error["message"])
        if self.pages_fail:
            return _error(
                503, "backendError", "Error encountered during execution. Retrying may solve the problem."
            )
        if asked.get("pageToken") and self.expires_after_pages is not None:
            self.expires_after_pages, after = self.expires_after_pages - 1, self.expires_after_pages
            if after == 0:
                self.tokens.clear()
                return _error(401, "authError", "Request had invalid authentication credentials.")
        start = int(asked.get("pageToken") or 0)
        most = int(asked.get("maxResults", len(job["rows"]) or 1))
        page = job["rows"][start : start + most]
        answer: dict[str, Any] = {
            "jobReference": job["document"]["jobReference"],
            "jobComplete": True,
            "schema": {"fields": job["fields"]},
            "totalRows": str(len(job["rows"]) + job["loses"]),
            "rows": [{"f": [{"v": _value(value)} for value in row]} for row in page],
        }
        if start + most < len(job["rows"]):
            answer["pageToken"] = str(start + most)
        return JSONResponse(answer)


SCHEMAS = """
select schema_name from information_schema.schemata
where catalog_name = 'memory' and schema_name not in ('main', 'information_schema', 'pg_catalog')
"""
TABLES = "select table_name from information_schema.tables where table_schema = ?"


def _translated(text: str) -> str:
    """BigQuery's SQL in DuckDB's, with datasets as schemas."""
    tree = sqlglot.parse_one(text, read="bigquery")
    for table in tree.find_all(exp.Table):
        table.set("catalog", None)
    for call in tree.find_all(exp.Format):
        call.replace(exp.Anonymous(this="printf", expressions=[call.this, *call.expressions]))
    for cast in tree.find_all(exp.Cast):
        if cast.to.is_type("VARBINARY", "BINARY"):  # DuckDB's own casts of texts to bytes are for ASCII
            cast.replace(exp.Anonymous(this="encode", expressions=[cast.this]))
    return tree.sql(dialect="duckdb")


def _field(name: str, kind: str) -> dict[str, Any]:
    if kind.endswith("[]"):
        return {**_field(name, kind[:-2]), "mode": "REPEATED"}
    if kind.startswith("STRUCT("):
        inner = [part.strip().rpartition(" ")[::2] for part in kind[7:-1].split(",")]
        fields = [_field(field.strip('"').partition(" ")[0], word) for field, word in inner]
        return {"name": name, "type": "RECORD", "mode": "NULLABLE", "fields": fields}
    if kind.startswith("DECIMAL("):
        precision, scale = kind[8:-1].split(",")
        word = {"type": "NUMERIC", "precision": precision, "scale": scale}
        return {"name": name, "mode": "NULLABLE", **word}
    return {"name": name, "type": SCALARS[kind], "mode": "NULLABLE"}


def _value(value: Any) -> Any:
    """A value in the API's JSON: everything is text; timestamps are microseconds, as `useInt64Timestamp` asks."""
    match value:
        case None:
            return None
        case bool():
            return str(value).lower()
        case datetime(tzinfo=None):
            return value.isoformat()
        case datetime():
            return str((value - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1))
        case date() | clock():
            return value.isoformat()
        case bytes():
            return base64.b64encode(value).decode()
        case list():
            return [{"v": _value(one)} for one in value]
        case dict():
            return {"f": [{"v": _value(one)} for one in value.values()]}
    return str(value)


def _error(status: int, reason: str, words: str) -> JSONResponse:
    told = {
        "code": status,
        "message": words,
        "errors": [{"reason": reason, "message": words, "domain": "global"}],
    }
    return JSONResponse({"error": told}, status)


@contextmanager
def serving(public_key: str) -> Iterator[BigQueryProject]:
    """A project whose service account has this public key (PEM)."""
    project = BigQueryProject(public_key)
    routes = [
        Route("/token", project.token, methods=["POST"]),
        Route("/bigquery/v2/projects/{project}/{path:path}", project.api, methods=["GET", "POST"]),
    ]
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        server = uvicorn.Server(
            uvicorn.Config(Starlette(routes=routes), log_level="critical", lifespan="off")
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        project.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        while not server.started:
            time.sleep(0.01)
        yield project
        server.should_exit = True
        thread.join(10)
        project.database.close()
