"""Whatever a client sends, the simulator answers it or says what is wrong; it never fails by itself."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiooncall.simulator.datadog.app import Datadog, DatadogOptions
from aiooncall.simulator.http.ledger import Ledger
from aiooncall.simulator.http.routing import Call, Moment
from aiooncall.simulator.http.times import is_time_zone, read_instant, read_time_of_day, write_instant
from tests.support.datadog_http import data_body, policy_body, schedule_body

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = "/api/v2/on-call"
WINDOW = {"start_day": "friday", "start_time": "17:00:00", "end_day": "monday", "end_time": "09:00:00"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


class World:
    """A fake Datadog without a network."""

    def __init__(self, *, drift: bool) -> None:
        options = DatadogOptions(
            settle_delay=0.0,
            search_lag=0.0,
            search_mode="normal",
            drift=drift,
            bare_included=False,
            hide_empty_slots=False,
            pagerduty_answers_put=False,
        )
        self.datadog = Datadog(Ledger(), options)
        self.user = self.datadog.add_user("", None, "active")
        self.team = self.datadog.add_team("t", None)
        self.channel = self.datadog.add_channel(self.user, {"type": "push"}, active=True)

    def send(self, method: str, path: str, body: Any, query: dict[str, str] | None = None) -> tuple[int, Any]:
        """Send a request past the network, and return status and answer."""
        sent = orjson.dumps(body)
        call = Call(method, path, path.split("/"), query or {}, sent, Moment(0.0, 1.8e9))
        answer = self.datadog.router.answer(call)
        return answer.status, orjson.loads(answer.body)

    def good(self) -> list[tuple[str, str, Any, str]]:
        """Return requests that work, with what each can include."""
        schedule = schedule_body(self.user, None, teams=(self.team,), restrictions=[WINDOW], time_zone="Asia/Tokyo")
        schedule_id = self.send("POST", f"{ROOT}/schedules", schedule)[1]["data"]["id"]
        positioned = {"type": "schedules", "id": schedule_id, "config": {"schedule": {"position": "next"}}}
        policy = policy_body([{"type": "users", "id": self.user}, positioned], teams=(self.team,))
        policy_id = self.send("POST", f"{ROOT}/escalation-policies", policy)[1]["data"]["id"]
        hours = {"time_zone": "Asia/Tokyo", "restrictions": [WINDOW]}
        actions = [{"type": "escalation_policy", "policy_id": policy_id, "support_hours": hours}, {"type": "other"}]
        rest = {"policy_id": policy_id, "urgency": "low"}
        given = [{"actions": actions}, {"time_restriction": hours}, rest]
        rules = data_body("team_routing_rules", {"rules": given})
        settings = {"type": "phone", "method": "sms"}
        rule = data_body("notification_rules", {"channel_settings": settings, "delay_minutes": 1})
        rule["data"]["relationships"] = {"channel": {"data": {"type": "notification_channels", "id": self.channel}}}
        phone = data_body("notification_channels", {"config": {"type": "phone", "number": "+14155550123"}})
        details = {"status": "error", "priority": "1", "links": [{"url": "https://x", "category": "runbook"}]}
        event = {"title": "t", "category": "alert", "aggregation_key": "k", "message": "@oncall-t", "tags": ["a:b"]}
        alert = data_body("event", {**event, "attributes": details})
        return [
            ("POST", f"{ROOT}/schedules", schedule, "teams,layers.members.user"),
            ("POST", f"{ROOT}/escalation-policies", policy, "teams,steps.targets"),
            ("PUT", f"{ROOT}/teams/{self.team}/routing-rules", rules, "rules.policy"),
            ("POST", f"{ROOT}/users/{self.user}/notification-rules", rule, ""),
            ("POST", f"{ROOT}/users/{self.user}/notification-channels", phone, ""),
            ("POST", "/api/v2/events", alert, ""),
        ]


def detail(error: Any) -> str:
    """Return what an error says, in either of the forms that errors have."""
    return str(error if isinstance(error, str) else error["detail"])


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every place in a JSON value, as what holds it and the name or number there."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        yield value, name
        yield from places(inner)


@pytest.mark.parametrize("drift", [False, True])
@given(data=st.data())
def test_one_wrong_place_is_borne(drift: bool, data: st.DataObject) -> None:
    """A good request with anything put into one place is done or refused with a detail, and all can be read after."""
    world = World(drift=drift)
    method, path, good, include = data.draw(st.sampled_from(world.good()))
    assert world.send(method, path, good)[0] in {200, 201, 202}
    body = copy.deepcopy(good)
    holder, name = data.draw(st.sampled_from(list(places(body))))
    holder[name] = data.draw(JSON)
    status, answer = world.send(method, path, body, {"include": include})
    assert status in {200, 201, 202, 400}
    assert status != 400 or detail(answer["errors"][0])
    made = (
        f"{ROOT}/schedules/{answer['data']['id']}/responders" if (status, path) == (201, f"{ROOT}/schedules") else None
    )
    for shown in (f"{ROOT}/schedules", f"{ROOT}/teams/{world.team}/on-call", *([made] if made else [])):
        assert world.send("GET", shown, None)[0] == 200


@given(JSON)
def test_any_body_is_borne(body: Any) -> None:
    """A body of any kind is refused unless it is a request."""
    world = World(drift=True)
    for method, path, _, _ in world.good():
        assert world.send(method, path, body)[0] == 400


@given(st.datetimes(), st.timedeltas())
def test_instants_survive(naive: Any, offset: Any) -> None:
    """An instant is written in one way and read back as itself; other texts are no instants."""
    text = naive.isoformat() + "Z"
    read = read_instant(text)
    assert read is not None
    assert write_instant(read) == text
    assert read_instant(str(offset)) is None


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("09:00", "09:00:00"),
        ("24:00", "24:00:00"),
        ("23:59:59", "23:59:59"),
        ("24:00:01", None),
        ("9:00", None),
        ("", None),
    ],
)
def test_times_of_day_are_read(text: str, time: str | None) -> None:
    """A time of day has two digits each, and goes up to the end of the day."""
    assert read_time_of_day(text) == time


@pytest.mark.parametrize(
    ("name", "known"), [("Etc/UTC", True), ("", False), ("Asia", False), ("/etc/passwd", False), ("\0", False)]
)
def test_time_zones_are_known(name: str, known: bool) -> None:
    """Only names of the time zone database are time zones."""
    assert is_time_zone(name) is known
