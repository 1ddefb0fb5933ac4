"""A console with a front door, for tests over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.web.console.doors import House
from tests.web.console.doors import house as opened


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with opened(tmp_path) as found:
        yield found
