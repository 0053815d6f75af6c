"""The relational data endpoints of Emarsys: rows of tables are upserted, removed, replaced and asked for.

Vendor: the Relational Data part of https://github.com/emartech/developer-hub-public-assets,
https://help.emarsys.com/hc/en-us/articles/360024778974 (hosted tables are MySQL's). A refusal names no row, and leaves all as
they were. Unconfirmed: reply codes; that values are compared as texts; the form of the rows that are asked for.
"""

from __future__ import annotations

from typing import Any

from activation_platform.sandbox.emarsys.account import Account, Table
from activation_platform.sandbox.exchange import Answer, Call, Refused

MOST = 1_000
MOST_BYTES = 10_000_000
WRONG = 1

_Row = dict[str, Any]


def upsert(call: Call, account: Account) -> Answer:
    """Insert rows, or update those whose primary key is there."""
    table = _table(call, account)
    for row in _keyed(call, table):
        key = str(row[table.key])
        table.rows[key] = table.rows.get(key, {}) | row
    return _done()


def insert(call: Call, account: Account) -> Answer:
    """Insert rows; those whose primary key is there are ignored."""
    table = _table(call, account)
    for row in _keyed(call, table):
        table.rows.setdefault(str(row[table.key]), row)
    return _done()


def replace(call: Call, account: Account) -> Answer:
    """Put rows in the place of all."""
    table = _table(call, account)
    table.rows = {str(row[table.key]): row for row in _keyed(call, table)}
    return _done()


def remove(call: Call, account: Account) -> Answer:
    """Remove the rows that have all the values of one of these criteria."""
    table = _table(call, account)
    for criteria in _rows(call):
        only = {table.key} == set(criteria)
        if only:
            table.rows.pop(str(criteria[table.key]), None)
        else:
            table.rows = {key: row for key, row in table.rows.items() if not _matches(row, criteria)}
    return _done()


def query(call: Call, account: Account) -> Answer:
    """Show the rows that have these values."""
    table = _table(call, account)
    if not call.query:
        raise _refused("At least one search criterion is needed")
    found = [row for row in table.rows.values() if _matches(row, call.query)]
    return Answer(200, found[:MOST])


def carried(document: Any) -> list[str]:
    """Return the values in the rows of a body."""
    rows = document if isinstance(document, list) else []
    return [str(value) for row in rows if isinstance(row, dict) for value in row.values()]


def _matches(row: _Row, criteria: Any) -> bool:
    return all(str(row.get(name)) == str(value) for name, value in criteria.items())


def _keyed(call: Call, table: Table) -> list[_Row]:
    """Return the rows of a call, of which each must have its primary key."""
    rows = _rows(call)
    if any(row.get(table.key) in (None, "") for row in rows):
        raise _refused(f"The primary key {table.key} is missing")
    return rows


def _rows(call: Call) -> list[_Row]:
    rows = call.document
    if len(call.body) > MOST_BYTES:
        raise _refused("The request is too large", 413)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _refused("The records are an array of objects")
    if len(rows) > MOST:
        raise _refused("The maximum number of objects per request is 1000")
    for value in carried(rows):
        if value in call.poisoned:
            raise _refused(call.poisoned[value])
    return rows


def _table(call: Call, account: Account) -> Table:
    connection, table = call.parameters["connection"], call.parameters["table"]
    if (connection, table) not in account.tables:
        raise _refused(f"There is no table {table} at the connection {connection}", 404)
    return account.tables[connection, table]


def _refused(text: str, status: int = 400) -> Refused:
    """Return a refusal, which has no data here."""
    return Refused(Answer(status, {"replyCode": WRONG, "replyText": text}))


def _done() -> Answer:
    return Answer(200, {"replyCode": 0, "replyText": "OK"})
