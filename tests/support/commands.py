"""The command line called in this process, as a user would call it."""

from typer.testing import CliRunner, Result

from placeplan import cli

__all__ = ["call"]


def call(*arguments: object) -> Result:
    """The result of ``placeplan`` with these arguments: exit code, what it said, and what it said went wrong."""
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])
