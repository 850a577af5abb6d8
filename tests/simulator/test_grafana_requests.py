"""Whatever a client sends, the fake Grafana OnCall answers it or says what is wrong; it never fails by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiooncall.simulator import GrafanaOptions, Ledger
from aiooncall.simulator.grafana.app import Grafana
from aiooncall.simulator.http.routing import Call, Moment

if TYPE_CHECKING:
    from collections.abc import Iterator

API = "/api/v1"
ODD = st.sampled_from(["null", "", "2027-01-18T09:00:00", "2027-01-18T09:00:00Z", "9" * 30, "-1", "ANN", "weekly"])
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=5)
    | ODD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
PARAMETERS = (
    "page", "perpage", "team_id", "state", "started_at", "label", "roles", "short", "important", "user_id", "search",
    "starting_after", "open_only", "expand_users", "start_date", "end_date", "token", "schedule_id", "name", "id",
)  # fmt: skip


class World:
    """A fake Grafana OnCall without a network."""

    def __init__(self, *, drift: bool = False) -> None:
        options = GrafanaOptions(paging="both", drift=drift, delete_delay=0.0)
        self.now = Moment(0.0, 1.8e9)
        self.grafana = Grafana(options, Ledger(), lambda: "http://here", lambda: self.now)
        self.caller = self.grafana.user_id("admin")
        self.user = self.grafana.add_user("ann")
        self.group = self.grafana.add_alert_group("Down")
        self.chain = self.made("escalation_chains", name="c")
        self.integration = self.made("integrations", type="webhook", templates={"web": {"title": "x"}})
        shift = {"name": "s", "type": "rolling_users", "start": "2027-01-15T09:00:00", "duration": 3600}
        recurrence = {"frequency": "weekly", "week_start": "MO", "interval": 2, "by_day": ["MO"], "until": None}
        turns = {"rolling_users": [[self.user]], "start_rotation_from_user_index": 0}
        self.shift = self.made("on_call_shifts", **shift, **recurrence, **turns)
        self.schedule = self.made("schedules", type="web", name="s", time_zone="UTC", shifts=[self.shift])

    def send(self, method: str, path: str, body: Any = None, query: dict[str, str] | None = None) -> tuple[int, bytes]:
        """Send a request past the network, and return status and body."""
        sent = b"" if body is None else orjson.dumps(body)
        full = f"{API}/{path}"
        call = Call(method, full, full.split("/"), query or {}, sent, self.now, caller=self.caller)
        answer = self.grafana.router.answer(call)
        return answer.status, answer.body

    def made(self, kind: str, **body: Any) -> str:
        """Create an object and return its id."""
        status, answer = self.send("POST", f"{kind}/", body)
        assert status == 201, answer
        return str(orjson.loads(answer)["id"])

    def good(self) -> list[tuple[str, Any]]:
        """Return requests that create something, or change something, and work."""
        hook = {"name": "h", "url": "https://x/", "http_method": "GET", "trigger_type": "resolve", "password": "p"}
        swap = {"schedule": self.schedule, "beneficiary": self.user, "description": "x"}
        times = {"swap_start": "2027-01-16T08:00:00Z", "swap_end": "2027-01-17T08:00:00Z"}
        step = {"escalation_chain_id": self.chain, "type": "notify_persons", "persons_to_notify": [self.user]}
        route = {"integration_id": self.integration, "escalation_chain_id": self.chain, "routing_regex": "x"}
        page = {"users": [{"id": self.user, "important": True}], "team": None, "title": "x", "source_url": "https://x"}
        return [
            ("escalation_chains/", {"name": "n", "team_id": None}),
            ("escalation_policies/", {**step, "position": 0, "duration": 60, "notify_if_time_from": "09:00:00Z"}),
            ("personal_notification_rules/", {"user_id": self.user, "type": "wait", "duration": 60, "position": 0}),
            ("resolution_notes/", {"alert_group_id": self.group, "text": "x"}),
            ("integrations/", {"type": "webhook", "templates": {"slack": {"title": "x"}}, "default_route": {}}),
            ("routes/", {**route, "slack": {"enabled": True}, "telegram": {"id": None}, "position": 0}),
            ("shift_swaps/", {**swap, **times}),
            ("webhooks/", {**hook, "integration_filter": [self.integration]}),
            ("actions/", hook),
            ("escalation/", page),
            ("direct_paging/", {"alert_group_id": self.group, "users": page["users"]}),
            (f"alert_groups/{self.group}/silence/", {"delay": 60}),
            (f"integrations/{self.integration}/maintenance_start/", {"mode": "debug", "duration": 60}),
            ("make_call/", {"email": "ann@example.com", "message": "x"}),
        ]


def replaced(body: Any, value: Any) -> Iterator[Any]:
    """Yield a body with each of its values in turn replaced, however deep."""
    yield value
    if isinstance(body, dict):
        for name, inner in body.items():
            yield from ({**body, name: other} for other in replaced(inner, value))
            yield {other: one for other, one in body.items() if other != name}
    if isinstance(body, list):
        for at, inner in enumerate(body):
            yield from ([*body[:at], other, *body[at + 1 :]] for other in replaced(inner, value))


@pytest.mark.parametrize("drift", [False, True])
@given(value=JSON)
def test_any_value_is_read_or_refused(drift: bool, value: Any) -> None:
    """A request with anything in place of one of its values works or is a 4xx in JSON."""
    world = World(drift=drift)
    for path, body in world.good():
        for other in replaced(body, value):
            status, answer = world.send("POST", path, other)
            assert status in {200, 201, 400, 404}, (path, other)
            assert not answer or orjson.loads(answer) is not None


@given(value=JSON)
def test_any_shift_is_computed(value: Any) -> None:
    """A shift and a schedule with anything in place of one of their values are refused or can be computed."""
    world = World()
    stored = world.grafana.stored("on_call_shifts", world.shift)
    schedule = {"type": "calendar", "name": "c", "time_zone": "UTC", "shifts": [world.shift], "slack": {}}
    for body in replaced(schedule, value):
        assert world.send("POST", "schedules/", body)[0] in {201, 400}, body
    for body in replaced(stored, value):
        status, _ = world.send("PATCH", f"on_call_shifts/{world.shift}/", body)
        assert status in {200, 400}, body
        query = {"start_date": "2027-01-15", "end_date": "2027-03-15"}
        assert world.send("GET", f"schedules/{world.schedule}/final_shifts/", query=query)[0] == 200, body
        assert world.send("GET", "schedules/")[0] == 200, body


@given(query=st.dictionaries(st.sampled_from(PARAMETERS), st.text(max_size=8) | ODD, max_size=3))
def test_any_query_is_answered(query: dict[str, str]) -> None:
    """Whatever a list is asked with, it answers or refuses; but one that knows teams breaks down on "null"."""
    world = World()
    allowed = {200, 400, 500} if query.get("team_id") == "null" else {200, 400}
    paths = [
        path for path, _ in world.good() if path.count("/") == 1 and not path.startswith(("esca", "direct", "make"))
    ]
    for path in (*paths, "alert_groups/", "alerts/", "users/", "schedules/", "on_call_shifts/"):
        status, _ = world.send("GET", path, query=query)
        assert status in allowed, (path, query)
    for path in ("final_shifts/", "export/"):
        assert world.send("GET", f"schedules/{world.schedule}/{path}", query=query)[0] in {200, 400, 403}
