"""`activation segment`: what a segment asks for, in English and in SQL, and why one row is in it or not."""

from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from activation_platform.cli.saying import NotKnown, console, not_known, say, say_json
from activation_platform.cli.untrusted import plain
from activation_platform.cli.verdicts import say_verdict
from activation_platform.contracts.errors import DeclarationError
from activation_platform.contracts.modes import Engine
from activation_platform.segmentation.shown import shown
from activation_platform.segmentation.words import value_in_words

if TYPE_CHECKING:
    from activation_platform.components.frames import Snapshot
    from activation_platform.components.model import ModelComponent
    from activation_platform.components.segment import SegmentComponent
    from activation_platform.components.workspace import Workspace
    from activation_platform.segmentation.conditions import Condition
    from activation_platform.segmentation.evaluate import Snapshots
    from activation_platform.segmentation.why import Chosen

__all__ = ["app"]

app = typer.Typer(add_completion=False)

_ROWS = 10


@app.command(epilog="Example: activation segment loyal_customers --why 4711")
def segment(
    name: Annotated[str, typer.Argument(help="A segment of the project in this folder.")],
    explain: Annotated[
        bool, typer.Option("--explain", help="Its condition in English, its SQL, how many belong.")
    ] = False,
    key: Annotated[
        str | None,
        typer.Option(
            "--why",
            metavar="KEY",
            help="Why the row with this primary key is in it or not (of several columns: joined by |).",
            show_default=False,
        ),
    ] = None,
    show_values: Annotated[
        bool, typer.Option("--show-values", help="With --why: addresses and long numbers in clear.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The same as JSON.")] = False,
) -> None:
    """Explain a segment (--explain), or why one row is in it or not (--why KEY), at the instant of its newest snapshot."""
    if explain is (key is not None):
        raise NotKnown("say what to tell: --explain, or --why KEY")
    if key is not None and not _is_text(key):
        raise NotKnown("the key is no text in UTF-8, so that no row has it")
    found = _Found.of(name)
    if key is None:
        _explain(found, as_json=as_json)
    else:
        _why(found, key, clear=show_values, as_json=as_json)


def _is_text(argument: str) -> bool:
    """Whether what the terminal sent was UTF-8."""
    try:
        argument.encode()
    except UnicodeEncodeError:
        return False
    return True


@dataclass(frozen=True)
class _Found:
    """A segment, its newest snapshot, and the newest of the models that it is about, its own first."""

    component: "SegmentComponent"
    workspace: "Workspace"
    made: "Snapshot"
    read_from: "dict[str, Snapshot]"

    @classmethod
    def of(cls, name: str) -> "_Found":
        from activation_platform.cli.project import Project

        workspace = Project.here(Path.cwd()).check()
        component = workspace.find("segment", name)
        if component is None:
            raise not_known("segment", name, workspace.names("segment"))
        made = _newest(component)
        models = component.models(workspace)
        return cls(component, workspace, made, {model.name: _newest(model) for model in models})

    @property
    def model(self) -> "ModelComponent":
        found: ModelComponent = self.workspace.find("model", self.component.spec.model)
        return found

    @property
    def rows(self) -> "Snapshot":
        return self.read_from[self.model.name]

    @cached_property
    def condition(self) -> "Condition":
        return self.component.condition(self.workspace)

    @cached_property
    def snapshots(self) -> "Snapshots":
        from activation_platform.components.scopes import scope_of
        from activation_platform.segmentation.evaluate import Snapshots

        parts = {name: snapshot.parts for name, snapshot in self.read_from.items()}
        return Snapshots(parts, scope_of(self.workspace, self.model.name))

    @property
    def engine(self) -> Engine:
        """Where its rows are decided about: in their warehouse, if they stayed there and still are to."""
        stay = {self.rows.engine, self.model.spec.engine} == {Engine.WAREHOUSE}
        return Engine.WAREHOUSE if stay else Engine.FRAMES

    @property
    def outdated(self) -> bool:
        """Whether its members were chosen by another condition, or from other rows."""
        return self.component.recipe(self.workspace, self.read_from, self.made.instant) != self.made.recipe


def _newest(component: "SegmentComponent | ModelComponent") -> "Snapshot":
    found = component.frames.newest()
    if found is None:
        raise DeclarationError(
            f"the {component.word} {component.name} was never materialised",
            remedy=f"Materialise {component.asset_key.to_user_string()} first.",
        )
    return found


def _explain(found: _Found, *, as_json: bool) -> None:
    from activation_platform.components.staying import fitting
    from activation_platform.segmentation.computed_words import explained

    dialect, sql = _sql(found)
    with fitting(found.component):
        told = explained(found.condition, found.snapshots.scope, found.made.instant)
    members, rows = found.made.rows, found.rows.rows
    if as_json:
        facts = {"segment": found.component.name, "sentence": told, "dialect": dialect, "sql": sql}
        share = {"share": members / rows} if rows else {}
        say_json({**facts, "members": members, "model_rows": rows, **share, **_when(found)})
        return
    _say_lines(told)
    _say_lines(f"\nIn SQL ({dialect}):\n{sql}\n")
    share_of = f", {members / rows:.1%}" if rows else ""
    _say_lines(
        f"{members:,} of {rows:,} rows of {found.model.name} belong{share_of}: snapshot {found.made.number} "
        f"of {value_in_words(found.made.instant)}."
    )
    _say_outdated(found)


def _sql(found: _Found) -> tuple[str, str]:
    """The engine's dialect and what it is asked; each model's frame is called like the model."""
    from sqlglot import exp

    from activation_platform.cli.asked import source_of
    from activation_platform.components.staying import fitting, members
    from activation_platform.segmentation.compile import compile_condition, compile_source

    if found.model.spec.engine is Engine.WAREHOUSE:
        source = source_of(found.workspace.find("source", found.model.spec.source))
        return source.dialect, members(found.component, found.workspace, source, found.made.instant).sql
    scope = found.snapshots.scope
    with fitting(found.component):
        where = compile_condition(found.condition, scope, now=found.made.instant)
        rows = compile_source(scope, where, now=found.made.instant)
    return "duckdb", exp.select("*").from_(rows).where(where).sql("duckdb", pretty=True)


def _why(found: _Found, key: str, *, clear: bool, as_json: bool) -> None:
    from activation_platform.components.staying import fitting
    from activation_platform.segmentation.why import why

    model = found.model
    with fitting(found.component):
        rows = _chosen(found, key)
        verdicts = why(found.condition, rows, now=found.made.instant, most=_ROWS)
    told = [shown(verdict, clear=clear) for verdict in verdicts.told]
    if as_json:
        facts = {"segment": found.component.name, "key": key, "rows": verdicts.rows, "engine": found.engine}
        say_json({**facts, "verdicts": [asdict(verdict) for verdict in told], **_when(found)})
        return
    if not told:
        where = (
            f"by its snapshot {found.rows.number}" if found.engine is Engine.FRAMES else "in its warehouse"
        )
        _say_lines(f"The model {model.name} has no row with the key {key}, {where}.")
    if verdicts.rows > 1:
        first = f"; the first {len(told)}" if verdicts.rows > len(told) else ""
        _say_lines(f"{verdicts.rows:,} rows of {model.name} have the key {key}{first}:")
    for verdict in told:
        belongs = "is in" if verdict.holds else "is not in"
        _say_lines(f"{key} {belongs} {found.component.name} at {value_in_words(found.made.instant)}:")
        say_verdict(verdict)
    if found.engine is Engine.WAREHOUSE:
        say(
            "The rows are those that the warehouse has now, not those that it had when the members were counted."
        )
    _say_outdated(found)


def _chosen(found: _Found, key: str) -> "Chosen":
    """The rows with a key, written as one text, in the engine that decides about them."""
    import polars as pl

    from activation_platform.cli.asked import source_of
    from activation_platform.components.staying import ChosenThere, There
    from activation_platform.segmentation.why import ChosenHere
    from activation_platform.sync.fingerprint import key_text
    from activation_platform.sync.keys import key_of

    if found.engine is Engine.WAREHOUSE:
        source = source_of(found.workspace.find("source", found.model.spec.source))
        models = found.component.models(found.workspace)
        return ChosenThere(source, There.of(models, found.workspace, source), key)
    for read in found.read_from.values():
        read.here()
    schema = pl.Schema(found.snapshots.scope.schema)
    columns = key_of(found.model.key, schema).columns
    return ChosenHere(found.snapshots, key_text(columns, schema) == pl.lit(key))


def _say_outdated(found: _Found) -> None:
    if found.outdated:
        say(
            "Its condition, or a model that it is about, is newer than its members: materialise it to bring them together."
        )


def _say_lines(text: str) -> None:
    """Lines as long as they are, to be copied."""
    console().print(Text("\n").join(plain(line) for line in text.split("\n")), soft_wrap=True)


def _when(found: _Found) -> dict[str, Any]:
    return {
        "snapshot": found.made.number,
        "instant": found.made.instant.isoformat(),
        "outdated": found.outdated,
    }
