"""The whole site over HTTP, and programs with tokens."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.web.api.programs import Programs
from tests.web.console.doors import house


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Programs]:
    async with house(tmp_path) as found:
        yield Programs(found, tmp_path)
