"""The providers of bulk jobs: the requests that a job needs, once for Datadog and once for Grafana."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, Protocol

from aiooncall.bulk.models import Verb
from aiooncall.bulk.selection import item_of
from aiooncall.client.base import core_of
from aiooncall.datadog.client import DatadogOnCall
from aiooncall.datadog.models.page import PageStatus
from aiooncall.datadog.resources.pages import ACKNOWLEDGE, ESCALATE, RESOLVE
from aiooncall.errors import OptionsError
from aiooncall.grafana.client import GrafanaOnCall
from aiooncall.grafana.resources import actions
from aiooncall.limits.lane import Lane

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from datetime import datetime

    from aiooncall.bulk.models import Item
    from aiooncall.client.core import ApiCore

_DATADOG: Final = {
    verb.name: verb
    for verb in (
        Verb(name="acknowledge", wanted=frozenset({PageStatus.ACKNOWLEDGED, PageStatus.RESOLVED})),
        Verb(name="resolve", wanted=frozenset({PageStatus.RESOLVED})),
        Verb(name="escalate", repeatable=False),
    )
}
_ENDPOINTS: Final = {"acknowledge": ACKNOWLEDGE, "resolve": RESOLVE, "escalate": ESCALATE}
_PAIRS: Final = {"acknowledge": "unacknowledge", "resolve": "unresolve", "silence": "unsilence"}
_UNDO: Final = _PAIRS | {undoing: verb for verb, undoing in _PAIRS.items()}
_GRAFANA: Final = {
    name: Verb(name=name, wanted=frozenset(map(str, verb.wanted)), undo=_UNDO.get(name), timed=name == "silence")
    for name, verb in actions.BY_NAME.items()
}


class Provider(Protocol):
    """A provider, and the client that a job uses for it."""

    name: ClassVar[str]
    verbs: ClassVar[Mapping[str, Verb]]
    rows_in_request: ClassVar[int]
    """The number of items that one request of `list_created` reads."""

    @property
    def core(self) -> ApiCore:
        """The part of the client that makes the calls."""
        ...

    async def act(self, verb: Verb, item_id: str, duration: float | None) -> bool:
        """Do the verb to one item, and return False if the server says that nothing had to be changed."""
        ...

    async def get(self, item_id: str) -> Item:
        """Read one item."""
        ...

    def list_created(self, since: datetime, until: datetime) -> AsyncIterator[Item]:
        """Read the items that were created between two times."""
        ...


class DatadogProvider:
    """The pages of Datadog On-Call."""

    name: ClassVar[str] = "datadog"
    verbs: ClassVar[Mapping[str, Verb]] = _DATADOG
    rows_in_request: ClassVar[int] = 1000

    def __init__(self, client: DatadogOnCall) -> None:
        self.client = client
        self.core = core_of(client)

    async def act(self, verb: Verb, item_id: str, duration: float | None) -> bool:
        """Do the verb to one page, and return True, as Datadog does not say whether anything had to be changed."""
        del duration
        await self.core.call(_ENDPOINTS[verb.name], item_id, lane=Lane.BULK)
        return True

    async def get(self, item_id: str) -> Item:
        """Read one page."""
        return item_of(await self.client.pages.get(item_id))

    async def list_created(self, since: datetime, until: datetime) -> AsyncIterator[Item]:
        """Read the pages that were created between two times, newest first."""
        async for page in self.client.pages.list(since=since, page_size=self.rows_in_request):
            if page.created_at <= until:
                yield item_of(page)


class GrafanaProvider:
    """The alert groups of Grafana OnCall."""

    name: ClassVar[str] = "grafana"
    verbs: ClassVar[Mapping[str, Verb]] = _GRAFANA
    rows_in_request: ClassVar[int] = 100

    def __init__(self, client: GrafanaOnCall) -> None:
        self.client = client
        self.core = core_of(client)

    async def act(self, verb: Verb, item_id: str, duration: float | None) -> bool:
        """Do the verb to one alert group, and return False if it already had the wanted state."""
        return await self.client.alert_groups.act(verb.name, item_id, duration=duration)

    async def get(self, item_id: str) -> Item:
        """Read one alert group."""
        return item_of(await self.client.alert_groups.get(item_id))

    async def list_created(self, since: datetime, until: datetime) -> AsyncIterator[Item]:
        """Read the alert groups that began between two times, newest first."""
        async for group in self.client.alert_groups.list(started_at=(since, until)):
            yield item_of(group)


def provider_of(client: object) -> Provider:
    """Return the provider of a client."""
    if isinstance(client, DatadogOnCall):
        return DatadogProvider(client)
    if isinstance(client, GrafanaOnCall):
        return GrafanaProvider(client)
    raise OptionsError("client", client, "a DatadogOnCall or GrafanaOnCall")


VERBS: Final = {provider.name: provider.verbs for provider in (DatadogProvider, GrafanaProvider)}
"""The verbs of each provider, by its name."""
