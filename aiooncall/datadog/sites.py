"""Datadog's sites: which hosts serve which.

Reads and configuration go to the API host, creating and acting on pages to the paging host
(https://docs.datadoghq.com/api/latest/on-call-paging/), alerts to the one that takes events in
(https://docs.datadoghq.com/api/latest/events/#post-an-event).
"""

from __future__ import annotations

from typing import Final

import attrs

from aiooncall.errors import OptionsError


@attrs.frozen
class Site:
    """The hosts of one Datadog site. `government` sites page through a host outside of the government cloud."""

    api: str
    paging: str
    events: str
    government: bool = False


def _site(name: str, paging: str, *, government: bool = False) -> Site:
    return Site(f"https://api.{name}", paging, f"https://event-management-intake.{name}", government)


_NAVY: Final = "https://navy.oncall.datadoghq.com"

SITES: Final[dict[str, Site]] = {
    "datadoghq.com": _site("datadoghq.com", _NAVY),
    "us3.datadoghq.com": _site("us3.datadoghq.com", "https://teal.oncall.datadoghq.com"),
    "us5.datadoghq.com": _site("us5.datadoghq.com", "https://coral.oncall.datadoghq.com"),
    "ap1.datadoghq.com": _site("ap1.datadoghq.com", "https://saffron.oncall.datadoghq.com"),
    "ap2.datadoghq.com": _site("ap2.datadoghq.com", "https://lava.oncall.datadoghq.com"),
    "uk1.datadoghq.com": _site("uk1.datadoghq.com", "https://scarlet.oncall.datadoghq.com"),
    "datadoghq.eu": _site("datadoghq.eu", "https://beige.oncall.datadoghq.eu"),
    "ddog-gov.com": _site("ddog-gov.com", _NAVY, government=True),
    "us2.ddog-gov.com": _site("us2.ddog-gov.com", _NAVY, government=True),
}


def find_site(name: str) -> Site:
    """Return the site called `name`, or raise OptionsError with the known names."""
    try:
        return SITES[name]
    except (KeyError, TypeError):
        raise OptionsError("site", name, f"one of {', '.join(SITES)}") from None
