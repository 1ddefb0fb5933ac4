"""What the crash tests share."""

from tests.harness.postgres import postgres  # noqa: F401
