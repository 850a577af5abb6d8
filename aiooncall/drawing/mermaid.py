"""An escalation as a Mermaid flowchart (https://mermaid.js.org/syntax/flowchart.html), as GitHub renders them.

Names come from people, so they are written where nothing has a meaning: inside quotes, with every character that is
not a letter or digit as a numeric entity. Node ids are made here.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from aiooncall.drawing import wording
from aiooncall.drawing.measure import clusters, shorten

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiooncall.drawing.outline import Outline, OutlineStep, OutlineTarget

_LONGEST_LABEL: Final = 80
_ROW: Final = 4
"""How many targets stand side by side."""
_BREAK: Final = "<br/>"
_LOOKS: Final = {
    "user": ("([", "])", "👤", "fill:#dbeafe,stroke:#1d4ed8,color:#172554"),
    "team": ("{{", "}}", "👥", "fill:#ccfbf1,stroke:#0f766e,color:#042f2e"),
    "schedule": ("[", "]", "📅", "fill:#f3e8ff,stroke:#7e22ce,color:#3b0764"),
    "other": ("[/", "/]", "🔔", "fill:#ffedd5,stroke:#9a3412,color:#431407"),
    "nobody": ("[", "]", "🚫", "fill:#e5e7eb,stroke:#4b5563,color:#111827,stroke-dasharray:4 3"),
}
"""For each kind of node: brackets that give its shape, a picture, and a style that is legible on light and dark."""
_MEANINGFUL: Final = re.compile(
    r"(?<=\$)(?=\$) | (?<=fa:)(?=fa-) | (?<=fa[bklrs]:)(?=fa-) | (?<=ﬂ)(?=°) | (?<=¶)(?=ß) | (?<=\\)(?=n)", re.VERBOSE
)
"""Where Mermaid would still see a formula, an icon, an entity or a line break after it has decoded entities."""
_ZERO_WIDTH_SPACE: Final = "\u200b"
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9 ,]|d(?=irection)")
"""The lexer takes a line with `direction LR` anywhere in it for a statement, quoted or not."""


def mermaid(outline: Outline) -> str:
    """Return the escalation as the text of a Mermaid flowchart.

    A text longer than 80 characters is shortened.

    Args:
        outline: the escalation.
    """
    return "\n".join(("flowchart TD", *(f"    {line}" for line in _lines(outline)), ""))


def _lines(outline: Outline) -> Iterator[str]:
    yield f'start(["📟 {_opening(outline)}"])'
    for number, step in enumerate(outline.steps, 1):
        yield from _step(outline, step, number)
    if not outline.steps:
        yield _node("s0", "nobody", wording.no_steps(outline))
    yield from _edges(outline)
    yield from _ties(outline)
    for look, (*_, style) in _LOOKS.items():
        yield f"classDef {look} {style}"


def _opening(outline: Outline) -> str:
    parts = [_quoted(wording.title(outline))]
    if outline.teams:
        parts.append(_quoted(f"teams: {', '.join(outline.teams)}"))
    if not outline.complete:
        parts.append("⚠ " + _quoted(wording.INCOMPLETE))
    return _BREAK.join(parts)


def _step(outline: Outline, step: OutlineStep, number: int) -> Iterator[str]:
    start = outline.starts[number - 1]
    title = [f"Step {number}", *([] if start is None else [wording.moment(start)])]
    title += [f"🔄 {wording.IN_TURN}"] if step.takes_turns else []
    yield f'subgraph s{number}["{", ".join(title)}"]'
    for place, target in enumerate(step.targets, 1):
        yield f"    {_target(f's{number}t{place}', target)}"
        if place > _ROW:
            yield f"    s{number}t{place - _ROW} ~~~ s{number}t{place}"
    if not step.targets:
        yield f"    {_node(f's{number}t1', 'nobody', wording.nobody(outline))}"
    yield "end"


def _target(node_id: str, target: OutlineTarget) -> str:
    look, notes = wording.look(target), wording.notes(target)
    if look == "other":
        notes = ": ".join(filter(None, (wording.kind(target), notes)))
    return _node(node_id, look, wording.name(target), notes)


def _node(node_id: str, look: str, *texts: str) -> str:
    opening, closing, picture, _ = _LOOKS[look]
    label = _BREAK.join(_quoted(text) for text in texts if text)
    return f'{node_id}{opening}"{picture} {label}"{closing}:::{look}'


def _edges(outline: Outline) -> Iterator[str]:
    if outline.steps:
        yield f'start -->|"{wording.moment(0)}"| s1'
        yield from _waits(outline)
    else:
        yield "start --> s0"
    if outline.steps and outline.repeats:
        yield f'again(["🔁 starts again, {wording.again(outline)}"])'
        yield "again -.-> start"
        yield "again --> done"
    elif outline.ending and not outline.steps:
        yield "s0 --> done"
    if outline.steps or outline.ending:
        yield f'done(["🏁 {_quoted(wording.ending(outline))}"])'


def _waits(outline: Outline) -> Iterator[str]:
    after = [f"s{number}" for number in range(2, len(outline.steps) + 1)] + ["again" if outline.repeats else "done"]
    for number, (step, following) in enumerate(zip(outline.steps, after, strict=True), 1):
        yield f's{number} -->|"{wording.pause(step.wait)}"| {following}'


def _ties(outline: Outline) -> Iterator[str]:
    """Tie each step's last target to the next step's first: without these links, a loop turns the steps upside down."""
    for number, (step, _) in enumerate(pairwise(outline.steps), 1):
        yield f"s{number}t{len(step.targets) or 1} ~~~ s{number + 1}t1"


def _quoted(text: str) -> str:
    """Return `text` as it may stand in a label."""
    short = shorten(text, lambda found: len(clusters(found)) <= _LONGEST_LABEL)
    return _UNSAFE.sub(_entity, _MEANINGFUL.sub(_ZERO_WIDTH_SPACE, short))


def _entity(found: re.Match[str]) -> str:
    char = found.group()
    is_word = ord(char) > 0x7F and unicodedata.category(char)[0] in "LMN"  # noqa: PLR2004 (the end of ASCII)
    return char if is_word else f"#{ord(char)};"
