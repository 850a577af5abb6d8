"""Alerts: page a team, and end its page, by a key that the server knows.

Both are events (https://docs.datadoghq.com/api/latest/events/#post-an-event) that mention the team, which is what pages
it; while a page of the key is triggered, no second one is made
(https://docs.datadoghq.com/incident_response/on-call/integrations/).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aiooncall.codec import dumps
from aiooncall.datadog.writing.alert import alert_attributes, with_details
from aiooncall.transport.endpoint import About, Endpoint, Idempotency

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiooncall.client.core import ApiCore
    from aiooncall.datadog.models.alert import AlertLink

_EVENTS = "/api/v2/events"
TRIGGER: Final = Endpoint("POST", _EVENTS, Idempotency.WITHIN_CALL, has_result=False, host="events")
RECOVER: Final = Endpoint("POST", _EVENTS, Idempotency.IDEMPOTENT, has_result=False, host="events")
_LOOK: Final = (
    "look for its page among the team's newest ones before you trigger it again: "
    "only while that is triggered is no second one made"
)


class Alerts:
    """What pages a team of one Datadog account by a key."""

    def __init__(self, core: ApiCore) -> None:
        self._core = core

    async def trigger(
        self,
        title: str,
        *,
        team: str,
        key: str,
        message: str | None = None,
        priority: int | None = None,
        tags: Iterable[str] = (),
        links: Iterable[AlertLink] = (),
    ) -> None:
        """Page a team, unless a page of the key is triggered: then Datadog makes no second one.

        So it is sent again when its answer was lost, until the attempts or the deadline are used up. After that it is
        in doubt: once somebody has acknowledged the page, sending it again may page a second time (what Datadog does
        then is not documented). The answer has no id of a page, and does not tell whether there was one.

        Args:
            title: the headline, of at most 500 characters.
            team: the handle of the team. The answer does not tell whether there is such a team.
            key: what the page is known by, in 1 to 100 characters. Whether two teams can use the same one is not
                documented: name the service in it.
            message: context shown with the page. What it mentions with an `@` is told as well.
            priority: from 1, the highest, to 5.
            tags: at most 100 tags such as `service:checkout`.
            links: at most 20 links to runbooks and dashboards.

        Raises:
            OptionsError: an argument is wrong, or the client has no `events_url`; nothing was sent.
            AmbiguousOutcome: it was sent, and whether the team was paged is unknown.
        """
        event = with_details(alert_attributes("error", key, title, team, message), priority, tags, links)
        about = About({"key": key, "title": title, "team": team}, _LOOK)
        await self._core.call(TRIGGER, body=_body(event), about=about)

    async def recover(self, key: str, *, team: str, title: str | None = None, message: str | None = None) -> None:
        """End the page of a key, if there is one. It pages nobody, so it can always be done again.

        Args:
            key: as it was triggered.
            team: the handle of the team, as it was triggered.
            title: the headline of the recovery; it names the key unless given.
            message: context of the recovery.

        Raises:
            OptionsError: an argument is wrong, or the client has no `events_url`; nothing was sent.
        """
        told = f"Recovered: {key}" if title is None else title
        await self._core.call(RECOVER, body=_body(alert_attributes("ok", key, told, team, message)))


def _body(event: dict[str, Any]) -> bytes:
    return dumps({"data": {"type": "event", "attributes": event}})
