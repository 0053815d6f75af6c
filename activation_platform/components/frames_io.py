"""The IO manager of frames: what other assets of a code location read of a model or a segment."""

import dagster as dg
import polars as pl

from activation_platform.components.frames import Frames
from activation_platform.components.storage import storage_root
from activation_platform.contracts.errors import DeclarationError

__all__ = ["FRAMES", "FRAMES_KEY", "FramesIOManager"]


class FramesIOManager(dg.IOManager):
    """Hands the newest snapshot of a model or segment to other assets, as a `pl.LazyFrame`."""

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        """Models and segments publish their own snapshots; nothing else may be stored here."""
        if obj is not None:
            raise DeclarationError(
                f"{context.asset_key.to_user_string()} is not a model or a segment",
                remedy="Give it an IO manager of its own.",
            )

    def load_input(self, context: dg.InputContext) -> pl.LazyFrame:
        """The newest published snapshot."""
        kind, name = context.asset_key.path[-2:]
        return Frames(storage_root(), kind, name).for_run([]).scan()


FRAMES_KEY = "frames"
FRAMES = FramesIOManager()
