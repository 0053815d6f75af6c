"""The demo's warehouse: the CDNOW purchase history up to a day, with contact data made by a fixed rule.

Orders are real (see data/README.md). The history has no contact fields: every customer gets a name, a country, an
e-mail address and a phone number computed from the customer id, in reserved domains and number ranges. Some are wrong
on purpose, and some go wrong later, so that there is something to set aside.
"""

from datetime import date
from importlib.resources import as_file, files
from pathlib import Path

import duckdb

__all__ = ["build_warehouse"]

_CUSTOMERS = """
create or replace table customers as
with people as (select distinct customer_id as id from orders)
select
    id as customer_id,
    case
        when id % 97 = 0 then 'customer' || id || '.example.com'                  -- never valid: no @
        when id % 83 = 0 and $day >= date '1997-10-13' then 'moved away'          -- was valid until then
        when id % 101 = 0 then 'customer' || (id - 1) || '@example.com'           -- shares a neighbour's
        else 'customer' || id || '@example.' || ['com', 'org', 'net'][1 + id % 3]
    end as email,
    case
        when id % 89 = 0 then 'unknown'
        else '+1' || (200 + id % 700) || '55501' || lpad((id % 100)::text, 2, '0')
    end as phone,
    ['US', 'US', 'US', 'CA', 'FR', 'GB'][1 + id % 6] as country,
    ['Ada', 'Blaise', 'Carl', 'Dorothy', 'Emmy', 'Felix', 'Grace', 'Hedy'][1 + id % 8] as first_name,
    'Customer ' || id as last_name,
from people
"""


def build_warehouse(path: Path, day: date) -> None:
    """Make the shop's warehouse as it stood in the morning of a day: every order before it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    history = files(__package__) / "data" / "cdnow_orders.csv.gz"
    with as_file(history) as file, duckdb.connect(str(beside)) as connection:
        connection.execute(
            "create table orders as select * from read_csv(?, types = {'amount_usd': 'decimal(10, 2)'}) where ordered_on < ?",
            [str(file), day],
        )
        connection.execute(_CUSTOMERS, {"day": day})
    beside.replace(path)  # readers see the old warehouse or the new one
