"""Whatever an answer is, a call ends in a result or in an error of ours, and nothing is sent twice."""

from __future__ import annotations

import os
from typing import Final

import pytest

from tests.support import fuzzing

pytestmark = pytest.mark.slow

COUNT: Final = int(os.environ.get("FUZZ", "1500"))
"""How many answers are spoilt for each half; the session `fuzz` takes 100 000."""
PARTS: Final = max(1, COUNT // 5000)


@pytest.mark.no_cover
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("half", ["datadog", "grafana"])
async def test_any_answer(half: str, part: int) -> None:
    """No spoilt answer leads to an error that is not ours, or to a second send of what must not be sent twice."""
    made = await (fuzzing.datadog_half() if half == "datadog" else fuzzing.grafana_half())
    assert len(made.answers) > 20
    found = await fuzzing.fuzzed(made, seed=part, count=COUNT // PARTS)
    assert found.untyped == []
    assert found.twice == []
    assert found.outcomes["answered"] > COUNT // PARTS // 20
    assert found.outcomes["CodecError"] > 0
    assert found.outcomes["AmbiguousOutcome"] > 0
