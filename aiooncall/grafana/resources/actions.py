"""What can be done to an alert group, and how to tell from the group that it has been done.

Actions are not idempotent: in the wrong state the server refuses them, and nothing in an answer says what was done. So
in doubt the group is read (https://grafana.com/docs/oncall/latest/oncall-api-reference/alertgroups/).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import attrs

from aiooncall._base.validation import one_of, seconds, whole_units
from aiooncall.client.reconcile import CLOCK_TOLERANCE
from aiooncall.codec import dumps
from aiooncall.errors import Conflict
from aiooncall.grafana.endpoints import endpoint
from aiooncall.grafana.models.alert_group import AlertGroupState, DeleteMode
from aiooncall.transport.endpoint import Idempotency

if TYPE_CHECKING:
    from aiooncall._base.validation import Seconds
    from aiooncall.errors import ApiError
    from aiooncall.grafana.models.alert_group import AlertGroup
    from aiooncall.transport.endpoint import Endpoint

GROUP: Final = "/api/v1/alert_groups/{alert_group_id}/"
FOREVER: Final = -1
"""The delay of a silence without an end."""


def _declared(verb: Verb) -> Endpoint:
    return endpoint("POST", f"{GROUP}{verb.name}/", Idempotency.NON_IDEMPOTENT, has_result=False, read_back=True)


@attrs.frozen(eq=False)
class Verb:
    """An action.

    Attributes:
        name: what it is called on the wire.
        wanted: the states that a group can be in afterwards.
        since: the field with the time when it was done last, where the state alone does not tell enough.
    """

    name: str
    wanted: frozenset[str]
    since: str = ""
    endpoint: Endpoint = attrs.field(init=False, default=attrs.Factory(_declared, takes_self=True))

    def is_done(self, group: AlertGroup, started: float) -> bool:
        """Return whether a group is as this action leaves it.

        Args:
            group: the group as it is now.
            started: when the action was begun, in seconds since the epoch.
        """
        if group.state not in self.wanted:
            return False
        at = getattr(group, self.since) if self.since else None
        earliest = datetime.fromtimestamp(started, UTC) - timedelta(seconds=CLOCK_TOLERANCE)
        return not self.since or (isinstance(at, datetime) and at >= earliest)


_NEW, _ACKED, _RESOLVED, _SILENCED = AlertGroupState

ACKNOWLEDGE: Final = Verb("acknowledge", frozenset({_ACKED}))
UNACKNOWLEDGE: Final = Verb("unacknowledge", frozenset({_NEW, _SILENCED}))
RESOLVE: Final = Verb("resolve", frozenset({_RESOLVED}))
UNRESOLVE: Final = Verb("unresolve", frozenset({_NEW, _ACKED, _SILENCED}))
SILENCE: Final = Verb("silence", frozenset({_SILENCED}), since="silenced_at")
UNSILENCE: Final = Verb("unsilence", frozenset({_NEW}))

BY_NAME: Final = {verb.name: verb for verb in (ACKNOWLEDGE, UNACKNOWLEDGE, RESOLVE, UNRESOLVE, SILENCE, UNSILENCE)}


def wrong_state(refused: ApiError, group: AlertGroup) -> Conflict:
    """Return the error for an action that the group's state does not allow."""
    return Conflict(
        status=refused.status,
        errors=(*refused.errors, f"the alert group is {group.state}"),
        method=refused.method,
        route=refused.route,
        request_id=refused.request_id,
        attempts=refused.attempts,
        rate_limit=refused.rate_limit,
    )


def delay_body(duration: Seconds | None) -> bytes:
    """Return the body that silences a group for some time, or for ever without a duration."""
    if duration is None:
        return dumps({"delay": FOREVER})
    length = seconds("duration", duration)
    whole_units("duration", length, 1, least=1)
    return dumps({"delay": int(length)})


def mode_body(mode: DeleteMode | str) -> bytes:
    """Return the body that says how to delete a group."""
    return dumps({"mode": one_of("mode", mode, DeleteMode)})
