"""An escalation as a Mermaid flowchart, and names that try to break out of it."""

from __future__ import annotations

import re
from typing import Final

import attrs
import pytest
from hypothesis import given

from aiooncall.drawing import wording
from aiooncall.drawing.mermaid import mermaid
from aiooncall.drawing.outline import Outline, OutlineStep
from tests.support.outlines import CHECKOUT, EMPTY, HALF_READ, NASTY, OUTLINES, only, user

# In a label: letters, digits, spaces, commas, entities, our line breaks, and what is neither ASCII nor a line break.
_LABEL: Final = r'"(?:[A-Za-z0-9 ,]|#\d+;|<br/>|[^\x00-\xa0\u2028\u2029])*"'
_STEP: Final = r"s\d+"
_PLACE: Final = r"s\d+t\d+"
_NODE: Final = re.compile(
    rf"(?:start\(\[{_LABEL}\]\)|done\(\[{_LABEL}\]\)|again\(\[{_LABEL}\]\)"
    rf"|{_PLACE}(?:\(\[{_LABEL}\]\):::user|\{{\{{{_LABEL}\}}\}}:::team|\[{_LABEL}\]:::schedule"
    rf"|\[/{_LABEL}/\]:::other|\[{_LABEL}\]:::nobody)|s0\[{_LABEL}\]:::nobody)"
)
_GRAMMAR: Final = (
    re.compile("flowchart TD"),
    re.compile(rf"    subgraph {_STEP}\[{_LABEL}\]"),
    re.compile("    end"),
    re.compile(rf"    (?:    )?{_NODE.pattern}"),
    re.compile(rf"    (?:    )?{_PLACE} ~~~ {_PLACE}"),
    re.compile(rf"    (?:start|{_STEP}) -->\|{_LABEL}\| (?:{_STEP}|again|done)"),
    re.compile(r"    (?:start --> s0|s0 --> done|again -\.-> start|again --> done)"),
    re.compile(r"    classDef [a-z]+ (?:[a-z-]+:(?:#[0-9a-f]{6}|\d \d),?)+"),
)
"""Every line there may be: in none of them can more than a label come from a name."""


def labels(diagram: str) -> list[str]:
    """Return what the nodes say: entities as the characters they stand for, without the spaces that none sees."""
    return [
        re.sub(r"#(\d+);", lambda found: chr(int(found[1])), label).replace("\u200b", "")
        for label in re.findall(r'(?m)^ +\w+[\[({/]+"(.*)"[\])}/]+(?::::\w+)?$', diagram)
    ]


def test_diagram() -> None:
    """Steps are groups of nodes, waits are edges, and what follows the last step is there too."""
    assert mermaid(CHECKOUT) == (
        "flowchart TD\n"
        '    start(["📟 Checkout<br/>teams#58; Payments"])\n'
        '    subgraph s1["Step 1, at once"]\n'
        '        s1t1(["👤 Ann Lee"]):::user\n'
        '        s1t2["📅 Primary<br/>now Bob"]:::schedule\n'
        "    end\n"
        '    subgraph s2["Step 2, 5 min in, 🔄 one of these, in turn"]\n'
        '        s2t1(["👤 Cy"]):::user\n'
        '        s2t2(["👤 Dee"]):::user\n'
        "    end\n"
        '    subgraph s3["Step 3, 15 min in"]\n'
        '        s3t1{{"👥 支付<br/>Ann Lee, Bob"}}:::team\n'
        '        s3t2["📅 Primary<br/>previous on call#58; Eve"]:::schedule\n'
        '        s3t3[/"🔔 #35;payments<br/>slack channel"/]:::other\n'
        "    end\n"
        '    start -->|"at once"| s1\n'
        '    s1 -->|"5 min"| s2\n'
        '    s2 -->|"10 min"| s3\n'
        '    s3 -->|"10 min"| again\n'
        '    again(["🔁 starts again, at most 2 more times"])\n'
        "    again -.-> start\n"
        "    again --> done\n"
        '    done(["🏁 the page is resolved"])\n'
        "    s1t2 ~~~ s2t1\n"
        "    s2t2 ~~~ s3t1\n"
        "    classDef user fill:#dbeafe,stroke:#1d4ed8,color:#172554\n"
        "    classDef team fill:#ccfbf1,stroke:#0f766e,color:#042f2e\n"
        "    classDef schedule fill:#f3e8ff,stroke:#7e22ce,color:#3b0764\n"
        "    classDef other fill:#ffedd5,stroke:#9a3412,color:#431407\n"
        "    classDef nobody fill:#e5e7eb,stroke:#4b5563,color:#111827,stroke-dasharray:4 3\n"
    )


def test_diagram_of_what_is_missing() -> None:
    """A step without targets, an unknown wait, no wait and an unread part all show."""
    found = mermaid(HALF_READ)
    assert "⚠ Part of it could not be read" in found
    assert 's1t1["🚫 nobody known"]:::nobody' in found
    assert 's1 -->|"wait unknown"| s2' in found
    assert 's2 -->|"no wait"| s3' in found
    assert 'subgraph s2["Step 2"]' in found


def test_diagram_without_steps() -> None:
    """Without steps there is a node that says so, and nothing follows it."""
    assert mermaid(EMPTY).splitlines()[1:4] == [
        '    start(["📟 Empty"])',
        '    s0["🚫 There are no steps#58; nobody is reached#46;"]:::nobody',
        "    start --> s0",
    ]


def test_no_steps_end_as_they_say() -> None:
    """An ending shows even if there are no steps before it."""
    assert mermaid(attrs.evolve(EMPTY, ending="it rests", repeats=1)).splitlines()[3:6] == [
        "    start --> s0",
        "    s0 --> done",
        '    done(["🏁 it rests"])',
    ]


def test_many_targets_stand_in_rows() -> None:
    """From the fifth target on, each is tied below another, so that the diagram stays narrow."""
    targets = tuple(user(f"P{number}") for number in range(9))
    ties = re.findall(r"(s1t\d+) ~~~ (s1t\d+)", mermaid(Outline(title="x", steps=(OutlineStep(targets=targets),))))
    assert ties == [(f"s1t{number}", f"s1t{number + 4}") for number in range(1, 6)]


@pytest.mark.parametrize("name", NASTY)
def test_nasty_name_stays_a_name(name: str) -> None:
    """A name that means something elsewhere is shown as it is, and makes no line that others don't make."""
    diagram = mermaid(only(name))
    assert len(diagram.splitlines()) == len(mermaid(only("Ann")).splitlines())
    assert f"👤 {wording.name(user(name))}" in labels(diagram)


@pytest.mark.parametrize(
    ("name", "seen"),
    [("$$x$$", r"\$\$"), ("fa:fa-car", r"fab?:fa-"), ("ﬂ°°60¶ß", "ﬂ°|¶ß"), ("a\\nb", r"\\n")],
)
def test_decoded_name_means_nothing_either(name: str, seen: str) -> None:
    """What Mermaid looks for after it has decoded entities is parted by a space that none sees."""
    diagram = mermaid(only(name))
    decoded = re.sub(r"#(\d+);", lambda found: chr(int(found[1])), diagram)
    assert re.search(seen, name)
    assert not re.search(seen, decoded)


@pytest.mark.parametrize("name", ["direction LR", "xdirection  TB", "directiondirection BT", "a direction RL b"])
def test_direction_is_not_a_statement(name: str) -> None:
    """Mermaid takes a line with `direction LR` for a statement, wherever it stands, so the word is never written."""
    assert "direction" not in mermaid(only(name))


def test_long_names_are_shortened() -> None:
    """A name longer than 80 characters ends in an ellipsis."""
    assert f"👤 {'x' * 79}…" in labels(mermaid(only("x" * 500)))
    assert f"👤 {'x' * 80}" in labels(mermaid(only("x" * 80)))


@given(outline=OUTLINES)
def test_every_line_is_one_of_ours(outline: Outline) -> None:
    """Whatever the names are, each line has one of a few forms, in which a name can only be in a label."""
    lines = mermaid(outline).removesuffix("\n").split("\n")
    assert [line for line in lines if not any(form.fullmatch(line) for form in _GRAMMAR)] == []
    assert "direction" not in "".join(lines)


@given(outline=OUTLINES)
def test_every_target_has_a_node(outline: Outline) -> None:
    """There is a node for each target, with an id made from its place, and it says the target's name."""
    found = dict(re.findall(r'(?m)^ {8}(s\d+t\d+)[\[({/]+"(.*)"', mermaid(outline)))
    said = {place: labels(f' x["{label}"]')[0] for place, label in found.items()}
    for number, step in enumerate(outline.steps, 1):
        assert {place for place in said if place.startswith(f"s{number}t")} == {
            f"s{number}t{place}" for place in range(1, (len(step.targets) or 1) + 1)
        }
        for place, target in enumerate(step.targets, 1):
            name = wording.name(target).replace("\u200b", "")
            assert len(name) > 80 or name in said[f"s{number}t{place}"]
