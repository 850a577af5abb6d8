"""The rows of the picture: each step with its targets, then what follows the last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from aiooncall.drawing import wording
from aiooncall.drawing.outline import human_duration
from aiooncall.drawing.svg_shapes import Style, badge, box, icon, node, tooltip, width, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from xml.etree.ElementTree import Element

    from aiooncall.drawing.outline import Outline, OutlineStep, OutlineTarget

LEFT: Final = 184
"""Where the rows begin, in pixels from the picture's left side."""
WIDTH: Final = 544
"""How wide the rows are, in pixels."""
_PAD: Final = 10
_CARD_HEIGHT: Final = 52
_CARD_WIDTHS: Final = ((WIDTH - 3 * _PAD) // 2, WIDTH - 2 * _PAD)
"""A card takes half the width, or all of it if its text is long or it has no neighbour."""
_BESIDE_TEXT: Final = 66
_TURNS_HEIGHT: Final = 32
_STRIP_HEIGHT: Final = 44
_NAME: Final = Style(bold=True)
_NOTES: Final = Style(size=12, colour="soft")


@attrs.frozen(kw_only=True)
class Row:
    """A row of the picture.

    Attributes:
        mark: what stands on the time line: a number, or the name of an icon.
        times: what stands on its left, in one line or two.
        height: in pixels.
        middle: how far below its top the mark is, in pixels.
        draw: draws it: takes the parent and the top in pixels.
        wait: how long it takes until the next row; None if that says nothing.
        known: whether that wait is known.
    """

    mark: str
    times: Sequence[str]
    height: int
    middle: int
    draw: Callable[[Element, int], None]
    wait: str | None = None
    known: bool = True


@attrs.frozen(kw_only=True)
class _Card:
    kind: str
    name: str
    notes: str
    hint: str = ""

    @property
    def is_short(self) -> bool:
        """Return whether half the width is enough."""
        return max(width(self.name, _NAME), width(self.notes, _NOTES)) <= _CARD_WIDTHS[0] - _BESIDE_TEXT


@attrs.frozen(kw_only=True)
class _Placed:
    card: _Card
    x: int
    y: int
    width: int


def rows(outline: Outline, picture: str) -> list[Row]:
    """Return the rows of the picture.

    Args:
        outline: the escalation.
        picture: id of the picture.
    """
    return [*_step_rows(outline, picture), *_last_rows(outline)]


def clips(parent: Element, picture: str) -> None:
    """Define the clip that keeps a text within its card, if it is wider than it was estimated to be."""
    for card_width in _CARD_WIDTHS:
        node(node(parent, "clipPath", id=f"{picture}-{card_width}"), "rect", width=card_width - 6, height=_CARD_HEIGHT)


def _step_rows(outline: Outline, picture: str) -> Iterator[Row]:
    for index, step in enumerate(outline.steps):
        placed = _placed(_cards(outline, step), _PAD + (_TURNS_HEIGHT if step.takes_turns else 0))
        yield Row(
            mark=str(index + 1),
            times=_times(outline.starts[index]),
            height=placed[-1].y + _CARD_HEIGHT + _PAD,
            middle=_PAD + _CARD_HEIGHT // 2,
            draw=_Panel(picture=picture, placed=placed, takes_turns=step.takes_turns),
            wait=wording.pause(step.wait),
            known=step.wait is not None,
        )
    if not outline.steps:
        yield _strip("nobody", (), wording.no_steps(outline))


def _cards(outline: Outline, step: OutlineStep) -> list[_Card]:
    if step.targets:
        return [_card(target) for target in step.targets]
    notes = "this step reaches no one" if outline.complete else "whom this step reaches could not be read"
    return [_Card(kind="nobody", name=wording.nobody(outline).capitalize(), notes=notes)]


def _card(target: OutlineTarget) -> _Card:
    name, notes = wording.name(target), " · ".join(filter(None, (wording.kind(target), wording.notes(target))))
    return _Card(kind=wording.look(target), name=name, notes=notes, hint=f"{name} ({notes})")


def _placed(cards: Sequence[_Card], top: int) -> list[_Placed]:
    """Return where each card goes: two side by side if both are short, else one in all the width."""
    placed: list[_Placed] = []
    half, whole = _CARD_WIDTHS
    left = list(cards)
    while left:
        fitting = left[:2] if len(left) > 1 and left[0].is_short and left[1].is_short else left[:1]
        for place, card in enumerate(fitting):
            size = half if len(fitting) > 1 else whole
            placed.append(_Placed(card=card, x=_PAD + place * (half + _PAD), y=top, width=size))
        left = left[len(fitting) :]
        top += _CARD_HEIGHT + _PAD
    return placed


@attrs.frozen(kw_only=True)
class _Panel:
    """Draws a step: its cards on a panel."""

    picture: str
    placed: Sequence[_Placed]
    takes_turns: bool

    def __call__(self, parent: Element, top: int) -> None:
        group = node(parent, "g", transform=f"translate({LEFT} {top})")
        panel = box(group, 0, 0, WIDTH, self.placed[-1].y + _CARD_HEIGHT + _PAD, rx=12, class_="f-panel s-edge")
        if self.takes_turns:
            panel.set("class", "f-panel s-step")
            panel.set("stroke-dasharray", "6 4")
            icon(group, "again", _PAD + 4, 13, size=18, colour="step")
            write(group, wording.IN_TURN.capitalize(), _PAD + 30, 27, Style(size=13, bold=True, colour="step"))
        for placed in self.placed:
            self._draw(node(group, "g", transform=f"translate({placed.x} {placed.y})"), placed)

    def _draw(self, group: Element, placed: _Placed) -> None:
        card = placed.card
        if card.hint:
            tooltip(group, card.hint)
        frame = box(group, 0, 0, placed.width, _CARD_HEIGHT, class_="f-card s-edge")
        if card.kind == "nobody":
            frame.set("stroke-dasharray", "4 3")
        badge(group, card.kind, 10, 10)
        texts = node(group, "g", clip_path=f"url(#{self.picture}-{placed.width})")
        room = placed.width - _BESIDE_TEXT
        write(texts, card.name, 54, 23, _NAME, room=room)
        write(texts, card.notes, 54, 41, _NOTES, room=room)


def _last_rows(outline: Outline) -> Iterator[Row]:
    once, total = (_known_times(duration) for duration in (outline.pass_duration, outline.total_duration))
    if outline.steps and outline.repeats:
        yield _strip("again", once, f"Starts again from step 1, {wording.again(outline)}")
        latest = "at the latest" if outline.complete else "or later"
        yield _strip("end", [*total, latest] if total else (), f"Then {wording.ending(outline)}")
    elif outline.steps:
        yield _strip("end", once, f"If nobody acknowledges, {wording.ending(outline)}")
    elif outline.ending:
        yield _strip("end", (), f"Then {wording.ending(outline)}")


def _strip(mark: str, times: Sequence[str], text: str) -> Row:
    """Return a row of one sentence."""

    def draw(parent: Element, top: int) -> None:
        group = node(parent, "g", transform=f"translate({LEFT} {top})")
        tooltip(group, text)
        box(group, 0, 0, WIDTH, _STRIP_HEIGHT, rx=12, class_="f-panel s-edge")
        write(group, text, 16, 27, Style(), room=WIDTH - 32)

    return Row(mark=mark, times=times, height=_STRIP_HEIGHT, middle=_STRIP_HEIGHT // 2, draw=draw)


def _known_times(instant: float | None) -> list[str]:
    return [] if instant is None else _times(instant)


def _times(start: float | None) -> list[str]:
    """Return a point in time in one line, or in two if it is long."""
    if start is None:
        return ["time unknown"]
    if not start:
        return ["at once"]
    words = human_duration(start).split(" ")
    return ["+" + " ".join(words[:4]), *([" ".join(words[4:])] if words[4:] else [])]
