"""User groups and channels of Slack, which can only be listed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from aiooncall.simulator.grafana.pagination import page_of
from aiooncall.simulator.grafana.router import ROOT
from aiooncall.simulator.http.json_values import without

if TYPE_CHECKING:
    from aiooncall.simulator.grafana.world import World
    from aiooncall.simulator.http.json_values import Json
    from aiooncall.simulator.http.routing import Answer, Call, Router


@attrs.frozen
class ChatopsRoutes:
    """The routes of both lists."""

    world: World

    def register(self, router: Router) -> None:
        """Add the routes to a router."""
        router.add("GET", f"{ROOT}/user_groups/", self._user_groups)
        router.add("GET", f"{ROOT}/slack_channels/", self._channels)

    def _user_groups(self, call: Call) -> Answer:
        handle = call.query.get("slack_handle")
        rows = [group for group in self.world["user_groups"] if handle in {None, group["slack"]["handle"]}]
        return self._page(call, rows)

    def _channels(self, call: Call) -> Answer:
        name = call.query.get("channel_name")
        rows = [without(channel, "id") for channel in self.world["slack_channels"] if name in {None, channel["name"]}]
        return self._page(call, rows)

    def _page(self, call: Call, rows: list[Json]) -> Answer:
        return self.world.json.send(200, page_of(call, rows, dict, self.world.base_url))
