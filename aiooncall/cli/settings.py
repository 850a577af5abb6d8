"""What every command can be told: which provider, where, as whom, and how to print."""

from __future__ import annotations

import os
import shlex
from contextlib import asynccontextmanager
from enum import StrEnum
from ipaddress import ip_address
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Final, TypeVar
from urllib.parse import urlsplit

import attrs
import typer
from dotenv.parser import parse_stream

from aiooncall.bulk.journal import Journal
from aiooncall.cli.asking import ask
from aiooncall.cli.running import Running
from aiooncall.cli.times import AT_A_RATE, LASTING
from aiooncall.cli.verbose import tell_event
from aiooncall.client.base import core_of
from aiooncall.datadog.client import DatadogOnCall
from aiooncall.errors import OptionsError
from aiooncall.grafana.client import GrafanaOnCall
from aiooncall.options import CallRate, ClientOptions, PoolOptions
from aiooncall.transport.session_pool import SessionPool

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Mapping
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from dotenv.parser import Binding

Client = TypeVar("Client", DatadogOnCall, GrafanaOnCall)

NEEDED: Final[dict[str, tuple[str, ...]]] = {
    "datadog": ("DD_API_KEY", "DD_APP_KEY"),
    "grafana": ("GRAFANA_ONCALL_ACCESS_TOKEN",),
}
"""The secrets of each provider: from the environment, a file, or a prompt, and never an argument."""


class Provider(StrEnum):
    """Whose on-call."""

    DATADOG = "datadog"
    GRAFANA = "grafana"


ProviderOption = Annotated[
    Provider | None,
    typer.Option("--provider", "-p", help="Whose on-call it is; else AIOONCALL_PROVIDER says so, else it is datadog."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON: one object, or a line for each of many.")]
UrlOption = Annotated[
    str | None, typer.Option("--url", help="Base URL: Grafana's engine, or instead of a Datadog site's hosts.")
]
SecretsOption = Annotated[
    str | None,
    typer.Option("--secrets", metavar="FILE", help="A .env file, before the environment."),
]
DeadlineOption = Annotated[
    float | None, typer.Option("--deadline", help="How long one call may take, waits included; 2m.", **LASTING)
]
RateOption = Annotated[
    CallRate | None,
    typer.Option("--rate", help="Your own limit, such as 300/1m or 20/10s.", **AT_A_RATE),
]
VerboseOption = Annotated[
    bool, typer.Option("--verbose", "-v", help="Tell on standard error what is sent, what waits and why.")
]


@attrs.frozen(kw_only=True)
class Settings:
    """The options that all commands share.

    Attributes:
        running: what is known of the command that they were given to; no option.
    """

    provider: ProviderOption = None
    json: JsonOption = False
    url: UrlOption = None
    secrets: SecretsOption = None
    deadline: DeadlineOption = None
    rate: RateOption = None
    verbose: VerboseOption = False
    running: Running = attrs.field(factory=Running, repr=False)

    def client(self, provider: str | None = None) -> AbstractAsyncContextManager[DatadogOnCall | GrafanaOnCall]:
        """Return a context with an open client of a provider.

        Args:
            provider: whose, where there is no choice; the one that was asked for if None.

        Raises:
            OptionsError: another provider was asked for, or something that the client needs is missing or wrong.
        """
        chosen = provider or self.provider or self._usual_provider()
        return self.grafana() if chosen == Provider.GRAFANA else self.datadog()

    @asynccontextmanager
    async def datadog(self) -> AsyncGenerator[DatadogOnCall]:
        """Yield an open client of Datadog.

        Raises:
            OptionsError: another provider was asked for, or something that the client needs is missing or wrong.
        """
        self.refuse_other_than(Provider.DATADOG)
        env = self._environment(Provider.DATADOG)
        url = self._url(env, "AIOONCALL_DATADOG_URL")
        async with _pool(env, url) as pool, self._datadog(env, url, pool) as client:
            yield self._known(client)

    def _datadog(self, env: Mapping[str, str], url: str | None, pool: SessionPool) -> DatadogOnCall:
        options = self._options()
        if url is None:
            return DatadogOnCall.from_env(env, options=options, pool=pool)
        keys = env["DD_API_KEY"], env["DD_APP_KEY"]
        return DatadogOnCall(*keys, api_url=url, paging_url=url, events_url=url, options=options, pool=pool)

    @asynccontextmanager
    async def grafana(self) -> AsyncGenerator[GrafanaOnCall]:
        """Yield an open client of Grafana.

        Raises:
            OptionsError: another provider was asked for, or something that the client needs is missing or wrong.
        """
        self.refuse_other_than(Provider.GRAFANA)
        env = self._environment(Provider.GRAFANA)
        url = self._url(env, "GRAFANA_ONCALL_URL")
        if not url:
            raise OptionsError("GRAFANA_ONCALL_URL", None, "the engine's base URL, in the environment or by --url")
        given = {**env, "GRAFANA_ONCALL_URL": url}
        async with _pool(env, url) as pool, GrafanaOnCall.from_env(given, options=self._options(), pool=pool) as client:
            yield self._known(client)

    def refuse_other_than(self, provider: str) -> None:
        """Check that no other provider was asked for; AIOONCALL_PROVIDER asks for none, it only says what is usual.

        Raises:
            OptionsError: `--provider` names another one than the command or the journal is for.
        """
        if self.provider not in {None, provider}:
            raise OptionsError("--provider", str(self.provider), f"{provider} or nothing: this is {provider}'s")

    def client_of(self, journal: Path) -> AbstractAsyncContextManager[DatadogOnCall | GrafanaOnCall]:
        """Return a context with an open client of the provider that a journal was planned for."""
        opened = Journal.open(journal)
        try:
            return self.client(opened.facts()["provider"])
        finally:
            opened.close()

    def again(self, *words: object, ids: Iterable[str] = ()) -> str:
        """Return a command that can be pasted, with what this one was told of where to go and as whom.

        Args:
            words: what it begins with.
            ids: its ids or keys, which may look like options.
        """
        rate = None if self.rate is None else f"{self.rate.calls}/{self.rate.per:g}s"
        given = {"--provider": self.provider, "--url": self.url, "--secrets": self.secrets, "--rate": rate}
        kept = {name: value for name, value in given.items() if value is not None}
        typed, options, named = [*map(str, words)], [*chain.from_iterable(kept.items())], [*ids]
        looks_like_options = any(one.startswith("-") for one in named)
        rest = [*options, "--", *named] if looks_like_options else [*named, *options]
        return "aiooncall " + shlex.join([*typed, *rest])

    def _usual_provider(self) -> str:
        usual = os.environ.get("AIOONCALL_PROVIDER") or Provider.DATADOG
        if usual not in list(Provider):
            raise OptionsError("AIOONCALL_PROVIDER", usual, " or ".join(Provider))
        return usual

    def variables(self) -> dict[str, str]:
        """Return the environment, with the variables of the file of `--secrets` before it."""
        return {**os.environ, **({} if self.secrets is None else read_secrets(self.secrets))}

    def _environment(self, provider: str) -> Mapping[str, str]:
        env = self.variables()
        for name in NEEDED[provider]:
            if not env.get(name):
                env[name] = ask(name)
        return env

    def _url(self, env: Mapping[str, str], variable: str) -> str | None:
        """Return the address that was given, by the option or by a variable, which errors then name."""
        if self.url is not None:
            self.running.address = "--url"
        if self.url is not None or not env.get(variable):
            return self.url
        self.running.address = variable
        given = dict.fromkeys(("url", "api_url", "paging_url", "events_url"), variable)
        self.running.names = {**self.running.names, **given}
        return env[variable]

    def _options(self) -> ClientOptions:
        verbose = (tell_event,) if self.verbose else ()
        options = ClientOptions(hooks=(self.running.note, *self.running.hooks, *verbose), rate_limit=self.rate)
        return options if self.deadline is None else attrs.evolve(options, deadline=self.deadline)

    def _known(self, client: Client) -> Client:
        """Return a client whose hosts errors can name."""
        self.running.hosts = core_of(client).profile.hosts
        self.running.is_grafana = isinstance(client, GrafanaOnCall)
        return client


OPTIONS: Final = tuple(field for field in attrs.fields(Settings) if field.name != "running")
"""The fields of the settings that are options."""


def _pool(env: Mapping[str, str], url: str | None) -> SessionPool:
    """Return the connections of a client, whose budget is shared with other processes if they have a Redis for that."""
    options = PoolOptions(trust_env=not is_loopback(url))
    redis = env.get("AIOONCALL_REDIS_URL")
    if not redis:
        return SessionPool(options)
    from aiooncall.distributed import RedisBudget  # noqa: PLC0415 (few have one)

    try:
        return SessionPool(options, shared=RedisBudget(redis))
    except ImportError as missing:
        raise OptionsError("AIOONCALL_REDIS_URL", "a URL", f"nothing here, as {missing}") from None


def is_loopback(url: str | None) -> bool:
    """Return whether an address is on this machine, where no proxy can lead."""
    try:
        host = urlsplit(url or "").hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def read_secrets(path: str) -> dict[str, str]:
    """Return the variables of a `.env` file, none of them expanded.

    Raises:
        OptionsError: it cannot be read, or a line of it; the error has the line's number, and nothing that is in it.
    """
    try:
        with open(path, encoding="utf-8-sig") as file:  # noqa: PTH123 (as plain as it gets)
            bindings = [one for one in parse_stream(file) if one.error or one.key is not None]
    except (OSError, UnicodeDecodeError) as problem:
        why = getattr(problem, "strerror", None) or "not in UTF-8"
        raise OptionsError("--secrets", path, f"a text file that can be read ({why})") from None
    return dict(_checked(one, path) for one in bindings)


def _checked(binding: Binding, path: str) -> tuple[str, str]:
    name, value = binding.key or "", binding.value
    if value is not None and name.isidentifier():
        return name, value
    text, line = binding.original
    line += text[: len(text) - len(text.lstrip())].count("\n")  # blank lines before it belong to it
    raise OptionsError(f"{path}, line {line}", "***", "NAME=value")
