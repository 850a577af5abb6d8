"""`schedule preview`: whom other members of a rotation would put on call, and nothing is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.coverage_world import OF_THE_WEEK, coverage_world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.command_line import Ran
    from tests.support.coverage_world import World


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Return a world."""
    with coverage_world() as made:
        yield made


def preview(world: World, *more: str) -> Ran:
    """Look at an edit of the schedule of Ann and Ben, over six days."""
    return world.datadog("schedule", "preview", "{PRIMARY}".format(**world.ids), *OF_THE_WEEK, "--days", "6", *more)


def person(world: World, name: str) -> str:
    """Return the id of somebody who is on call on Monday or Tuesday."""
    rows = world.datadog("schedule", "shifts", world.ids["PRIMARY"], *OF_THE_WEEK, "--days", "2", "--json").lines
    return next(str(row["person"]) for row in rows if row["name"] == name)


def summaries(done: Ran) -> list[str]:
    """Return what each change says."""
    return [change["summary"] for change in done.json["changes"]]


def test_somebody_is_added(world: World) -> None:
    """Who is added comes in turn, the changes are told by name, and the schedule stays as it is."""
    posts, cem = world.datadog.posts(), world.datadog.sim.add_user("Cem Ak")
    done = preview(world, "--add", cem, "--json")
    assert (done.code, done.err) == (0, "")
    assert any("Cem Ak" in summary for summary in summaries(done))
    told = preview(world, "--add", cem)
    assert told.out.startswith("Primary: Mon 2031-01-06 00:00 to Sun 2031-01-12 00:00, UTC\n")
    assert "New gaps: none" in told.out
    assert world.datadog.posts() == posts


def test_somebody_is_taken_out(world: World) -> None:
    """Who is taken out is on call no more; the other one is, all the time."""
    ann = person(world, "Ann Lee")
    assert set(summaries(preview(world, "--remove", ann, "--json"))) == {"Ben Roth instead of Ann Lee"}
    assert preview(world, "--remove", ann, "--layer", "Days").code == 0


def test_new_gaps(world: World) -> None:
    """An empty slot is a new gap, which is 4."""
    ann = person(world, "Ann Lee")
    done = preview(world, "--member", ann, "--member", "none", "--json")
    assert (done.code, len(done.json["new_gaps"])) == (4, 3)


def test_order(world: World) -> None:
    """The order of members can be turned around, and the rotation moved so that nothing changes."""
    ann, ben = person(world, "Ann Lee"), person(world, "Ben Roth")
    turned = preview(world, "--member", ben, "--member", ann, "--json")
    assert len(turned.json["changes"]) == 6
    kept = preview(world, "--member", ben, "--member", ann, "--keep-current", "--json")
    assert (kept.code, kept.json["changes"], len(kept.json["moves"])) == (0, [], 1)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--remove", "no-such"), "--remove: got 'no-such'; expected the id of a member of the layer 'Days'"),
        (("--layer", "Nights"), "--layer: got 'Nights'; expected one of 'Days'"),
        (("-p", "grafana"), "--provider"),
        (("--days", "367"), "--days"),
    ],
)
def test_wrong_usage(world: World, more: tuple[str, ...], told: str) -> None:
    """What is not there, and what Grafana does not have, is 2."""
    done = preview(world, *more)
    assert (done.code, done.out) == (2, "")
    assert told in done.err


def test_nobody_left(world: World) -> None:
    """A rotation of nobody has to be said."""
    people = [person(world, name) for name in ("Ann Lee", "Ben Roth")]
    done = preview(world, "--remove", people[0], "--remove", people[1])
    assert (done.code, "somebody who is left, or --member none" in done.err) == (2, True)
