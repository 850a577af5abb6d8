"""Answers of Grafana OnCall that are not what was promised: an error with a place, never an empty object."""

from __future__ import annotations

from typing import Any, Final

import pytest

from aiooncall import AmbiguousOutcome, CodecError, OnCallError
from tests.support.grafana_api import ONCE, TWINS
from tests.support.grafana_calls import CALLS, KINDS, Ids, saying

LISTS: Final = [name for name in CALLS if name.endswith(".list")]
PAGES: Final = [*LISTS, "webhooks.responses", "schedules.final_shifts"]
ONE: Final = [
    *(f"{kind}.{name}" for kind in KINDS for name in ("create", "get", "update", "patch")),
    *("alert_groups.get", "users.get", "teams.get", "organizations.get", "shift_swaps.take"),
    *("integrations.start_maintenance", "integrations.stop_maintenance", "paging.page", "paging.add_responders"),
]
NO_OBJECTS: Final[list[Any]] = [
    b"",
    b"not JSON",
    b'{"id": "1"',
    [],
    [{"id": "1", "type": "wait"}],
    "text",
    5,
    True,
    None,
    {},
    {"id": None},
    {"id": 5},
    {"id": ["1"]},
    {"count": 0, "next": None, "results": []},
]


@pytest.mark.parametrize("name", ONE)
async def test_one_thing(name: str) -> None:
    """An answer that is no object, or one without an id, is a CodecError with its place; nothing is sent again.

    Of what must not be done twice it is the reason for a doubt.
    """
    async with saying(*NO_OBJECTS) as (recorder, client):
        for number in range(len(NO_OBJECTS)):
            with pytest.raises(OnCallError) as raised:
                await CALLS[name](client, Ids())
            doubtful = TWINS.get(name, name) in ONCE
            error = raised.value.__cause__ if doubtful else raised.value
            assert isinstance(raised.value, AmbiguousOutcome) is doubtful
            assert isinstance(error, CodecError)
            assert error.path.startswith("$")
            assert len(recorder.bodies) == number + 1


@pytest.mark.parametrize("answer", [*NO_OBJECTS[:9], {"url": 5}], ids=repr)
async def test_what_has_no_id(answer: Any) -> None:
    """What the engine says of itself has no id, and has to be an object all the same."""
    async with saying(answer) as (_, client):
        with pytest.raises(CodecError) as raised:
            await client.info.get()
        assert raised.value.path.startswith("$")


NO_PAGES: Final[list[tuple[Any, str]]] = [
    (b"", "$"),
    (b"not JSON", "$"),
    ([], "$.results"),
    ([{"id": "1"}], "$.results"),
    ("text", "$.results"),
    (5, "$.results"),
    (None, "$.results"),
    ({}, "$.results"),
    ({"id": "1"}, "$.results"),
    ({"results": None, "next": None}, "$.results"),
    ({"results": {}, "next": None}, "$.results"),
    ({"results": [None], "next": None}, "$.results[0]"),
    ({"results": ["x"], "next": None}, "$.results[0]"),
    ({"results": [[]], "next": None}, "$.results[0]"),
    ({"results": []}, "$.next"),
    ({"results": [], "next": 5}, "$.next"),
    ({"results": [], "next": ""}, "$.next"),
    ({"results": [], "next": "https://example.com/"}, "$.next"),
    ({"results": [], "next": "https://[broken/?page=2"}, "$.next"),
]


@pytest.mark.parametrize("name", PAGES)
async def test_page_of_a_list(name: str) -> None:
    """An answer that is no page, or does not say where the next one is, is a CodecError and never the end."""
    async with saying(*(answer for answer, _ in NO_PAGES)) as (recorder, client):
        for number, (_, place) in enumerate(NO_PAGES, 1):
            with pytest.raises(CodecError) as raised:
                await CALLS[name](client, Ids())
            assert (raised.value.path, len(recorder.bodies)) == (place, number)


@pytest.mark.parametrize("name", [name for name in PAGES if name != "webhooks.responses"])
async def test_row_without_its_id(name: str) -> None:
    """A row that lacks what it is known by is a CodecError that says which row and what."""
    async with saying({"results": [{"name": "x", "type": "wait"}], "next": None}) as (_, client):
        with pytest.raises(CodecError, match="required field missing") as raised:
            await CALLS[name](client, Ids())
        assert raised.value.path.startswith("$.results[0].")


@pytest.mark.parametrize(
    ("name", "answer", "place"),
    [
        ("alert_groups.get", {"id": "1"}, "$.state"),
        ("alert_groups.get", {"id": "1", "state": "firing", "last_alert": {"id": 5}}, "$.last_alert.id"),
        ("alert_groups.get", {"id": "1", "state": "firing", "created_at": "soon"}, "$.created_at"),
        ("users.get", {"id": "1", "teams": "T1"}, "$.teams"),
        ("users.get", {"id": "1", "slack": []}, "$.slack"),
        ("schedules.get", {"id": "1", "name": "x"}, "$.type"),
        ("schedules.get", {"id": "1", "type": "web", "shifts": [1]}, "$.shifts[0]"),
        ("on_call_shifts.get", {"id": "1", "start": 5}, "$.start"),
        ("on_call_shifts.get", {"id": "1", "duration": "PT1H"}, "$.duration"),
        ("on_call_shifts.get", {"id": "1", "rolling_users": [["U1"], [2]]}, "$.rolling_users[1][0]"),
        ("escalation_policies.get", {"id": "1", "type": "wait", "duration": True}, "$.duration"),
        ("escalation_policies.get", {"id": "1", "type": "notify_persons", "important": 1}, "$.important"),
        ("integrations.get", {"id": "1", "default_route": {"slack": 1}}, "$.default_route.slack"),
        ("integrations.get", {"id": "1", "heartbeat": {"link": 5}}, "$.heartbeat.link"),
        ("shift_swaps.get", {"id": "1", "swap_start": 5}, "$.swap_start"),
        ("webhooks.get", {"id": "1", "integration_filter": [None]}, "$.integration_filter[0]"),
        ("schedules.final_shifts", {"results": [{"user_pk": "U1"}], "next": None}, "$.results[0].shift_end"),
    ],
)
async def test_field_of_a_wrong_type(name: str, answer: Any, place: str) -> None:
    """A field of a wrong type is a CodecError with its place, as the wire has it, however deep it is."""
    async with saying(answer) as (_, client):
        with pytest.raises(CodecError) as raised:
            await CALLS[name](client, Ids())
        assert raised.value.path == place
