"""The command `carehub`."""

from hub.cli.main import main as main
