"""Names of those whom the steps of an escalation chain tell: the steps have only their ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiooncall.client.composite import Bounds
from aiooncall.client.gather import read_all
from aiooncall.errors import Forbidden, NotFound
from aiooncall.grafana.models.escalation import Told, told_by
from aiooncall.grafana.resources.chatops import UserGroups
from aiooncall.grafana.resources.people import Teams, Users
from aiooncall.grafana.resources.schedules import Schedules
from aiooncall.grafana.resources.webhooks import Webhooks

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from aiooncall.client.core import ApiCore
    from aiooncall.grafana.models.escalation import EscalationChain, EscalationPolicy


async def names_of(core: ApiCore, chain: EscalationChain, steps: Iterable[EscalationPolicy]) -> dict[str, str]:
    """Return the names of a chain's team and of those whom its steps tell, by id.

    What is gone, or may not be read, keeps its id.
    """
    wanted = {one for step in steps for one in told_by(step)}
    if chain.team_id:
        wanted.add((Told.TEAM, chain.team_id))
    groups = {name for kind, name in wanted if kind is Told.USER_GROUP}
    others = sorted((kind, name) for kind, name in wanted if kind is not Told.USER_GROUP)
    Bounds("escalation chain").go_deeper(len(others))
    names = await read_all(others, _reader(core))
    return {name: called for (_, name), called in names.items()} | (await _groups(core) if groups else {})


def _reader(core: ApiCore) -> Callable[[tuple[Told, str]], Awaitable[str]]:
    get: dict[Told, tuple[Callable[[str], Awaitable[Any]], str]] = {
        Told.USER: (Users(core).get, "username"),
        Told.TEAM: (Teams(core).get, "name"),
        Told.SCHEDULE: (Schedules(core).get, "name"),
        Told.WEBHOOK: (Webhooks(core).get, "name"),
    }

    async def read(one: tuple[Told, str]) -> str:
        kind, name = one
        read_one, field = get[kind]
        try:
            return getattr(await read_one(name), field) or name
        except (Forbidden, NotFound):
            return name

    return read


async def _groups(core: ApiCore) -> dict[str, str]:
    """Return the names of all user groups: they cannot be read one by one."""
    try:
        found = [group async for group in UserGroups(core).list() if group.slack]
    except (Forbidden, NotFound):
        return {}
    return {group.id: group.slack.name or group.slack.handle or group.id for group in found if group.slack}
