"""JSON documents by throws of dice: valid ones written in every way, odd ones, and what only looks like JSON; and conditions."""

import json
from datetime import timedelta

import polars as pl

from activation_platform.contracts.json_value import JsonPath
from activation_platform.segmentation.fields import kind_of
from activation_platform.segmentation.operators import operators_of
from activation_platform_tests.segmentation.reference_json import READERS, TYPES, Refused, parsed
from activation_platform_tests.segmentation.shops import WORDS, Dice

KEYS = [
    "a",
    "b",
    "city",
    "",
    "*",
    "**",
    "a.b",
    'q"x',
    "é",
    "😀",
    "0",
    "1",
    "-1",
    "a b",
    "\\",
    "'",
    "$",
    "[0]",
    "#-1",
]
NUMBERS = [
    *(
        "0",
        "-0",
        "1",
        "1.0",
        "1.10",
        "1e2",
        "1E+2",
        "12",
        "-7",
        "0.1",
        "1.5",
        "2.5e-1",
        "0.30000000000000004",
    ),
    *("9007199254740991", "9007199254740992", "9007199254740993", "-9007199254740991", "-9007199254740992"),
    *(
        "9223372036854775808",
        "18446744073709551615",
        "123456789012345678901234567890",
        "99999999999999999999.5",
    ),
    *("1e400", "-1e400", "1e-400", "0e999", "1e308", "1.7976931348623157e308", "1.7976931348623159e308"),
    *(
        "4.9e-324",
        "2.2250738585072011e-308",
        "1e99999999999",
        "1e-99999999999",
        "0.1e1",
        "1.0000000000000000001",
    ),
]
TEXTS = [
    *WORDS,
    "Paris",
    "12",
    "true",
    "null",
    "NaN",
    ",]",
    "[{",
    "\\u0000",
    "é",
    "😀",
    "\n",
    "'",
    '"',
    "\\",
    "\x7f",
]
NO_DAYS = [
    *(
        "2024-02-30",
        "2023-02-29",
        "0000-01-01",
        "0001-01-01",
        "0999-12-31",
        "1000-01-01",
        "9900-01-01T00:00:00+01:00",
        "9899-12-31T23:59:59-14:59",
        "9999-12-31",
        "2024-1-1",
        "2024-13-01",
        "24-01-01",
    ),
    *(
        "2024-02-28T24:00:00Z",
        "2024-02-28T10:00:60Z",
        "2024-02-28T10:00",
        "2024-02-28T10:00:00z",
        "2024-02-28 ",
    ),
    *(
        "2024-02-28T10:00:00+15:00",
        "2024-02-28T10:00:00+0100",
        "0001-01-01T00:00:00+14:00",
        "infinity",
        "now",
    ),
    *("2024-02-28T10:00:00.Z", "9999-12-31T23:59:59.999999-14:59", "2024-02-28\n", "2024-02-28T10:00:00Z\n"),
]
MALFORMED = [
    *(
        "01",
        "+1",
        ".5",
        "1.",
        "1e",
        "0x1F",
        "NaN",
        "Infinity",
        "-Infinity",
        "nan",
        "inf",
        "-",
        "--1",
        "1_000",
        "TRUE",
    ),
    *(
        "'a'",
        '"\\x"',
        '"\\u00zz"',
        '"\\ud800"',
        '"\\udc00\\ud800"',
        '"\\u0000"',
        '"\\\\\\u0000"',
        '"\t"',
        '"\x01"',
    ),
    *(
        '"open',
        "[1,]",
        "[,1]",
        "[1,,2]",
        '{"a":1,}',
        '{"a" 1}',
        "{a:1}",
        "[1 2]",
        "tru",
        "/**/1",
        "undefined",
        "]",
    ),
    *(
        '{"k":1,"k":2}',
        '{"k":1,"\\u006b":1}',
        "[1",
        "{",
        '[{"x":[{"y":1,"y":1}]}]',
        ",",
        "",
        "\ufeff1",
        "1\x00",
    ),
]
AROUND = [("", "")] * 40 + [
    (" \t\n\r", "\n "),
    ("\ufeff", ""),
    ("\xa0", ""),
    ("\x0b", ""),
    ("", "x"),
    ("", " {}"),
    ("", ","),
]
LISTS = ("contains_any", "contains_none", "contains_all", "not_contains_all")
LENGTHS = ("length_equals", "not_length_equals", "length_at_least", "length_at_most")


class Documents(Dice):
    """Documents and conditions that share some keys."""

    def __init__(self, random) -> None:
        super().__init__(random)
        self.keys = random.sample(KEYS, 3)
        self.depth = random.choice([1, 1, 2, 2, 3])

    def document(self) -> str | None:
        """A document of objects and arrays, mostly; some text that is none, or null."""
        before, after = self.random.choice(AROUND)
        match self.random.random():
            case chance if chance < 0.05:
                return None
            case chance if chance < 0.07:
                depth = self.random.choice([100, 4_990, 5_001])
                return before + '{"a":' + "[" * depth + "]" * depth + "}" + after
        return before + self.written_value(self.depth if self.random.random() < 0.8 else 0) + after

    def written_value(self, depth: int) -> str:
        if depth == 0:
            return self.scalar()
        if self.random.random() < 0.2:
            items = [self.written_value(depth - 1) for _ in range(self.random.randint(0, 3))]
            return f"[{self.gap()}{f'{self.gap()},'.join(items)}{self.gap()}]"
        keys = [key for key in self.keys if self.random.random() < 0.8]
        members = [
            f"{self.gap()}{self.quoted(key)}{self.gap()}:{self.gap()}{self.written_value(depth - 1)}"
            for key in keys
        ]
        return f"{{{','.join(members)}{self.gap()}}}"

    def scalar(self) -> str:
        match self.random.random():
            case chance if chance < 0.01:
                return self.random.choice(MALFORMED)
            case chance if chance < 0.3:
                return self.random.choice(NUMBERS)
            case chance if chance < 0.42:
                return self.random.choice(["true", "false", "null", "{}", "[]"])
            case chance if chance < 0.5:
                return json.dumps([self.random.choice(WORDS) for _ in range(self.random.randint(1, 3))])
            case chance if chance < 0.6:
                return self.quoted(self.random.choice(TEXTS))
            case chance if chance < 0.7:
                return self.quoted(self.random.choice(WORDS))
            case chance if chance < 0.75:
                return self.quoted(self.random.choice(NO_DAYS))
        return self.quoted(self.stamped())

    def stamped(self) -> str:
        """A day or a moment around now."""
        moment = self.moment()
        if self.random.random() < 0.5:
            return moment.date().isoformat()
        hours = self.random.choice([0, 0, 2, -5])
        local = (moment + timedelta(hours=hours)).replace(tzinfo=None)
        zone = (
            f"{'-' if hours < 0 else '+'}{abs(hours):02}:00"
            if hours
            else self.random.choice(["Z", "", "+00:00"])
        )
        finer = self.random.choice(["", "9", "999"]) if local.microsecond else ""
        return local.isoformat(self.random.choice("T ")) + finer + zone

    def quoted(self, text: str) -> str:
        """A text as a JSON string, with escapes or without."""
        if self.random.random() < 0.2:
            return f'"{"".join(map(escaped, text))}"'
        return json.dumps(text, ensure_ascii=self.random.random() < 0.5)

    def gap(self) -> str:
        return self.random.choice(["", "", "", "", " ", "\n", "\t\r "])

    def place(self, documents: list[str | None]) -> tuple[str, str]:
        """A path, mostly to what is somewhere in one of the documents, and what to read it as."""
        steps: list[str | int] = []
        found = self.known(self.random.choice(documents))
        while self.random.random() < 0.9 and isinstance(found, dict | list) and found:
            steps.append(self.random.choice([*found] if isinstance(found, dict) else range(len(found))))
            found = found[steps[-1]]
        if self.random.random() < 0.2:
            steps.append(self.random.choice([*self.keys, 0, 1]))
        fitting = [kind for kind, reader in READERS.items() if reader(found) is not None]
        kinds = fitting if fitting and self.random.random() < 0.8 else list(READERS)
        return str(JsonPath(tuple(steps))), self.random.choice(kinds)

    @staticmethod
    def known(document: str | None):
        try:
            return parsed(document or "")
        except (ValueError, Refused):
            return None

    def json_leaf(self, field: str, documents: list[str | None]) -> dict:
        return self.asked(field, *self.place(documents))

    def asked(self, field: str, path: str, kind: str) -> dict:
        subject = {"field": field, "path": path, "as": kind}
        if kind != "list of text":
            return self.compared(subject, TYPES[kind])
        operator = str(self.random.choice(operators_of(kind_of(TYPES[kind]))))
        return {**subject, operator: self.listed(operator)}

    def listed(self, operator: str):
        if operator in LISTS:
            return [self.random.choice(WORDS) for _ in range(self.random.randint(1, 2))]
        if operator in LENGTHS:
            return self.random.randint(0, 3)
        return self.random.random() < 0.5


DETAILS = [
    *(
        '{"to": {"country": "FR"}, "kg": 1.5}',
        '{"to": {"country": "BE"}, "kg": 1}',
        '{"to": {"country": 5}, "kg": "1.5"}',
    ),
    *(
        '{"to": ["FR"], "kg": 3.0}',
        '{"to": null, "kg": 1e400}',
        '{"to": {"country": "FR", "country": "FR"}, "kg": 1}',
    ),
    *("{}", "broken", ""),
]
PLACES = [("$.to.country", "text"), ("$.kg", "number"), ("$.kg", "integer"), ("$.to", "list of text")]


class Described(Documents):
    """Shops whose orders are described by documents, and conditions that ask for what stands there."""

    def cell(self, name: str, dtype: pl.DataType):
        return self.random.choice([None, *DETAILS]) if name == "details" else super().cell(name, dtype)

    def leaf(self, model: str, depth: int) -> dict:
        if model != "orders" or self.random.random() < 0.7:
            return super().leaf(model, depth)
        return self.asked("details", *self.random.choice(PLACES))


def escaped(letter: str) -> str:
    return json.dumps(letter)[1:-1] if ord(letter) > 0xFFFF else f"\\u{ord(letter):04x}"
