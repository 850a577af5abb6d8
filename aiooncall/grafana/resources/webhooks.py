"""Outgoing webhooks, and actions, which are their old form.

https://grafana.com/docs/oncall/latest/oncall-api-reference/outgoing_webhooks/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

import attrs

from aiooncall._base.redaction import MASK
from aiooncall._base.unset import UNSET
from aiooncall._base.validation import at_most, ids_of, needs
from aiooncall._text import whole
from aiooncall.client.composite import composite
from aiooncall.errors import OptionsError
from aiooncall.grafana.endpoints import crud, endpoint
from aiooncall.grafana.models.webhook import Action, Webhook, WebhookResponse
from aiooncall.grafana.resources.base import LARGEST_PAGE, Service, TeamCollection

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiooncall.client.core import ApiCore
    from aiooncall.transport.endpoint import Endpoint

W = TypeVar("W", bound="Webhook | Action")

WEBHOOKS = crud("/api/v1/webhooks/", "webhook_id")
ACTIONS = crud("/api/v1/actions/", "action_id")
RESPONSES: Final = endpoint("GET", f"{WEBHOOKS.get.template}responses/")
LONGEST_NAME: Final = 100
"""Characters: grafana/oncall, engine/apps/webhooks/models/webhook.py."""
METHODS: Final = ("GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH")
_SECRETS: Final = ("password", "authorization_header")


class _Senders(TeamCollection[W]):
    """What webhooks and actions share.

    Attributes:
        _names: the fields that hold at most LONGEST_NAME characters.
    """

    _names: tuple[str, ...]

    @composite
    async def _change(self, endpoint: Endpoint, resource: W) -> W:
        self._check(self._checked(resource), new=False)
        if resource.integration_filter is UNSET and resource.id:
            # The server clears a filter that a write does not mention.
            known = await self.get(resource.id)
            resource = attrs.evolve(resource, integration_filter=known.integration_filter)
        return await super()._change(endpoint, resource)

    def _check(self, resource: W, *, new: bool) -> None:
        if new:
            needs(resource, "name", "url")
        for name in self._names:
            at_most(name, getattr(resource, name), LONGEST_NAME)
        ids_of("integration_filter", resource.integration_filter)
        if resource.http_method and resource.http_method not in METHODS:
            raise OptionsError("http_method", resource.http_method, f"one of {', '.join(METHODS)}")
        for name in _SECRETS:
            if value := getattr(resource, name):
                if not isinstance(value, str) or whole(value) != value:
                    raise OptionsError(name, MASK, "a text of whole characters")
                self._core.hide(value)


class Webhooks(_Senders[Webhook]):
    """The outgoing webhooks of one Grafana OnCall. Secrets come as asterisks, and go back so to stay as they are."""

    _kind = Webhook
    _endpoints = WEBHOOKS
    _team_field = "team"
    _names = ("name", "username")

    def __init__(self, core: ApiCore) -> None:
        super().__init__(core)
        self._responses = _Responses(core)

    def responses(self, webhook_id: str, *, page_size: int = LARGEST_PAGE) -> AsyncIterator[WebhookResponse]:
        """Yield what a webhook sent lately, and what it got, as it is read.

        Args:
            webhook_id: the webhook.
            page_size: rows in one request, at most 100.
        """
        return self._responses.list(webhook_id, page_size)

    def _check(self, resource: Webhook, *, new: bool) -> None:
        super()._check(resource, new=new)
        if new:
            needs(resource, "http_method", "trigger_type")


class _Responses(Service[WebhookResponse]):
    _kind = WebhookResponse

    def list(self, webhook_id: str, page_size: int) -> AsyncIterator[WebhookResponse]:
        # They have no id. What is equal in everything is taken for one.
        return self._rows(endpoint=RESPONSES, ids=(webhook_id,), page_size=page_size, key=repr)


class Actions(_Senders[Action]):
    """Webhooks in their old form, which has no service accounts."""

    _kind = Action
    _endpoints = ACTIONS
    _names = ("name", "user")
