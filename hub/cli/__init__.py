"""The command `carehub`."""

from hub.cli.commands import main as main
