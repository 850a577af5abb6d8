"""The documentation as it was built; `nox -s docs` builds it, says where it is, and runs these tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def built() -> Path:
    """Return the folder of the built documentation."""
    folder = os.environ.get("AIOONCALL_BUILT_DOCS")
    if folder is None:
        pytest.skip("it looks at the built documentation: nox -s docs")
    return Path(folder).resolve()
