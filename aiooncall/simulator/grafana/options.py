"""Options of the fake Grafana OnCall."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping

PagingRoute: TypeAlias = Literal["escalation", "direct_paging", "both"]

OWNER = "admin"
"""The user whose tokens are those that the options do not name."""


@attrs.frozen(kw_only=True)
class GrafanaOptions:
    """Options of the fake Grafana OnCall.

    Attributes:
        tokens: Whose each API token is, by user name; the users are there from the start. Tokens of service accounts
            begin with `glsa_` and name the account instead. None accepts any token that isn't empty: those of service
            accounts for an account each, all others for the user "admin".
        powerless: Tokens that lack every permission.
        bearer: Whether `Bearer <token>` is accepted beside the raw token, as newer documentation of Grafana Cloud has
            it: https://grafana.com/docs/grafana-cloud/alerting-and-irm/irm/
        stack_url: The stack that service accounts must name in `X-Grafana-URL`; it is also in permalinks.
        export_token: The token of calendar exports.
        limit: Requests that one user has in each period; None sets no limit.
        info_limit: The same for `info`.
        phone_limit: The same for `make_call` and `send_sms`.
        period: Seconds that a request counts for.
        paging: The path that pages people: the engine serves `escalation`, the documented name is `direct_paging`.
        engine_url: The base of the links between pages; None takes the URL that the server listens on.
        links_elsewhere: Whether those links lead to the second origin, which no client should ever call.
        delete_delay: Seconds from the 204 until a deleted or wiped alert group is so.
        optional_slashes: Whether paths may lack the slash at their end, as in the engine.
        incidents: Whether steps can declare incidents, for which Grafana Incident has to be there.
        drift: Whether answers hold fields and values that no client knows.
    """

    tokens: Mapping[str, str] | None = attrs.field(default=None, repr=False)
    powerless: frozenset[str] = attrs.field(default=frozenset[str](), repr=False)
    bearer: bool = False
    stack_url: str = "https://example.grafana.net"
    export_token: str = attrs.field(default="export-token", repr=False)
    limit: int | None = 300
    info_limit: int | None = 100
    phone_limit: int | None = 60
    period: float = attrs.field(default=60.0, validator=attrs.validators.gt(0))
    paging: PagingRoute = "escalation"
    engine_url: str | None = None
    links_elsewhere: bool = False
    delete_delay: float = 0.05
    optional_slashes: bool = False
    incidents: bool = True
    drift: bool = False
