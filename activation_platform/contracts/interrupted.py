"""An interruption: something came to nothing for a reason that may pass, so that its carrier says it again."""

from activation_platform.contracts.errors import ActivationError

__all__ = ["Interrupted"]


class Interrupted(Exception):
    """A statement, a transaction or a file came to nothing for a reason that may pass.

    `error` is what it is if it does not pass. `in_doubt`: it may stand all the same, because the connection was lost while it
    was committed.
    """

    def __init__(self, error: ActivationError, *, in_doubt: bool = False) -> None:
        self.error = error
        self.in_doubt = in_doubt
        super().__init__(str(error))
