"""`activation`: the command line."""


def main() -> None:
    """Run the command line."""
    from activation_platform.cli.app import app

    app()
