"""Alert groups: list, get, delete, and what can be done to them, one or many.

https://grafana.com/docs/oncall/latest/oncall-api-reference/alertgroups/
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from aiooncall._base.unset import UNSET
from aiooncall.client.doubt import looking_into
from aiooncall.client.reconcile import reconciled
from aiooncall.errors import AmbiguousOutcome, BadRequest, OnCallError, OptionsError
from aiooncall.fanout import DEFAULT_CONCURRENCY, many
from aiooncall.grafana.endpoints import crud
from aiooncall.grafana.models.alert_group import AlertGroup, DeleteMode
from aiooncall.grafana.resources import actions
from aiooncall.grafana.resources.base import LARGEST_PAGE, Readable, pairs
from aiooncall.grafana.resources.filters import given, label_pairs, state_filter, time_range
from aiooncall.limits.lane import Lane
from aiooncall.transport.watch import note_reconciled, watched

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping
    from datetime import datetime

    from aiooncall._base.unset import Omittable
    from aiooncall._base.validation import Seconds
    from aiooncall.fanout import FanOut
    from aiooncall.grafana.models.alert_group import AlertGroupState
    from aiooncall.grafana.resources.actions import Verb
    from aiooncall.transport.watch import CallWatch

    Targets = Iterable[str] | AsyncIterable[str] | Iterable[AlertGroup] | AsyncIterable[AlertGroup]

GROUPS = crud("/api/v1/alert_groups/", "alert_group_id")


class AlertGroups(Readable[AlertGroup]):
    """The alert groups of one Grafana OnCall."""

    _kind = AlertGroup
    _endpoints = GROUPS

    def list(
        self,
        *,
        state: AlertGroupState | str | None = None,
        team_id: Omittable[str] = UNSET,
        integration_id: str | None = None,
        route_id: str | None = None,
        started_at: tuple[datetime, datetime] | None = None,
        labels: Mapping[str, str] | None = None,
        alert_group_id: str | None = None,
        page_size: int = LARGEST_PAGE,
    ) -> AsyncIterator[AlertGroup]:
        """Yield alert groups as they are read, the newest first.

        Groups that change while they are listed move: acting on them meanwhile makes the list skip some. The `*_many`
        methods read an async iterable to its end before they begin.

        Args:
            state: the state that they are in.
            team_id: only those of a team; None for those without a team.
            integration_id: only those of an integration.
            route_id: only those of a route.
            started_at: two aware datetimes that they began between, in whole seconds.
            labels: keys and values that all of them have.
            alert_group_id: only that one.
            page_size: rows in one request, at most 100.
        """
        filters = pairs(
            id=given("alert_group_id", alert_group_id),
            route_id=given("route_id", route_id),
            integration_id=given("integration_id", integration_id),
            team_id=None if team_id is UNSET else given("team_id", team_id) or "null",
            state=state_filter(state),
            started_at=time_range(started_at),
        )
        return self._rows((*filters, *label_pairs(labels or {})), page_size=page_size)

    async def acknowledge(self, alert_group_id: str) -> None:
        """Acknowledge a group; one that is acknowledged already is fine.

        Raises:
            Conflict: the group is resolved.
            AmbiguousOutcome: it was sent, and the group does not show it.
        """
        await self._act(actions.ACKNOWLEDGE, alert_group_id)

    async def unacknowledge(self, alert_group_id: str) -> None:
        """Take an acknowledgement back; a group that is not acknowledged is fine.

        Raises:
            Conflict: the group is resolved.
            AmbiguousOutcome: it was sent, and the group does not show it.
        """
        await self._act(actions.UNACKNOWLEDGE, alert_group_id)

    async def resolve(self, alert_group_id: str) -> None:
        """Resolve a group; one that is resolved already is fine.

        Raises:
            AmbiguousOutcome: it was sent, and the group does not show it.
        """
        await self._act(actions.RESOLVE, alert_group_id)

    async def unresolve(self, alert_group_id: str) -> None:
        """Open a resolved group again, which clears acknowledgement and silence too; an open one is fine.

        Raises:
            AmbiguousOutcome: it was sent, and the group does not show it.
        """
        await self._act(actions.UNRESOLVE, alert_group_id)

    async def silence(self, alert_group_id: str, duration: Seconds | None) -> None:
        """Silence a group; one that is silenced already is silenced anew.

        Args:
            alert_group_id: the group.
            duration: how long, in whole seconds or as a timedelta; None for ever.

        Raises:
            Conflict: the group is acknowledged or resolved.
            AmbiguousOutcome: it was sent, and the group does not show it.
        """
        await self._act(actions.SILENCE, alert_group_id, body=actions.delay_body(duration))

    async def unsilence(self, alert_group_id: str) -> None:
        """End the silence of a group; a firing one is fine.

        Raises:
            Conflict: the group is acknowledged or resolved.
            AmbiguousOutcome: it was sent, and the group does not show it.
        """
        await self._act(actions.UNSILENCE, alert_group_id)

    async def delete(self, alert_group_id: str, /, *, mode: DeleteMode | str = DeleteMode.WIPE) -> None:
        """Delete a group or what it says. The server accepts it now and does it a moment later.

        Args:
            alert_group_id: the group.
            mode: WIPE clears its content and resolves it, DELETE removes all of it.

        Raises:
            NotFound: there is no such group.
        """
        await self._delete(alert_group_id, mode=actions.mode_body(mode))

    def acknowledge_many(self, ids: Targets, *, concurrency: int = DEFAULT_CONCURRENCY) -> FanOut:
        """Acknowledge any number of groups: await the job for its report, or iterate over it.

        Like all jobs here it tries the first id alone: credentials that may not act end it with `Forbidden` or
        `Unauthorized`. An async iterable is read to its end before anything is done.

        Args:
            ids: an iterable or async iterable of ids, or of alert groups as `list` yields them.
            concurrency: how many requests at once.
        """
        return self._many(actions.ACKNOWLEDGE, ids, concurrency)

    def unacknowledge_many(self, ids: Targets, *, concurrency: int = DEFAULT_CONCURRENCY) -> FanOut:
        """Take back the acknowledgement of any number of groups, as `acknowledge_many` does it."""
        return self._many(actions.UNACKNOWLEDGE, ids, concurrency)

    def resolve_many(self, ids: Targets, *, concurrency: int = DEFAULT_CONCURRENCY) -> FanOut:
        """Resolve any number of groups, as `acknowledge_many` does it."""
        return self._many(actions.RESOLVE, ids, concurrency)

    def unresolve_many(self, ids: Targets, *, concurrency: int = DEFAULT_CONCURRENCY) -> FanOut:
        """Open any number of resolved groups again, as `acknowledge_many` does it."""
        return self._many(actions.UNRESOLVE, ids, concurrency)

    def silence_many(self, ids: Targets, duration: Seconds | None, *, concurrency: int = DEFAULT_CONCURRENCY) -> FanOut:
        """Silence any number of groups for as long as `silence` takes it, as `acknowledge_many` does it."""
        return self._many(actions.SILENCE, ids, concurrency, body=actions.delay_body(duration))

    def unsilence_many(self, ids: Targets, *, concurrency: int = DEFAULT_CONCURRENCY) -> FanOut:
        """End the silence of any number of groups, as `acknowledge_many` does it."""
        return self._many(actions.UNSILENCE, ids, concurrency)

    def delete_many(
        self, ids: Targets, *, mode: DeleteMode | str = DeleteMode.WIPE, concurrency: int = DEFAULT_CONCURRENCY
    ) -> FanOut:
        """Delete any number of groups, or what they say, as `acknowledge_many` does it."""
        action = partial(self._delete, mode=actions.mode_body(mode), lane=Lane.BULK)
        return many(ids, action, AlertGroup, concurrency=concurrency, repeatable=True)

    async def act(self, verb: str, alert_group_id: str, *, duration: Seconds | None = None) -> bool:
        """Carry out an action in the background, by its name, and return whether that changed anything.

        Args:
            verb: such as `acknowledge`.
            alert_group_id: the group.
            duration: for `silence`, as that takes it.

        Raises:
            Conflict: the group is in a state that does not allow it.
            AmbiguousOutcome: it was sent, and the group does not show it.
        """
        action = actions.BY_NAME.get(verb) if isinstance(verb, str) else None
        if action is None:
            raise OptionsError("verb", verb, f"one of {', '.join(actions.BY_NAME)}")
        body = actions.delay_body(duration) if action is actions.SILENCE else None
        return await self._act(action, alert_group_id, body=body, lane=Lane.BULK)

    async def _act(
        self, verb: Verb, alert_group_id: str, *, body: bytes | None = None, lane: Lane = Lane.INTERACTIVE
    ) -> bool:
        """Carry out an action once; if that is refused or in doubt, read the group to see whether it was done.

        Returns whether the group was not so already.
        """
        watch = self._core.watch(verb.endpoint, alert_group_id, lane=lane)
        with self._core.one_deadline(lane):
            return await watched(watch, self._act_and_look(verb, alert_group_id, body, lane, watch))

    async def _act_and_look(
        self, verb: Verb, alert_group_id: str, body: bytes | None, lane: Lane, watch: CallWatch | None
    ) -> bool:
        started = self._core.options.clock.time()
        try:
            await self._core.call(verb.endpoint, alert_group_id, body=body, lane=lane, watch=watch)
        except BadRequest as refused:
            group = await self._call(GROUPS.get, alert_group_id, lane=lane)
            if not verb.is_done(group, started):
                raise actions.wrong_state(refused, group) from refused
            return False
        except AmbiguousOutcome as doubt:
            with looking_into(doubt, self._core, watch):
                if not await reconciled(partial(self._shows, verb, alert_group_id, started, lane), self._core.options):
                    raise doubt from doubt.__cause__
            note_reconciled(watch)
        return True

    async def _shows(self, verb: Verb, alert_group_id: str, started: float, lane: Lane) -> bool:
        try:
            return verb.is_done(await self._call(GROUPS.get, alert_group_id, lane=lane), started)
        except OnCallError:  # a look that fails proves nothing
            return False

    async def _delete(self, alert_group_id: str, *, mode: bytes, lane: Lane = Lane.INTERACTIVE) -> None:
        await self._core.delete(GROUPS.delete, alert_group_id, body=mode, lane=lane)

    def _many(self, verb: Verb, ids: Targets, concurrency: int, *, body: bytes | None = None) -> FanOut:
        action = partial(self._act, verb, body=body, lane=Lane.BULK)
        return many(ids, action, AlertGroup, concurrency=concurrency, repeatable=True)
