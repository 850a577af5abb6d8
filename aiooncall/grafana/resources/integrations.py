"""Integrations (https://grafana.com/docs/oncall/latest/oncall-api-reference/integrations/)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from aiooncall._base.validation import at_most, needs, one_of, seconds, whole_units
from aiooncall.client.composite import composite
from aiooncall.client.reconcile import or_done_before
from aiooncall.grafana.endpoints import crud, endpoint
from aiooncall.grafana.models.integration import Integration, MaintenanceMode
from aiooncall.grafana.resources.base import TeamCollection
from aiooncall.transport.endpoint import Idempotency

if TYPE_CHECKING:
    from aiooncall._base.validation import Seconds

INTEGRATIONS = crud("/api/v1/integrations/", "integration_id")
_ONE: Final = INTEGRATIONS.get.template
START: Final = endpoint("POST", f"{_ONE}maintenance_start/", Idempotency.IDEMPOTENT)
STOP: Final = endpoint("POST", f"{_ONE}maintenance_stop/", Idempotency.IDEMPOTENT)
LONGEST_NAME: Final = 150
LONGEST_DESCRIPTION: Final = 250
"""Characters: grafana/oncall, engine/apps/alerts/models/alert_receive_channel.py."""


class Integrations(TeamCollection[Integration]):
    """The integrations of one Grafana OnCall."""

    _kind = Integration
    _endpoints = INTEGRATIONS
    _fixed = frozenset({"type"})

    @composite
    async def start_maintenance(
        self, integration_id: str, *, mode: MaintenanceMode | str, duration: Seconds
    ) -> Integration:
        """Put an integration in maintenance for some time.

        Args:
            integration_id: the integration.
            mode: MAINTENANCE gathers all alerts in one group; DEBUG lets them escalate to nobody.
            duration: how long, in whole seconds or as a timedelta.

        Raises:
            BadRequest: it is in maintenance already.
        """
        asked = one_of("mode", mode, MaintenanceMode)
        length = seconds("duration", duration)
        whole_units("duration", length, 1, least=1)
        return await or_done_before(
            self._call(START, integration_id, body={"mode": asked, "duration": int(length)}),
            partial(self.get, integration_id),
            lambda found: found.maintenance_mode == mode,
        )

    async def stop_maintenance(self, integration_id: str) -> Integration:
        """End the maintenance of an integration."""
        return await self._call(STOP, integration_id)

    def _check(self, resource: Integration, *, new: bool) -> None:
        if new:
            needs(resource, "type")
        at_most("name", resource.name, LONGEST_NAME)
        at_most("description_short", resource.description_short, LONGEST_DESCRIPTION)
