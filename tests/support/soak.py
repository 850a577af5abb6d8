"""How long to look for trouble: the tests that cost most have a short form, and a long one for the soak session."""

from __future__ import annotations

import os
from typing import Final

SOAK: Final = int(os.environ.get("SOAK_SEEDS", "0"))
"""How many storms the soak session tries; 0 everywhere else, where the short forms run."""
