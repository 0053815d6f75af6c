"""`activation`: the command line."""

import gc


def main() -> None:
    """Run the command line."""
    from activation_platform.cli.app import app

    collect_rarely()
    app()


def collect_rarely() -> None:
    """Look for garbage less often: what a workspace is made of stays, and to look through it is a fourth of reading it."""
    gc.set_threshold(50_000, 20, 100)
