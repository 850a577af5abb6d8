"""The operations of Datadog's APIs for On-Call, by the method of the client that stands for each."""

from __future__ import annotations

from typing import Final

_ON_CALL = "/api/v2/on-call"
_OVERRIDES = f"{_ON_CALL}/schedules/{{schedule_id}}/overrides"
_USER = f"{_ON_CALL}/users/{{user_id}}"
_PAGERDUTY = "/api/v1/integration/pagerduty/configuration/services"
API: Final = {
    "pages.create": f"POST {_ON_CALL}/pages",
    "pages.list": f"GET {_ON_CALL}/pages",
    "pages.get": f"GET {_ON_CALL}/pages/{{page_id}}",
    "pages.acknowledge": f"POST {_ON_CALL}/pages/{{page_id}}/acknowledge",
    "pages.escalate": f"POST {_ON_CALL}/pages/{{page_id}}/escalate",
    "pages.resolve": f"POST {_ON_CALL}/pages/{{page_id}}/resolve",
    "pages.reroute": f"POST {_ON_CALL}/pages/{{page_id}}/reroute",
    "alerts.trigger": "POST /api/v2/events",
    "alerts.recover": "POST /api/v2/events",
    "escalation_policies.create": f"POST {_ON_CALL}/escalation-policies",
    "escalation_policies.list": f"GET {_ON_CALL}/escalation-policies",
    "escalation_policies.get": f"GET {_ON_CALL}/escalation-policies/{{policy_id}}",
    "escalation_policies.update": f"PUT {_ON_CALL}/escalation-policies/{{policy_id}}",
    "escalation_policies.delete": f"DELETE {_ON_CALL}/escalation-policies/{{policy_id}}",
    "schedules.create": f"POST {_ON_CALL}/schedules",
    "schedules.list": f"GET {_ON_CALL}/schedules",
    "schedules.get": f"GET {_ON_CALL}/schedules/{{schedule_id}}",
    "schedules.update": f"PUT {_ON_CALL}/schedules/{{schedule_id}}",
    "schedules.delete": f"DELETE {_ON_CALL}/schedules/{{schedule_id}}",
    "schedules.on_call": f"GET {_ON_CALL}/schedules/{{schedule_id}}/on-call",
    "schedules.responders": f"GET {_ON_CALL}/schedules/{{schedule_id}}/responders",
    "schedules.overrides.create": f"POST {_OVERRIDES}",
    "schedules.overrides.list": f"GET {_OVERRIDES}",
    "schedules.overrides.delete": f"DELETE {_OVERRIDES}/{{override_id}}",
    "routing_rules.get": f"GET {_ON_CALL}/teams/{{team_id}}/routing-rules",
    "routing_rules.set": f"PUT {_ON_CALL}/teams/{{team_id}}/routing-rules",
    "teams.list": "GET /api/v2/team",
    "users.list": "GET /api/v2/users",
    "teams.on_call": f"GET {_ON_CALL}/teams/{{team_id}}/on-call",
    "notification_channels.create": f"POST {_USER}/notification-channels",
    "notification_channels.list": f"GET {_USER}/notification-channels",
    "notification_channels.get": f"GET {_USER}/notification-channels/{{channel_id}}",
    "notification_channels.delete": f"DELETE {_USER}/notification-channels/{{channel_id}}",
    "notification_rules.create": f"POST {_USER}/notification-rules",
    "notification_rules.list": f"GET {_USER}/notification-rules",
    "notification_rules.get": f"GET {_USER}/notification-rules/{{rule_id}}",
    "notification_rules.update": f"PUT {_USER}/notification-rules/{{rule_id}}",
    "notification_rules.delete": f"DELETE {_USER}/notification-rules/{{rule_id}}",
    "pagerduty_services.create": f"POST {_PAGERDUTY}",
    "pagerduty_services.get": f"GET {_PAGERDUTY}/{{service_name}}",
    "pagerduty_services.update": f"PUT {_PAGERDUTY}/{{service_name}}",
    "pagerduty_services.delete": f"DELETE {_PAGERDUTY}/{{service_name}}",
}
"""The 40 operations of On-Call Paging, On-Call and the PagerDuty integration, by the method that stands for each.

Two of them are other products', to find teams and users by.

https://docs.datadoghq.com/api/latest/on-call-paging/ , https://docs.datadoghq.com/api/latest/on-call/ and
https://docs.datadoghq.com/api/latest/pagerduty-integration/ ; and the one that takes events, by two methods
(https://docs.datadoghq.com/api/latest/events/#post-an-event).
"""
