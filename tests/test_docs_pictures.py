"""What the documentation shows as the result of an example, as text or as a picture, is what the example makes.

`python -m tests.test_docs_pictures` draws the pictures anew.
"""

from __future__ import annotations

import asyncio
import re
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.support.datadog_client import datadog
from tests.support.examples import EXAMPLES, ROOT, names_for
from tests.support.grafana_client import grafana_client

if TYPE_CHECKING:
    from tests.support.examples import Example

PICTURES: Final = {
    "policy.svg": "as_picture = policy",
    "week.svg": "as_week = week_svg",
    "coverage-rules.svg": "as_rules = week_svg",
    "follow-the-sun.svg": "as_sun = week_svg",
}
"""The pictures, and what of an example draws each of them."""
SHOWN: Final = re.compile(r"^```(?:text|mermaid)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PAGES: Final = ("escalation-policies.md", "who-is-on-call.md", "editing.md", "coverage.md", "on-call-recipes.md")
"""Pages on which every block of text is the result of an example."""


async def run(example: Example) -> dict[str, Any]:
    """Run an example and return the names that it made."""
    async with datadog() as (sim, client), grafana_client(sim.grafana_url) as grafana:
        names = names_for(sim, client, grafana)
        if (awaitable := FunctionType(example.compile(), names)()) is not None:
            await awaitable
    return names


async def draw(name: str) -> bytes:
    """Return a picture that a page draws."""
    (example,) = (example for example in EXAMPLES if PICTURES[name] in example.code)
    picture: str = (await run(example))[PICTURES[name].partition(" ")[0]]
    return picture.encode()


@pytest.mark.parametrize("page", PAGES)
async def test_shown_text_is_a_result(page: str) -> None:
    """Each block of text on a page is, letter for letter, what an example on that page makes."""
    shown = SHOWN.findall((ROOT / "docs" / page).read_text(encoding="utf-8"))
    examples = [example for example in EXAMPLES if example.page.name == page and not example.is_program]
    results = {str(value).strip() for example in examples for value in (await run(example)).values()}
    assert shown
    assert [text for text in shown if text.strip() not in results] == []


@pytest.mark.parametrize("name", PICTURES)
async def test_picture_is_the_drawn_one(name: str) -> None:
    """Each picture is, byte for byte, what the example beside it draws."""
    assert (ROOT / "docs" / name).read_bytes() == await draw(name)


if __name__ == "__main__":
    for drawn in PICTURES:
        (ROOT / "docs" / drawn).write_bytes(asyncio.run(draw(drawn)))
