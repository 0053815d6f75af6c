"""Asking a destination something outside a run: checks and the command line."""

import asyncio
from collections.abc import Callable
from typing import Any

from activation_platform.contracts.destination import Destination
from activation_platform.contracts.service import Inquiry
from activation_platform.sync.budgets import Budgets
from activation_platform.sync.loader import Loader
from activation_platform.sync.patience import Patience
from activation_platform.sync.store import HELD, Hold, Store

__all__ = ["PATIENCE", "asker", "loader_for"]

PATIENCE = Patience(sleep=asyncio.sleep)
"""How long runs and checks wait for an answer, and how often they ask again."""


def loader_for(
    destination: Destination, root: Store, hold: Hold = HELD, *, cancelled: Callable[[], bool] = bool
) -> Loader:
    """A loader whose rate budgets are shared by everything under the storage root."""
    account = "\0".join([destination.platform, destination.root_url, *destination.secret_values()])
    return Loader(
        destination,
        Budgets(root / "budgets", account),
        PATIENCE,
        cancelled=cancelled,
        held=hold.require,
    )


def asker(destination: Destination, root: Store) -> Callable[[Inquiry], Any]:
    """Carries one inquiry and closes the connection; raises the errors of `contracts.errors`."""

    def ask(inquiry: Inquiry) -> Any:
        async def once() -> Any:
            loader = loader_for(destination, root)
            try:
                return await loader.ask(inquiry)
            finally:
                await loader.close()

        return asyncio.run(once())

    return ask
