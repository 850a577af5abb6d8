"""Datadog's sites: which hosts serve which.

Reads and configuration go to the API host, creating and acting on pages to the paging host
(https://docs.datadoghq.com/api/latest/on-call-paging/).
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
    government: bool = False


_NAVY: Final = "https://navy.oncall.datadoghq.com"

SITES: Final[dict[str, Site]] = {
    "datadoghq.com": Site("https://api.datadoghq.com", _NAVY),
    "us3.datadoghq.com": Site("https://api.us3.datadoghq.com", "https://teal.oncall.datadoghq.com"),
    "us5.datadoghq.com": Site("https://api.us5.datadoghq.com", "https://coral.oncall.datadoghq.com"),
    "ap1.datadoghq.com": Site("https://api.ap1.datadoghq.com", "https://saffron.oncall.datadoghq.com"),
    "ap2.datadoghq.com": Site("https://api.ap2.datadoghq.com", "https://lava.oncall.datadoghq.com"),
    "uk1.datadoghq.com": Site("https://api.uk1.datadoghq.com", "https://scarlet.oncall.datadoghq.com"),
    "datadoghq.eu": Site("https://api.datadoghq.eu", "https://beige.oncall.datadoghq.eu"),
    "ddog-gov.com": Site("https://api.ddog-gov.com", _NAVY, government=True),
    "us2.ddog-gov.com": Site("https://api.us2.ddog-gov.com", _NAVY, government=True),
}


def find_site(name: str) -> Site:
    """Return the site called `name`, or raise OptionsError with the known names."""
    try:
        return SITES[name]
    except (KeyError, TypeError):
        raise OptionsError("site", name, f"one of {', '.join(SITES)}") from None
