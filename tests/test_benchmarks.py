"""What the benchmarks promise apart from numbers: no load on a vendor, honest counts, pictures that can be read."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final
from xml.etree.ElementTree import fromstring

import pytest

from aiooncall import OptionsError
from aiooncall.datadog.sites import SITES
from benchmarks import load
from benchmarks.plots import pictures
from tests.support.datadog_client import datadog

if TYPE_CHECKING:
    from pathlib import Path

SVG: Final = "{http://www.w3.org/2000/svg}"
VENDORS: Final = (
    *(url for site in SITES.values() for url in (site.api, site.paging, site.events)),
    "https://oncall-prod-us-central-0.grafana.net/oncall",
    "https://API.DatadogHQ.com.",
)
LISTS: Final = ("/pages", "/alert_groups/")
"""How the paths of lists end."""
RUN: Final = {"seconds": 2.2, "theory": 2.0, "refusals": 8, "failed": 0, "missing": 0}
IMPORT: Final = {"wall": 120.0, "cpu": 119.0, "resident": None}
RESULTS: Final[list[dict[str, Any]]] = [
    {"name": "cost", "raw": {"asyncio": {"aiooncall": [[60.0, 54.0], [60.0, 55.0]]}}},
    {
        "name": "window",
        "raw": {"aiooncall, cold, 1200": [RUN], "aiolimiter + aiohttp, cold, 600": [{**RUN, "failed": 7}]},
    },
    {"name": "processes", "raw": {"aiooncall": [{**RUN, "calls": 400}]}},
    {"name": "imports", "raw": {"import aiohttp": [IMPORT], "from aiooncall import DatadogOnCall": [IMPORT]}},
    {
        "name": "bulk",
        "raw": {
            "cost": {"plain fan-out": [{"wall": 1.0, "cpu": 0.6, "succeeded": 10_000}]},
            "course": {"planned": {"succeeded": 1000}, "sizes": [50.0, 52.5], "resumed": 0.25},
        },
    },
    {
        "name": "grafana",
        "raw": {"some case": {"aiooncall": [[{"wall": 10.0, "cpu": 8.0}, {"wall": 11.0, "cpu": 10.0}]]}},
    },
    {"name": "a question without a picture", "raw": {}},
]
SHOWN: Final = {
    "cost": ("54.5 · 0.91 of aiohttp",),
    "window": ("10.0 · 8 x 429", "gave up: 7 calls failed"),
    "processes": ("10.0 · 0.02 x 429 a call",),
    "imports": ("120.0",),
    "bulk": ("60.0", "2.5", "0.25"),
    "grafana": ("1.10", "1.25"),
}


@pytest.mark.parametrize("url", VENDORS)
def test_load_refuses_a_vendor(url: str) -> None:
    """No host of Datadog or Grafana Cloud gets any load, not even if servers elsewhere are allowed."""
    with pytest.raises(OptionsError, match="never put on a vendor's"):
        load.check_url(url, allow_remote=True)


@pytest.mark.parametrize("host", ["staging.example.com", "192.0.2.7", "127.0.0.1.example.com", "0.0.0.0"])
def test_load_elsewhere_has_to_be_allowed(host: str) -> None:
    """A server that is not on this machine gets load only if that is allowed."""
    with pytest.raises(OptionsError, match="--allow-remote"):
        load.check_url(f"http://{host}:8080")
    assert load.check_url(f"http://{host}:8080/", allow_remote=True) == f"http://{host}:8080"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "localhost", "[::1]"])
def test_load_on_this_machine_is_fine(host: str) -> None:
    """A server on this machine gets load without further ado."""
    assert load.check_url(f"http://{host}:8080") == f"http://{host}:8080"


def test_wrong_url_ends_the_command(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The command refuses a vendor's host before it does anything."""
    with pytest.raises(SystemExit):
        load.main(["--url", "https://api.datadoghq.eu", "--allow-remote", "--json", str(tmp_path / "summary.json")])
    assert "never put on a vendor's" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("verb", load.VERBS)
@pytest.mark.parametrize("provider", ["datadog", "grafana"])
async def test_load_counts_what_the_server_saw(provider: str, verb: str) -> None:
    """Every call that is due is begun, and the summary tells what the server saw of them."""
    async with datadog() as (sim, _):
        sim.add_page(title="Disk full on db-1")
        sim.grafana.add_alert_group("Disk full on db-1")
        url = sim.datadog_url if provider == "datadog" else sim.grafana_url
        putting = load.Load(load.Plan(url=url, provider=provider, verb=verb, rate=1000, duration=0.02, concurrency=4))
        await putting.run()
        acted = [request for request in sim.ledger.requests if not request.path.endswith(LISTS)]
        seen = Counter(str(request.status) for request in (sim.ledger.requests if verb == "list" else acted))
    summary = putting.summary
    assert summary["calls_due"] == summary["calls_begun"] == summary["calls_succeeded"] == 20
    assert summary["requests"] == seen
    assert (summary["calls_failed"], summary["refused"], summary["retried"]) == ({}, 0, 0)


def test_percentile() -> None:
    """A percentile is one of the values: the smallest that the share does not exceed."""
    values = [float(number) for number in range(1, 101)]
    assert [load.percentile(values, share) for share in (0.5, 0.9, 0.99, 1.0)] == [50.0, 90.0, 99.0, 100.0]
    assert load.percentile([7.0], 0.5) == 7.0


def test_pictures_show_the_numbers() -> None:
    """Each question that has a picture gets one with its numbers, told in words too, for light and for dark pages."""
    drawn = dict(pictures(RESULTS))
    assert list(drawn) == [f"benchmark-{name}.svg" for name in SHOWN]
    for name, numbers in SHOWN.items():
        root = fromstring(drawn[f"benchmark-{name}.svg"])
        texts = [element.text for element in root.iter(f"{SVG}text")]
        described = root.findtext(f"{SVG}desc") or ""
        assert [number for number in numbers if number not in texts or number not in described] == []
        assert "prefers-color-scheme:dark" in (root.findtext(f"{SVG}style") or "")
