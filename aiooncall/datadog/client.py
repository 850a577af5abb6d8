"""The Datadog client."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from aiooncall.client import BaseClient
from aiooncall.datadog.pages import Pages
from aiooncall.datadog.sites import find_site
from aiooncall.errors import OptionsError
from aiooncall.options import secret

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from aiooncall.options import ClientOptions
    from aiooncall.transport.messages import Endpoint
    from aiooncall.transport.pool import SessionPool

DEFAULT_SITE: Final = "datadoghq.com"


class DatadogOnCall(BaseClient):
    """Datadog On-Call.

    Args:
        api_key: sent as `DD-API-KEY`.
        app_key: sent as `DD-APPLICATION-KEY`.
        site: the account's Datadog site, such as `datadoghq.eu`.
        bearer_token: an OAuth access token, instead of the two keys.
        api_url: base URL for reading and configuration, instead of the site's.
        paging_url: base URL for creating and acting on pages, instead of the site's.
        gov_paging: on a government site, allow paging through `navy.oncall.datadoghq.com`, which is what Datadog
            serves those sites with; without it, or a `paging_url`, paging is refused there.
        options: timeouts, retries, limits, hooks.
        pool: connections to share with other clients.

    Raises:
        OptionsError: an argument is missing or wrong.
    """

    def __init__(
        self,
        api_key: str | None = None,
        app_key: str | None = None,
        *,
        site: str = DEFAULT_SITE,
        bearer_token: str | None = None,
        api_url: str | None = None,
        paging_url: str | None = None,
        gov_paging: bool = False,
        options: ClientOptions | None = None,
        pool: SessionPool | None = None,
    ) -> None:
        hosts = find_site(site)
        headers = _credentials(api_key, app_key, bearer_token)
        usable = gov_paging or not hosts.government
        super().__init__(
            {"api": api_url or hosts.api, "paging": paging_url or (hosts.paging if usable else None)},
            {"Accept": "application/json", **headers},
            secrets=tuple(value.removeprefix("Bearer ") for value in headers.values()),
            options=options,
            pool=pool,
        )
        self._site = site
        self.pages = Pages(self)

    @classmethod
    def from_env(
        cls,
        env: Mapping[str, str] | None = None,
        *,
        options: ClientOptions | None = None,
        pool: SessionPool | None = None,
    ) -> Self:
        """Return a client with the keys and site from `DD_API_KEY`, `DD_APP_KEY` and `DD_SITE`.

        Args:
            env: where to read them, instead of the process's environment.
            options: as for the class.
            pool: as for the class.

        Raises:
            OptionsError: a key is missing, or the site is unknown.
        """
        source = os.environ if env is None else env
        for name in ("DD_API_KEY", "DD_APP_KEY"):
            if not source.get(name):
                raise OptionsError(name, None, "a non-empty environment variable")
        return cls(
            source["DD_API_KEY"],
            source["DD_APP_KEY"],
            site=source.get("DD_SITE") or DEFAULT_SITE,
            options=options,
            pool=pool,
        )

    def _unavailable(self, endpoint: Endpoint) -> Exception:
        why = f"{self._site} pages through a host outside of the government cloud"
        return OptionsError("gov_paging", value=False, expected=f"True, or a paging_url, for {endpoint.route}: {why}")


def _credentials(api_key: str | None, app_key: str | None, bearer_token: str | None) -> dict[str, str]:
    if bearer_token is None:
        return {"DD-API-KEY": secret("api_key", api_key), "DD-APPLICATION-KEY": secret("app_key", app_key)}
    if api_key is not None or app_key is not None:
        raise OptionsError("bearer_token", "***", "either a bearer token or the two keys, not both")
    return {"Authorization": f"Bearer {secret('bearer_token', bearer_token)}"}
