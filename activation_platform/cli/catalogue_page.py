"""The catalogue as a page: `docs/catalogue.md` is what this makes of the declarations."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from activation_platform.cli.catalogue import marks_of, others_of

__all__ = ["facts", "page"]

Entry = Mapping[str, Any]

_HEAD = """# Catalogue

What can be kept in step, and by which rules. This page is made from the services' own declarations: `make docs`. The
same on the command line: `activation services batch.profiles`; an account's own fields: `activation fields`.
"""


def page(entries: Iterable[Entry]) -> str:
    """All entries as Markdown, by platform."""
    parts, platform = [_HEAD], ""
    for entry in entries:
        if entry["name"].partition(".")[0] != platform:
            platform = entry["name"].partition(".")[0]
            parts.append(_platform(platform, entry["destination"]))
        parts.append(_service(entry))
    return "\n".join(parts)


def facts(entry: Entry) -> Iterator[tuple[str, str]]:
    """What is short enough for a line each: word and text."""
    limits = entry["limits"]
    yield "object", entry["object"]
    yield "models", f"of kind {' or '.join(entry['models'])}"
    yield "modes", "; ".join(map(_mode, entry["modes"]))
    if entry["deletes_are_irreversible"]:
        yield "deletes", "irreversible: who means it says allow_irreversible_deletes: true"
    yield "run types", "; ".join(entry["run_types"])
    yield "recognised by", " or ".join(entry["identifiers"])
    yield "records a call", str(limits["batch_size"])
    if limits["delete_batch_size"] != limits["batch_size"]:
        yield "deletes a call", str(limits["delete_batch_size"])
    if limits["max_fields"] is not None:
        yield "fields a record", f"at most {limits['max_fields']}"
    for what in ("record", "request"):
        if (most := limits[f"max_{what}_bytes"]) is not None:
            yield f"bytes a {what}", f"at most {most:,}"
    if limits["erasures_per_second"] is not None:
        yield "erasures", f"{limits['erasures_per_second']:g} a second; requested, irreversible"
    for budget in limits["budgets"]:
        yield (
            f"pace of {budget['name']}",
            f"{budget['per_second']:,g} a second, at most {budget['burst']:,g} at once",
        )
    yield "said twice", _said_twice(entry)
    for option in entry["options"]:
        yield f"option {option['name']}", _default(option, "default {}", "required, as in {}")
    yield "verified against", "; ".join(entry["verified"]) or "the pages it links, and nothing else"
    yield "unconfirmed", " ".join(entry["unconfirmed"]) or "nothing that is known"
    settings = entry["destination"]["settings"]
    yield "settings", ", ".join(f"{one['name']}{_marks(one)}" for one in settings)


def _said_twice(entry: Entry) -> str:
    if entry["idempotent"]:
        return "leaves what saying it once leaves"
    return "never: it is looked up first" if entry["can_look_up"] else "may leave it twice"


def _mode(mode: Entry) -> str:
    needs = f"needs {', '.join(mode['needs'])}" if mode["needs"] else ""
    words = ", ".join(filter(None, ("deletes" if mode["deletes"] else "", needs)))
    return f"{mode['name']} ({words})" if words else str(mode["name"])


def _marks(setting: Entry) -> str:
    marks = [word for word in ("required", "secret") if setting[word]]
    return f" ({', '.join(marks)})" if marks else ""


def _platform(name: str, destination: Entry) -> str:
    settings = _table(
        ("setting", ""),
        ((f"`{one['name']}`", _marks(one).strip(" ()") or "optional") for one in destination["settings"]),
    )
    what = _prose(destination["description"])
    address = f" Address: `{destination['address']}`." if destination["address"] else ""
    where = f"[The vendor's pages]({destination['docs']}).{address}"
    return "\n\n".join([f"## {name}", what, where, settings])


def _service(entry: Entry) -> str:
    fields = _table(
        ("field", "rule", "", "what"),
        (
            (
                f"`{field['name']}`",
                _cell(field["rule"]),
                marks_of(field),
                _cell(field["docs"]),
            )
            for field in entry["fields"]
        ),
    )
    others = others_of(entry)
    options = _options(entry["options"])
    told = _table(
        ("", ""),
        (
            (word, _cell(text))
            for word, text in facts(entry)
            if word != "settings" and not word.startswith("option ")
        ),
    )
    return "\n".join(
        [
            f"### {entry['name']}\n",
            _prose(entry["description"]),
            f"\n[The vendor's page]({entry['docs']}).\n",
            fields,
            *([f"{others}\n"] if others else []),
            *([options] if options else []),
            told,
        ]
    )


def _options(options: list[Entry]) -> str:
    if not options:
        return ""
    rows = ((f"`{one['name']}`", _default(one, "`{}`", "required, as in `{}`")) for one in options)
    return f"{_prose([options[0]['docs']])}\n\n{_table(('option', 'default'), rows)}"


def _default(option: Entry, default: str, required: str) -> str:
    return required.format(option["example"]) if option["required"] else default.format(option["default"])


def _prose(paragraphs: Iterable[str]) -> str:
    return "\n\n".join(paragraphs)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    columns = list(head)
    lines = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)]) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
