"""What the sandbox must hold after the demo, computed from the warehouse alone: plain SQL and dictionaries, none of our engine.

Valid customers as mapped; customers who became invalid as they last were valid; departed ones kept, but for the mirror;
and who shares an e-mail address with another is not there, unless it was theirs before.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

__all__ = ["Expectation", "differences"]

_EMAIL = re.compile(r"[a-z0-9]+@example\.(com|org|net)")
_PHONE = re.compile(r"\+1\d{10}")

_CUSTOMERS = """
select customer_id, email, phone, country, first_name, last_name,
       count(distinct ordered_on) as orders, sum(amount_usd) as spent, max(ordered_on) as last_order
from customers join orders using (customer_id) group by all order by customer_id
"""

Row = dict[str, Any]


@dataclass
class Expectation:
    """Records by identifier, brought forward one day of the warehouse at a time."""

    batch: dict[str, Row] = field(default_factory=dict)
    attio: dict[str, Row] = field(default_factory=dict)
    _owners: dict[str, dict[str, int]] = field(default_factory=dict)

    def advance(self, warehouse: Path, day: date) -> None:
        """What the three activations make of the warehouse on this day."""
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            cursor = connection.execute(_CUSTOMERS)
            names = [column[0] for column in cursor.description or ()]
            rows = [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]
        # Eight weeks before 06:00 of the day, in whole days of UTC: strictly after that day.
        recent = day - timedelta(weeks=8)
        self._mirror([row for row in rows if row["orders"] >= 10 and recent < row["last_order"] <= day])
        big = [row for row in rows if row["spent"] >= 1000 and row["country"] != "CA"]
        self._people("key_accounts", big, _key_account, overwrite=True)
        regular = [row for row in rows if row["orders"] >= 8 and row["country"] == "CA"]
        self._people("canadian_leads", regular, _lead, overwrite=False)

    def _mirror(self, rows: list[Row]) -> None:
        present = {str(row["customer_id"]) for row in rows}
        self.batch = {name: record for name, record in self.batch.items() if name in present}
        for row in rows:
            if _EMAIL.fullmatch(row["email"]):
                self.batch[str(row["customer_id"])] = {
                    "$email_address": row["email"],
                    **({"$phone_number": row["phone"]} if _PHONE.fullmatch(row["phone"]) else {}),
                    "$region": row["country"],
                    "first_name": row["first_name"],
                    "orders": row["orders"],
                    "spent_usd": float(row["spent"]),
                    "date(last_order_on)": f"{row['last_order']}T00:00:00Z",
                }

    def _people(self, activation: str, rows: list[Row], record: Any, *, overwrite: bool) -> None:
        """`_owners`: who holds an address at the destination, by activation; a second one never gets it."""
        owners = self._owners.setdefault(activation, {})
        valid = [row for row in rows if _EMAIL.fullmatch(row["email"])]
        present = {row["customer_id"] for row in rows}
        wanted = Counter(row["email"] for row in valid)
        for row in valid:
            email, customer = row["email"], row["customer_id"]
            holder = owners.get(email)
            if holder is not None and holder != customer and holder in present:
                continue
            if holder != customer and wanted[email] > 1:
                continue
            owners[email] = customer
            if overwrite or email not in self.attio:
                self.attio[email] = {**self.attio.get(email, {}), **record(row)}


def _name(row: Row) -> Row:
    full = f"{row['first_name']} {row['last_name']}"
    return {"first_name": row["first_name"], "last_name": row["last_name"], "full_name": full}


def _key_account(row: Row) -> Row:
    phone = {"phone_numbers": [row["phone"]]} if _PHONE.fullmatch(row["phone"]) else {}
    summary = f"{row['orders']} orders, last on {row['last_order']}"
    return {"email_addresses": [row["email"]], "name": _name(row), "description": summary, **phone}


def _lead(row: Row) -> Row:
    return {"email_addresses": [row["email"]], "name": _name(row), "job_title": "Regular customer"}


def differences(expected: Mapping[str, Row], found: Mapping[str, Row]) -> list[str]:
    """Every record, and every field of it, that is not as expected."""
    told = []
    for name in sorted({*expected, *found}):
        if name not in found:
            told.append(f"{name} is missing")
        elif name not in expected:
            told.append(f"{name} should not be there")
        else:
            want, have = expected[name], found[name]
            wrong = sorted(key for key in {*want, *have} if want.get(key) != have.get(key))
            told.extend(f"{name}: {key} is {have.get(key)!r}, expected {want.get(key)!r}" for key in wrong)
    return told
