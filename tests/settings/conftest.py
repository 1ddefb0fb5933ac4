"""A configuration folder for each test of the settings."""

from pathlib import Path

import pytest

from tests.settings.folder import Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Return a folder that loads without a fault."""
    return Folder(tmp_path)
