"""What the documentation says to paste, so that its examples have the names that they take as given, works."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Final

import pytest

from tests.support.examples import ROOT

QUICKSTART: Final = (ROOT / "docs" / "quickstart.md").read_text(encoding="utf-8")
BLOCK: Final = re.compile(r"^```(?:\{code-block\} )?python\n(?::class: no-run\n)?(.*?)^```$", re.DOTALL | re.MULTILINE)
AFTER: Final = 'await opened.aclose()\nprint("pasted", sim.ledger.count("create"))\n'


@pytest.mark.slow
def test_examples_can_be_pasted() -> None:
    """Once what the quickstart says is pasted into `python -m asyncio`, the example after it runs there."""
    part = QUICKSTART.partition(":::{container} given-names")[2]
    preamble, example = BLOCK.findall(part)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "asyncio"],
        input=f"{preamble}\n{example}\n{AFTER}", capture_output=True, cwd=ROOT, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ("pasted 1" in done.stdout, "Traceback" in done.stdout + done.stderr) == (True, False), done
