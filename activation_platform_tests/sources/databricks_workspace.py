"""A stand-in of a Databricks workspace on the loopback: the Statement Execution API, its token endpoint and its cloud storage.

It is written from the vendor's pages, not from our client; statements run in DuckDB, translated by sqlglot. So it shows how we
speak to the API, and never that Databricks takes a certain SQL.
"""

import base64
import io
import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import duckdb
import pyarrow as pa
import sqlglot

WAREHOUSE = "1234567890abcdef"
TOKEN = "dapi-0123456789"
PRINCIPAL, PRINCIPAL_SECRET = "5f1c-principal", "dose-of-secret"
STATEMENTS = "/api/2.0/sql/statements"
WORDS = {
    "boolean": "BOOLEAN",
    "tinyint": "TINYINT",
    "smallint": "SMALLINT",
    "integer": "INT",
    "bigint": "BIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "varchar": "STRING",
    "blob": "BINARY",
    "date": "DATE",
    "timestamp": "TIMESTAMP_NTZ",
    "timestamp with time zone": "TIMESTAMP",
    "interval": "INTERVAL DAY TO SECOND",
    "sqlnull": "VOID",
    '"null"': "VOID",
    "hugeint": "DECIMAL(38,0)",
}
STATES = {
    "Catalog": (
        "42P01",
        "[TABLE_OR_VIEW_NOT_FOUND] The table or view cannot be found. Verify the spelling. SQLSTATE: 42P01",
    ),
    "Parser": ("42601", "[PARSE_SYNTAX_ERROR] Syntax error at or near 'x'. SQLSTATE: 42601"),
    "Binder": ("42703", "[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column cannot be resolved. SQLSTATE: 42703"),
    "Conversion": (
        "22018",
        "[CAST_INVALID_INPUT] The value '{quoted}' of the type \"STRING\" cannot be cast. SQLSTATE: 22018",
    ),
}


@dataclass
class Answer:
    """What a request gets."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Statement:
    """A statement: its state, and once it succeeded its chunks."""

    sql: str
    looks: int
    state: str = "PENDING"
    sql_state: str = ""
    error: dict[str, str] = field(default_factory=dict)
    columns: list[dict[str, Any]] = field(default_factory=list)
    chunks: list[pa.RecordBatch] = field(default_factory=list)


@dataclass
class Workspace:
    """The workspace; `answers`, by method and path, are what requests get once each, before anything else."""

    address: str = ""
    tokens: set[str] = field(default_factory=lambda: {TOKEN})
    looks: int = 1
    """How often a statement says that it runs before it ends."""
    chunk_rows: int = 1000
    link_seconds: float = 900.0
    answers: dict[tuple[str, str], list[Answer]] = field(default_factory=dict)
    seen: list[tuple[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    truncates: bool = False
    loses: int = 0
    """Rows that are missing from each chunk, although the manifest counts them."""
    statements: dict[str, Statement] = field(default_factory=dict)
    signatures: dict[str, tuple[str, int]] = field(default_factory=dict)
    database: duckdb.DuckDBPyConnection = field(default_factory=duckdb.connect)

    def __post_init__(self) -> None:
        self.database.execute("set timezone = 'UTC'")

    def answer(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Answer:
        """What the workspace says to a request."""
        path, query = urlsplit(url).path, parse_qs(urlsplit(url).query)
        self.seen.append((method, path))
        self.headers.append(headers)
        for (of, start), waiting in self.answers.items():
            if waiting and of == method and path.startswith(start):
                return waiting.pop(0)
        if path == "/oidc/v1/token":
            return self._token(headers, body)
        if path.startswith("/storage/"):
            return self._stored(query, headers)
        if headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return Answer(403, {"error_code": "403", "message": "Invalid access token."})
        return self._statement(method, path, json.loads(body or b"{}"))

    def _token(self, headers: dict[str, str], body: bytes) -> Answer:
        known = base64.b64encode(f"{PRINCIPAL}:{PRINCIPAL_SECRET}".encode()).decode()
        form = parse_qs(body.decode())
        if headers.get("authorization") != f"Basic {known}":
            return Answer(401, {"error": "invalid_client"})
        if form != {"grant_type": ["client_credentials"], "scope": ["all-apis"]}:
            return Answer(400, {"error": "invalid_request"})
        token = uuid.uuid4().hex
        self.tokens.add(token)
        return Answer(200, {"access_token": token, "token_type": "Bearer", "expires_in": 3600})

    def _statement(self, method: str, path: str, said: dict[str, Any]) -> Answer:
        parts = path.removeprefix(STATEMENTS).strip("/").split("/")
        if method == "POST" and parts == [""]:
            return self._begun(said)
        statement = self.statements.get(parts[0])
        if statement is None:
            return Answer(
                404, {"error_code": "NOT_FOUND", "message": f"The statement {parts[0]} was not found."}
            )
        if parts[1:] == ["cancel"]:
            self.cancelled.append(parts[0])
            statement.state = "CANCELED"
            return Answer()
        if parts[1:3] == ["result", "chunks"]:
            return Answer(200, self._result(parts[0], statement, int(parts[3])))
        return Answer(200, self._told(parts[0], statement))

    def _begun(self, said: dict[str, Any]) -> Answer:
        if said["warehouse_id"] != WAREHOUSE:
            words = f"{said['warehouse_id']} is not a valid endpoint id."
            return Answer(400, {"error_code": "INVALID_PARAMETER_VALUE", "message": words})
        assert (said["disposition"], said["format"]) == ("EXTERNAL_LINKS", "ARROW_STREAM")
        name = f"01ef-{uuid.uuid4().hex}"
        self.statements[name] = Statement(said["statement"], self.looks)
        return Answer(200, self._told(name, self.statements[name], waits=said["wait_timeout"] == "0s"))

    def _told(self, name: str, statement: Statement, *, waits: bool = False) -> dict[str, Any]:
        if not waits and statement.state in ("PENDING", "RUNNING"):
            statement.state, statement.looks = "RUNNING", statement.looks - 1
            if statement.looks < 0:
                self._run(statement)
        status: dict[str, Any] = {"state": statement.state}
        if statement.error:
            status |= {"error": statement.error, "sql_state": statement.sql_state}
        if statement.state != "SUCCEEDED":
            return {"statement_id": name, "status": status}
        manifest = {
            "format": "ARROW_STREAM",
            "schema": {"column_count": len(statement.columns), "columns": statement.columns},
            "total_chunk_count": len(statement.chunks),
            "total_row_count": sum(chunk.num_rows for chunk in statement.chunks),
            "truncated": self.truncates,
        }
        result = self._result(name, statement, 0) if statement.chunks else {}
        return {"statement_id": name, "status": status, "manifest": manifest, "result": result}

    def _run(self, statement: Statement) -> None:
        sql = statement.sql
        if sql == "SHOW SCHEMAS":
            sql = "select distinct table_schema as `databaseName` from information_schema.tables"
        try:
            (translated,) = sqlglot.transpile(sql, read="databricks", write="duckdb")
            relation = self.database.cursor().sql(translated)
            if relation is not None:
                statement.columns = [
                    {"name": name, "position": at, "type_text": type_text(kind)}
                    for at, (name, kind) in enumerate(zip(relation.columns, relation.types, strict=True))
                ]
                table = relation.to_arrow_table()
                statement.chunks = table.combine_chunks().to_batches(max_chunksize=self.chunk_rows)
            statement.state = "SUCCEEDED"
        except (duckdb.Error, sqlglot.errors.ParseError) as error:
            kind = str(error).partition(" ")[0] if isinstance(error, duckdb.Error) else "Parser"
            statement.sql_state, words = STATES.get(kind, ("XX000", "[INTERNAL_ERROR] Something is wrong."))
            quoted = str(error).split("'")[1] if "'" in str(error) else ""
            statement.error = {"error_code": "BAD_REQUEST", "message": words.replace("{quoted}", quoted)}
            statement.state = "FAILED"

    def _result(self, name: str, statement: Statement, index: int) -> dict[str, Any]:
        signature = uuid.uuid4().hex
        self.signatures[signature] = (name, index)
        link: dict[str, Any] = {
            "chunk_index": index,
            "row_offset": sum(chunk.num_rows for chunk in statement.chunks[:index]),
            "row_count": statement.chunks[index].num_rows,
            "external_link": f"{self.address}/storage/part-{index}?X-Amz-Signature={signature}",
            "http_headers": {"x-decryption-key": f"key-{signature}"},
            "expiration": (datetime.now(UTC) + timedelta(seconds=self.link_seconds))
            .isoformat()
            .replace("+00:00", "Z"),
        }
        if index + 1 < len(statement.chunks):
            link |= {"next_chunk_index": index + 1}
        return {"external_links": [link]}

    def _stored(self, query: dict[str, list[str]], headers: dict[str, str]) -> Answer:
        (signature,) = query["X-Amz-Signature"]
        if "authorization" in headers or headers.get("x-decryption-key") != f"key-{signature}":
            return Answer(400, b"Only one auth mechanism allowed")
        if signature not in self.signatures:
            return Answer(403, b"Request has expired")
        name, index = self.signatures[signature]
        batch = self.statements[name].chunks[index]
        out = io.BytesIO()
        with pa.ipc.new_stream(out, batch.schema) as stream:
            stream.write_batch(batch.slice(0, max(0, batch.num_rows - self.loses)))
        return Answer(200, out.getvalue())


def type_text(kind: Any) -> str:
    """A DuckDB type as Databricks spells its own."""
    if kind.id == "decimal":
        precision, scale = (value for _, value in kind.children)
        return f"DECIMAL({precision},{scale})"
    if kind.id in ("list", "array"):
        return f"ARRAY<{type_text(kind.children[0][1])}>"
    if kind.id == "struct":
        return f"STRUCT<{', '.join(f'`{name}`: {type_text(child)}' for name, child in kind.children)}>"
    if kind.id == "map":
        return f"MAP<{', '.join(type_text(child) for _, child in kind.children)}>"
    return WORDS[str(kind).lower()]


@contextmanager
def serving() -> Iterator[Workspace]:
    """A workspace that answers at `address`."""
    workspace = Workspace()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # or each answer waits for its beginning to be acknowledged

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = workspace.answer(self.command, self.path, headers, body)
            content = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
            self.send_response(answer.status)
            for name, value in {**answer.headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _serve  # noqa: N815

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads, server.block_on_close = True, False
    workspace.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield workspace
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        workspace.database.close()
