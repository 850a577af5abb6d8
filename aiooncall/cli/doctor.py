"""`aiooncall doctor`: keys, address, rights, clock, limit and proxy, looked at without changing anything."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final

from aiooncall.cli.checks import Check, State, checks_of
from aiooncall.cli.command import ExitCode, command
from aiooncall.cli.consoles import make_console
from aiooncall.cli.printing import print_json, printable
from aiooncall.cli.settings import NEEDED, Provider, Settings
from aiooncall.cli.telling import words_of
from aiooncall.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import Callable

    import typer

    from aiooncall.datadog.client import DatadogOnCall
    from aiooncall.grafana.client import GrafanaOnCall

STYLES: Final = {State.OK: "green", State.NOTE: "yellow", State.FAILED: "red"}


def add_doctor(app: typer.Typer) -> None:
    """Add the command `doctor`."""
    command(app)(doctor)


async def doctor(settings: Settings) -> ExitCode:
    """Check keys, address, rights, clock, limit and proxy; nothing is sent that changes anything."""
    found: list[Check] = []

    def tell(check: Check) -> None:
        found.append(check)
        if not settings.json:
            _print(check)

    async with AsyncExitStack() as stack:
        try:
            client = await stack.enter_async_context(settings.client())
        except OptionsError as error:
            tell(Check("settings", State.FAILED, words_of(error, settings.running)))
        else:
            await _examine(client, settings, tell)
    failed = any(check.state is State.FAILED for check in found)
    if settings.json:
        print_json({"ok": not failed, "checks": found})
    return ExitCode.FAILED if failed else ExitCode.DONE


async def _examine(client: DatadogOnCall | GrafanaOnCall, settings: Settings, tell: Callable[[Check], None]) -> None:
    provider = Provider.GRAFANA if settings.running.is_grafana else Provider.DATADOG
    source = "the environment" if settings.secrets is None else f"{settings.secrets}, or the environment"
    tell(Check("keys", State.OK, f"{' and '.join(NEEDED[provider])}, from {source}"))
    hosts = {purpose: url for purpose, url in settings.running.hosts.items() if url is not None}
    tell(Check("address", State.OK, ", ".join(dict.fromkeys(hosts.values()))))
    async for check in checks_of(client, settings.running):
        tell(check)


def _print(check: Check) -> None:
    console = make_console(soft_wrap=True)
    console.print(f"{check.state:<6}", style=STYLES[check.state], end="")
    console.print(f"  {check.name:<26}  {printable(check.text)}")
