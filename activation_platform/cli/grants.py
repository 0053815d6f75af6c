"""`activation grants`: the SQL that lets a source read what its models read, work where they stay in it, and nothing else."""

from pathlib import Path
from typing import Annotated

import typer

from activation_platform.cli.saying import not_known, say_json

__all__ = ["app"]

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: activation grants shop")
def grants(
    source: Annotated[str, typer.Argument(help="A source of the project in this folder.")],
    as_json: Annotated[bool, typer.Option("--json", help="The same as JSON.")] = False,
) -> None:
    """Print the least-privilege SQL of a source: for an owner to read, and to run."""
    from activation_platform.cli.asked import source_of
    from activation_platform.cli.project import Project
    from activation_platform.sources.lineage import tables_read

    workspace = Project.here(Path.cwd()).check()
    component = workspace.find("source", source)
    if component is None:
        raise not_known("source", source, workspace.names("source"))
    warehouse = source_of(component)
    queries = component.queries(workspace).values()
    tables = {table for query in queries for table in tables_read(query, warehouse.dialect)}
    parts = [warehouse.grants(sorted(tables))]
    if component.has_staying_models(workspace):
        parts.append(warehouse.grants_to_work())
    sql = "\n".join(parts)
    if as_json:
        say_json({"source": source, "sql": sql})
    else:
        print(sql)
