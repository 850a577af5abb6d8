"""Datadog's own published client configures the simulator, and reads all that it answers."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from datadog_api_client.exceptions import ApiException
from datadog_api_client.v1.api.pager_duty_integration_api import PagerDutyIntegrationApi
from datadog_api_client.v1.model.pager_duty_service import PagerDutyService
from datadog_api_client.v1.model.pager_duty_service_key import PagerDutyServiceKey
from datadog_api_client.v2.api.on_call_api import OnCallApi
from datadog_api_client.v2.model.create_on_call_notification_rule_request import CreateOnCallNotificationRuleRequest
from datadog_api_client.v2.model.create_user_notification_channel_request import CreateUserNotificationChannelRequest
from datadog_api_client.v2.model.escalation_policy_create_request import EscalationPolicyCreateRequest
from datadog_api_client.v2.model.escalation_policy_update_request import EscalationPolicyUpdateRequest
from datadog_api_client.v2.model.schedule_create_request import ScheduleCreateRequest
from datadog_api_client.v2.model.schedule_update_request import ScheduleUpdateRequest
from datadog_api_client.v2.model.team_routing_rules_request import TeamRoutingRulesRequest
from datadog_api_client.v2.model.update_on_call_notification_rule_request import UpdateOnCallNotificationRuleRequest

from tests.support.datadog_http import data_body, policy_body, schedule_body
from tests.support.published_client import published_api_client, published_model, simulator_in_a_thread, unread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiooncall.simulator import Simulator

pytestmark = pytest.mark.slow

HOURS = {
    "time_zone": "Europe/Paris",
    "restrictions": [{"start_day": "monday", "start_time": "09:00:00", "end_day": "friday", "end_time": "17:00:00"}],
}
AT = datetime(2027, 1, 15, 8, tzinfo=UTC)


@contextmanager
def published() -> Iterator[tuple[Simulator, OnCallApi]]:
    """Run a simulator, with the published client for On-Call pointed at it."""
    with simulator_in_a_thread() as sim, published_api_client(sim) as client:
        yield sim, OnCallApi(client)  # type: ignore[no-untyped-call]


def read(answer: Any) -> Any:
    """Return an answer as JSON after checking that the client has understood all of it."""
    assert list(unread(answer)) == []
    return answer.to_dict()


def make_schedule(sim: Simulator, api: OnCallApi) -> str:
    """Create a schedule of two users and an empty slot."""
    body = schedule_body(
        sim.add_user("Ann"), None, sim.add_user("Bob", status="pending"), restrictions=[], end_date=None
    )
    del body["data"]["attributes"]["layers"][0]["end_date"]
    return str(read(api.create_on_call_schedule(published_model(ScheduleCreateRequest, body)))["data"]["id"])


def test_published_client_knows_schedules() -> None:
    """The published client creates, reads, lists, replaces and deletes a schedule."""
    with published() as (sim, api):
        schedule = make_schedule(sim, api)
        stored = sim.stored("schedules", schedule)
        stored["attributes"]["layers"][0]["restrictions"] = HOURS["restrictions"]
        stored["relationships"]["teams"]["data"] = [{"type": "teams", "id": sim.add_team("t")}]
        body = published_model(ScheduleUpdateRequest, {"data": stored})
        changed = read(api.update_on_call_schedule(schedule, body, include="teams,layers.members.user"))
        assert changed == read(api.get_on_call_schedule(schedule, include="teams,layers.members.user"))
        assert sim.stored("schedules", schedule) == stored
        listed = read(api.list_on_call_schedules(filter_query="prim*", include="teams", page_size=1))
        assert [row["id"] for row in listed["data"]] == [schedule]
        assert [row.id for row in api.list_on_call_schedules_with_pagination(page_size=1)] == [schedule]
        api.delete_on_call_schedule(schedule)
        with pytest.raises(ApiException, match="not found"):
            api.get_on_call_schedule(schedule)
    kinds = [str(item["type"]) for item in changed["included"]]
    assert sorted(kinds) == ["layers", "members", "members", "teams", "users", "users"]


def test_published_client_knows_policies() -> None:
    """The published client creates, reads, replaces and deletes a policy with every kind of target."""
    with published() as (sim, api):
        schedule = make_schedule(sim, api)
        targets: list[dict[str, Any]] = [
            {"type": "users", "id": sim.add_user()},
            {"type": "teams", "id": sim.add_team("t")},
            {"type": "schedules", "id": schedule},
            {"type": "schedules", "id": schedule, "config": {"schedule": {"position": "next"}}},
        ]
        body = published_model(EscalationPolicyCreateRequest, policy_body(targets, teams=(targets[1]["id"],)))
        policy = api.create_on_call_escalation_policy(body, include="teams,steps.targets")
        policy_id = str(read(policy)["data"]["id"])
        stored = sim.stored("policies", policy_id)
        stored["attributes"]["retries"] = 2
        stored["attributes"]["steps"].append(
            {"assignment": "round-robin", "escalate_after_seconds": 60, "targets": targets[:1]}
        )
        update = published_model(EscalationPolicyUpdateRequest, {"data": stored})
        changed = read(api.update_on_call_escalation_policy(policy_id, update, include="teams,steps.targets"))
        assert changed == read(api.get_on_call_escalation_policy(policy_id, include="teams,steps.targets"))
        assert changed["data"]["attributes"]["retries"] == 2
        api.delete_on_call_escalation_policy(policy_id)
        with pytest.raises(ApiException, match="not found"):
            api.delete_on_call_escalation_policy(policy_id)
    kinds = {str(item["type"]) for item in changed["included"]}
    assert kinds == {"steps", "users", "teams", "schedules", "schedule_target"}


def test_published_client_knows_routing_rules_and_who_is_on_call() -> None:
    """The published client routes a team to a policy, and sees who is on call for team and schedule."""
    with published() as (sim, api):
        team, schedule = sim.add_team("t"), make_schedule(sim, api)
        body = published_model(
            EscalationPolicyCreateRequest,
            policy_body([{"type": "schedules", "id": schedule}], [{"type": "teams", "id": team}]),
        )
        policy = str(api.create_on_call_escalation_policy(body).data.id)
        rules = [
            {"query": "a", "policy_id": policy, "urgency": "low", "time_restriction": HOURS},
            {"query": "b", "actions": [{"type": "send_slack_message", "channel": "c", "workspace": "w"}]},
            {
                "actions": [{"type": "escalation_policy", "policy_id": policy, "support_hours": HOURS}],
                "urgency": "high",
            },
        ]
        assert read(api.get_on_call_team_routing_rules(team))["data"]["relationships"]["rules"]["data"] == []
        request = published_model(TeamRoutingRulesRequest, data_body("team_routing_rules", {"rules": rules}))
        read(api.set_on_call_team_routing_rules(team, request))
        found = api.get_on_call_team_routing_rules(team)
        assert len(read(found)["data"]["relationships"]["rules"]["data"]) == 3
        with pytest.deprecated_call():
            shift = read(api.get_schedule_on_call_user(schedule, include="user", filter_at_ts=AT.isoformat()))
        assert shift["included"][0]["attributes"]["name"] in {"Ann", "Bob"}
        responders = api.get_schedule_on_call_responders(
            schedule, include="schedule,responders.shifts.user", filter_position="previous,current,next"
        )
        assert len(read(responders)["data"]["relationships"]["responders"]["data"]) == 3
        on_call = read(api.get_team_on_call_users(team, include="responders,escalations.responders"))
        assert on_call["data"]["relationships"]["escalations"]["data"] == []  # as was recorded of such a policy


def test_published_client_knows_notification() -> None:
    """The published client adds channels and rules to a user, changes them and takes them away."""
    with published() as (sim, api):
        user = sim.add_user()
        configs = [
            {"type": "email", "address": "a@example.com", "formats": ["html"]},
            {"type": "phone", "number": "+14155550123"},
        ]
        bodies = [data_body("notification_channels", {"config": config}) for config in configs]
        made = [
            read(
                api.create_user_notification_channel(user, published_model(CreateUserNotificationChannelRequest, body))
            )
            for body in bodies
        ]
        email, phone = [one["data"]["id"] for one in made]
        assert [one["id"] for one in read(api.list_user_notification_channels(user))["data"]] == [email, phone]
        assert read(api.get_user_notification_channel(user, phone))["data"]["attributes"]["config"]["region"] == "us"
        rule = data_body("notification_rules", {"channel_settings": {"type": "phone", "method": "sms"}})
        rule["data"]["relationships"] = {"channel": {"data": {"id": phone, "type": "notification_channels"}}}
        created = api.create_user_notification_rule(user, published_model(CreateOnCallNotificationRuleRequest, rule))
        rule_id = read(created)["data"]["id"]
        rule["data"].update(id=rule_id, attributes={"category": "low_urgency", "delay_minutes": 5})
        update = published_model(UpdateOnCallNotificationRuleRequest, rule)
        changed = read(api.update_user_notification_rule(user, rule_id, update, include="channel"))
        assert changed == read(api.get_user_notification_rule(user, rule_id, include="channel"))
        assert read(api.list_user_notification_rules(user, include="channel"))["included"] == changed["included"]
        with pytest.raises(ApiException, match=rule_id):
            api.delete_user_notification_channel(user, phone)
        api.delete_user_notification_rule(user, rule_id)
        api.delete_user_notification_channel(user, phone)
        assert [one.id for one in api.list_user_notification_channels(user).data] == [email]


def test_published_client_knows_pagerduty_services() -> None:
    """The published client creates, reads, changes and deletes a PagerDuty service."""
    with simulator_in_a_thread() as sim, published_api_client(sim) as client:
        api = PagerDutyIntegrationApi(client)  # type: ignore[no-untyped-call]
        service = PagerDutyService(service_key="k1", service_name="a b")
        assert api.create_pager_duty_integration_service(service).service_name == "a b"
        assert api.get_pager_duty_integration_service("a b").service_name == "a b"
        api.update_pager_duty_integration_service("a b", PagerDutyServiceKey(service_key="k2"))
        assert sim.stored("pagerduty_services", "a b")["service_key"] == "k2"
        api.delete_pager_duty_integration_service("a b")
        with pytest.raises(ApiException, match="404"):
            api.get_pager_duty_integration_service("a b")


def test_ids_are_what_the_published_client_takes_for_ids() -> None:
    """New ids are UUIDs, as the published client demands of some."""
    with published() as (sim, _):
        ids = [sim.add_user(), sim.add_team("t")]
    assert [str(UUID(one)) for one in ids] == ids
