"""Escalations that the tests of the drawings draw."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

from aiooncall.drawing.outline import Outline, OutlineStep, OutlineTarget


def user(name: str) -> OutlineTarget:
    """Return a target that is a person."""
    return OutlineTarget(kind="user", name=name)


def only(name: str) -> Outline:
    """Return an escalation to one person."""
    return Outline(title="T", steps=(OutlineStep(targets=(user(name),), wait=60),))


CHECKOUT: Final = Outline(
    title="Checkout",
    teams=("Payments",),
    repeats=2,
    ending="the page is resolved",
    steps=(
        OutlineStep(
            targets=(user("Ann Lee"), OutlineTarget(kind="schedule", name="Primary", people=("Bob",))), wait=300
        ),
        OutlineStep(targets=(user("Cy"), user("Dee")), wait=600, one_at_a_time=True),
        OutlineStep(
            targets=(
                OutlineTarget(kind="team", name="支付", people=("Ann Lee", "Bob")),
                OutlineTarget(kind="schedule", name="Primary", detail="previous on call", people=("Eve",)),
                OutlineTarget(kind="slack_channel", name="#payments"),
            ),
            wait=600,
        ),
    ),
)
"""Has everything."""
HALF_READ: Final = Outline(
    title="Half read",
    complete=False,
    repeats=1,
    steps=(
        OutlineStep(targets=(), wait=None),
        OutlineStep(targets=(user("Ann"),), wait=0),
        OutlineStep(targets=(user("Bob"),), wait=60),
    ),
)
"""A wait and the targets of a step are unknown."""
EMPTY: Final = Outline(title="Empty", steps=())

NASTY: Final = (
    '"]; click s1 "javascript:alert(1)"', '%%{init: {"theme":"dark"}}%%', "%% comment", "end", "subgraph x", "`code`",
    "1. item", "- item", "# head", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</text></svg>",
    "&lt;b&gt;", "&#60;", "#quot;#35;", "a\nb --> c", "**b** _i_", "fa:fa-car", "fab:fa-github", "https://example.org/x",
    "$$x^2$$", "ﬂ°°60¶ßb", "style x:y#z;", "@{shape: x}", "---", '|"pipe"|', "[link](javascript:alert(1))", "\\n",
    "direction LR", "xdirection  TB", "directiondirection LR", "]]>", "<!--", "<?xml?>", "\x1b[31mred", "a\x00b",
    "\ud800", "\u202egnirts", "\uffff", "\u2028", "'", "",
)  # fmt: skip
"""Names that mean something to a Mermaid lexer, a Markdown or HTML reader, an XML parser or a terminal."""

_TEXTS: Final = st.text(max_size=30) | st.sampled_from(NASTY) | st.text('ab 支عé😀\u200d\u0301"#<&;:%', max_size=90)
_TARGETS: Final = st.builds(
    OutlineTarget,
    kind=st.sampled_from(["user", "team", "schedule"]) | _TEXTS,
    name=_TEXTS,
    detail=st.just("") | _TEXTS,
    people=st.lists(_TEXTS, max_size=3),
)
_STEPS: Final = st.builds(
    OutlineStep,
    targets=st.lists(_TARGETS, max_size=6).map(tuple),
    wait=st.none() | st.just(0) | st.integers(1, 10**6) | st.floats(0, 1e300),
    one_at_a_time=st.booleans(),
)
OUTLINES: Final = st.builds(
    Outline,
    title=_TEXTS,
    steps=st.lists(_STEPS, max_size=5).map(tuple),
    repeats=st.integers(0, 9),
    ending=st.just("") | _TEXTS,
    teams=st.lists(_TEXTS, max_size=3),
    complete=st.booleans(),
)
"""Any escalation."""
