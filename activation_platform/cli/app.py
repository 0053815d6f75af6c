"""The commands of `activation`, each in a file of its own that is imported when it is called."""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from activation_platform.cli.saying import NotKnown, not_known, say_error, say_fault

__all__ = ["app"]

COMMANDS = {
    "check": "activation_platform.cli.check",
    "test": "activation_platform.cli.test",
    "run": "activation_platform.cli.run",
    "status": "activation_platform.cli.status",
    "history": "activation_platform.cli.history",
    "issues": "activation_platform.cli.issues",
    "record": "activation_platform.cli.record",
    "tables": "activation_platform.cli.tables_command",
    "segment": "activation_platform.cli.segment",
    "ledger": "activation_platform.cli.ledger",
    "adopt": "activation_platform.cli.adopt",
    "reset": "activation_platform.cli.reset",
    "prune": "activation_platform.cli.prune",
    "services": "activation_platform.cli.services",
    "fields": "activation_platform.cli.fields",
    "grants": "activation_platform.cli.grants",
    "sandbox": "activation_platform.cli.sandbox",
    "demo": "activation_platform.cli.demo_command",
    "ui": "activation_platform.cli.ui_command",
}
"""Command → the module whose `app` is it. A module imports Dagster only where its command runs."""

FAILED, USAGE = 1, 2


class Commands(TyperGroup):
    """The commands in the order of a day's work; an expected error ends in one red line, not in a traceback."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A command, imported now."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command = typer.main.get_command(import_module(COMMANDS[cmd_name]).app)
        command.name = cmd_name
        return command

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the words call, or the nearest one's name in an error."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            raise not_known("command", args[0], COMMANDS)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run a command. Exit codes: 0 done, 1 failed, 2 called in a wrong way (docs/commands.md)."""
        from activation_platform.contracts.errors import ActivationError
        from activation_platform.sync.disk import storage_failure

        try:
            return super().invoke(ctx)
        except NotKnown as error:
            say_error("Usage", str(error))
            raise typer.Exit(USAGE) from None
        except ActivationError as error:
            for fault in getattr(error, "faults", ()):
                say_fault(fault)
            say_error(error.error_class, error.what, f"{error.remedy} {error.more}")
            raise typer.Exit(FAILED) from None
        except OSError as error:
            failure = storage_failure(error, error.filename or "the storage root")
            if failure is None:
                raise
            say_error(failure.error_class, failure.what, f"{failure.remedy} {failure.more}")
            raise typer.Exit(FAILED) from None


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # it would show the values of local variables
)


@app.callback()
def _activation() -> None:
    """Keep the tools people work in, in step with the warehouse."""
