"""A stand-in of a Redshift cluster on the loopback: a real PostgreSQL behind a small proxy, and UNLOAD to a stand-in of S3.

The official driver does not connect to PostgreSQL: it sends start-up parameters that PostgreSQL refuses, and cannot read
its version number. The proxy drops the one and shortens the other. Statements are rewritten from Redshift's SQL to
PostgreSQL's by sqlglot, so a green test shows how we speak, and never that Redshift takes a certain SQL.
"""

import asyncio
import json
import re
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import polars as pl
import sqlglot
from sqlglot import exp

from activation_platform.sources.postgres import Postgres

KEPT = (b"user", b"database")
VERSION = b"8.0.2"
ENDS = (asyncio.CancelledError, asyncio.IncompleteReadError, ConnectionError)
SSL_ASKED = struct.pack("!I", 80877103)
SASL = struct.pack("!I", 10)
AS_IT_IS = re.compile(r"\s*(BEGIN|SET|FETCH|CLOSE|ROLLBACK|COMMIT|DEALLOCATE)\b", re.IGNORECASE)
WRAPPED = re.compile(r"\s*((?:EXPLAIN|DECLARE \w+ CURSOR FOR)\s)(.*)", re.IGNORECASE | re.DOTALL)
LITERAL = re.compile(r"'((?:[^'\\]|\\.|'')*)'", re.DOTALL)
ESCAPED = re.compile(r"\\.|''", re.DOTALL)
COUNT = "SELECT pg_last_unload_count()"
FUNCTIONS = (
    "create or replace function from_varbyte(bytea, text) returns text language sql as 'select encode($1, $2)'",
    "create or replace function fnv_hash(double precision) returns bigint language sql as 'select hashfloat8extended($1, 0)'",
)
"""Redshift's own, as far as a PostgreSQL can have them. Its SUPER is text."""
UNBOUND = " WITH NO SCHEMA BINDING"
REFUSES = "do $do$ begin raise exception using errcode = 'XX000', message = {}; end $do$"


@dataclass
class Cluster:
    """The cluster, and what it unloaded. `s3` is boto3's client of the stand-in; `refuses`: what UNLOAD fails with."""

    server: Any
    s3: Any
    port: int = 0
    host: str = "127.0.0.1"
    file_rows: int = 1000
    refuses: str = ""
    loses: int = 0
    """Rows that are missing from each file, although the cluster counts them."""
    seen: list[str] = field(default_factory=list)
    counted: int = 0
    tls: ssl.SSLContext | None = None
    """With what it answers who asks for an encrypted connection; None: there is none."""
    broken: list[Any] = field(default_factory=list)
    """What went wrong in the stand-in itself."""
    ends: list[asyncio.StreamWriter] = field(default_factory=list)
    """Every connection, of clients and to PostgreSQL."""

    def spoken(self, sql: str, database: str) -> str:
        """The statement as PostgreSQL gets it."""
        self.seen.append(sql)
        if sql == COUNT:
            return f"select {self.counted}::bigint as pg_last_unload_count"
        if sql.startswith("UNLOAD"):
            return self._unload(sql, database)
        if AS_IT_IS.match(sql):
            return sql
        if wrapped := WRAPPED.match(sql):
            return wrapped[1] + self.spoken(wrapped[2], database)
        return translated(sql)

    def _unload(self, sql: str, database: str) -> str:
        query, folder = (ESCAPED.sub(lambda found: found[0][1], each) for each in LITERAL.findall(sql)[:2])
        if self.refuses:
            return REFUSES.format("'" + self.refuses.replace("'", "''") + "'")
        source = Postgres(
            host=self.server.host,
            port=self.server.port,
            database=database,
            user=self.server.user,
            password=self.server.password,
        )
        try:
            frame = pl.concat(source.read(translated(query)))
        except Exception:  # noqa: BLE001 -- PostgreSQL itself shall say what is wrong
            return translated(query)
        self.counted = len(frame)
        bucket, _, prefix = folder.removeprefix("s3://").partition("/")
        entries = []
        for number, part in enumerate(frame.iter_slices(self.file_rows)):
            name = f"{prefix}{number:04d}_part_00.parquet"
            out = BytesIO()
            part.head(len(part) - self.loses).write_parquet(out)
            self.s3.put_object(Bucket=bucket, Key=name, Body=out.getvalue())
            meta = {"content_length": len(out.getvalue()), "record_count": len(part) - self.loses}
            entries.append({"url": f"s3://{bucket}/{name}", "meta": meta})
        if entries:
            self.s3.put_object(
                Bucket=bucket, Key=f"{prefix}manifest", Body=json.dumps({"entries": entries}).encode()
            )
        return "set application_name = 'unloaded'"

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.ends.append(writer)
        try:
            start = await _sized(reader)
            if start == SSL_ASKED:
                writer.write(b"N" if self.tls is None else b"S")
                if self.tls is not None:
                    await writer.start_tls(self.tls)
                start = await _sized(reader)
        except (asyncio.IncompleteReadError, asyncio.CancelledError):  # somebody only knocked
            writer.close()
            return
        pairs = start[4:].rstrip(b"\0").split(b"\0")
        said = {name: value for name, value in zip(pairs[::2], pairs[1::2], strict=True) if name in KEPT}
        above, below = await asyncio.open_connection(self.server.host, self.server.port)
        self.ends.append(below)
        packed = start[:4] + b"".join(name + b"\0" + value + b"\0" for name, value in said.items()) + b"\0"
        below.write(struct.pack("!I", len(packed) + 4) + packed)
        database = said[b"database"].decode()
        up = asyncio.create_task(self._up(reader, below, database))
        down = asyncio.create_task(_down(above, writer))
        with suppress(asyncio.CancelledError):
            await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
        for task in (up, down):
            task.cancel()
        ended = await asyncio.gather(up, down, return_exceptions=True)
        self.broken += [one for one in ended if not isinstance(one, ENDS)]
        for end in (below, writer):
            end.close()

    async def _up(self, reader: asyncio.StreamReader, below: asyncio.StreamWriter, database: str) -> None:
        """What the driver says; the text of each statement is rewritten."""
        while True:
            kind, content = await _message(reader)
            if kind == b"P":
                name, sql, rest = content.split(b"\0", 2)
                spoken = await asyncio.to_thread(self.spoken, sql.decode(), database)
                content = name + b"\0" + spoken.encode() + b"\0" + rest
            below.write(kind + struct.pack("!I", len(content) + 4) + content)
            await below.drain()


async def _down(above: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """What PostgreSQL says; only its version is Redshift's, and the driver takes the end of a list of logins for one more."""
    while True:
        kind, content = await _message(above)
        if kind == b"S" and content.startswith(b"server_version\0"):
            content = b"server_version\0" + VERSION + b"\0"
        if kind == b"R" and content.startswith(SASL):
            content = content[:-1]
        writer.write(kind + struct.pack("!I", len(content) + 4) + content)
        await writer.drain()


async def _message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    return await reader.readexactly(1), await _sized(reader)


async def _sized(reader: asyncio.StreamReader) -> bytes:
    (length,) = struct.unpack("!I", await reader.readexactly(4))
    return await reader.readexactly(length - 4)


def translated(sql: str) -> str:
    """Redshift's SQL as PostgreSQL's; what sqlglot cannot read goes as it is."""
    try:
        tree = sqlglot.parse_one(sql.removesuffix(UNBOUND), read="redshift")
    except sqlglot.errors.ParseError:
        return sql
    return tree.transform(_of_postgres).sql(dialect="postgres")


def _of_postgres(node: exp.Expr) -> exp.Expr:
    """Texts have no length, SUPER is a text with the JSON of one, and what compares letter by letter is the collation "C".

    Where Perl's regular expression is found becomes whether PostgreSQL's is.
    """
    if isinstance(node, exp.DataType) and (
        node.this is exp.DType.SUPER or "MAX" in map(str, node.expressions)
    ):
        return exp.DataType.build("text")
    if isinstance(node, exp.Collate):
        node.set("expression", exp.to_identifier("C", quoted=True))
    if isinstance(node, exp.RegexpInstr):
        pattern = exp.Literal.string(node.expression.name.replace(r"\z", r"\Z"))
        return exp.cast(exp.RegexpLike(this=node.this, expression=pattern), "int")
    if isinstance(node, exp.Anonymous) and node.name.upper() == "JSON_SERIALIZE":
        (value,) = node.expressions
        return exp.cast(exp.Anonymous(this="to_json", expressions=[value.transform(_of_postgres)]), "text")
    return node


@contextmanager
def serving(server: Any, s3: Any) -> Iterator[Cluster]:
    """A cluster that answers at `host` and `port`, and holds what the PostgreSQL `server` holds."""
    cluster = Cluster(server, s3)
    loop = asyncio.new_event_loop()
    listening = loop.run_until_complete(asyncio.start_server(cluster._client, cluster.host, 0))
    cluster.port = listening.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield cluster
    finally:
        asyncio.run_coroutine_threadsafe(_ended(listening, cluster), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        with closing(loop):
            loop.run_until_complete(loop.shutdown_default_executor())


async def _ended(listening: asyncio.Server, cluster: Cluster) -> None:
    listening.close()
    mine = asyncio.current_task()
    others = [task for task in asyncio.all_tasks() if task is not mine]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    for end in cluster.ends:  # closing waits for who does not answer, at TLS
        end.transport.abort()
