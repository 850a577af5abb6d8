"""Options are checked when they are made, and an error names the field but no secret."""

from __future__ import annotations

import ssl
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from aiooncall import CallRate, ClientOptions, OptionsError, PoolOptions, RetryPolicy
from aiooncall._base.validation import base_url, count, mask_url, seconds, secret

if TYPE_CHECKING:
    from pathlib import Path

NO_DURATION = [-1, -0.001, float("nan"), float("inf"), float("-inf"), True, "5", b"5", [5], {}, timedelta(seconds=-1)]
NO_COUNT = [-1, True, False, 1.0, 2.5, "3", None, [1], float("nan"), timedelta(seconds=1)]
DURATIONS = [
    (CallRate, "per"), (RetryPolicy, "base"), (RetryPolicy, "cap"), (PoolOptions, "connect_timeout"),
    (PoolOptions, "keepalive"), (ClientOptions, "timeout"), (ClientOptions, "deadline"),
    (ClientOptions, "reconcile_timeout"),
]  # fmt: skip
COUNTS = [
    (CallRate, "calls"), (RetryPolicy, "max_attempts"), (RetryPolicy, "max_refusals"),
    (PoolOptions, "max_connections"), (PoolOptions, "max_connections_per_host"), (ClientOptions, "max_response_bytes"),
    (PoolOptions, "max_header_size"), (PoolOptions, "max_headers"),
]  # fmt: skip
OTHERS = {
    PoolOptions: {"proxy", "trust_env", "ca_file", "ssl_context"},
    ClientOptions: {"retry", "rate_limit", "pool", "hooks", "clock"},
}
MAY_BE_ZERO = {"reconcile_timeout", "max_refusals"}
MAY_BE_NONE = {"deadline"}
SECRET = "s3cr3t-value"


def made(kind: Any, **options: Any) -> Any:
    """Return a `kind` with `options`; a rate has no defaults, so it is given some."""
    return kind(**{"calls": 1, "per": 1.0} | options) if kind is CallRate else kind(**options)


def refused(field: str, kind: Any, **options: Any) -> OptionsError:
    """Return the error that making a `kind` gives; it must name `field`."""
    with pytest.raises(OptionsError) as caught:
        made(kind, **options)
    assert caught.value.field == field
    assert str(caught.value).startswith(f"{field}: got ")
    return caught.value


@pytest.mark.parametrize("value", NO_DURATION, ids=repr)
@pytest.mark.parametrize(("kind", "field"), DURATIONS)
def test_bad_duration_is_refused(kind: Any, field: str, value: object) -> None:
    """What is not a finite, non-negative number of seconds is refused under the field's name."""
    assert "seconds" in refused(field, kind, **{field: value}).expected


@pytest.mark.parametrize(("kind", "field"), DURATIONS)
def test_zero_and_none_only_where_they_mean_something(kind: Any, field: str) -> None:
    """No time at all, and no bound, are accepted only by the fields for which they make sense."""
    for value, fields in ((0, MAY_BE_ZERO), (timedelta(0), MAY_BE_ZERO), (None, MAY_BE_NONE)):
        if field in fields:
            assert getattr(made(kind, **{field: value}), field) == (None if value is None else 0.0)
        else:
            refused(field, kind, **{field: value})


@pytest.mark.parametrize(("kind", "field"), DURATIONS)
@pytest.mark.parametrize("value", [3, 3.0, timedelta(seconds=3)], ids=repr)
def test_durations_are_seconds_or_timedeltas(kind: Any, field: str, value: object) -> None:
    """A duration may be an int, a float or a timedelta, and reads as seconds."""
    assert getattr(made(kind, **{field: value}), field) == 3.0


@pytest.mark.parametrize("value", NO_COUNT, ids=repr)
@pytest.mark.parametrize(("kind", "field"), COUNTS)
def test_bad_count_is_refused(kind: Any, field: str, value: object) -> None:
    """What is not a whole number is refused under the field's name; a bool is none."""
    assert "a whole number" in refused(field, kind, **{field: value}).expected


@pytest.mark.parametrize(("kind", "field"), COUNTS)
def test_counts_start_at_one(kind: Any, field: str) -> None:
    """Zero is refused unless none at all makes sense."""
    assert getattr(made(kind, **{field: 1}), field) == 1
    if field in MAY_BE_ZERO:
        assert getattr(made(kind, **{field: 0}), field) == 0
    else:
        refused(field, kind, **{field: 0})


@pytest.mark.parametrize("kind", [CallRate, RetryPolicy, PoolOptions, ClientOptions])
def test_no_option_is_left_out(kind: Any) -> None:
    """Every field of every options class is covered here, so that a new one can't go unchecked."""
    covered = {field for owner, field in [*DURATIONS, *COUNTS] if owner is kind} | OTHERS.get(kind, set())
    assert {field.name for field in attrs.fields(kind)} == covered


@pytest.mark.parametrize("kind", [CallRate, RetryPolicy, PoolOptions, ClientOptions])
def test_options_are_frozen_and_equal_by_value(kind: Any) -> None:
    """Options can't be changed once made, and two with the same values are equal."""
    options = made(kind)
    assert options == made(kind)
    for field in attrs.fields(kind):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(options, field.name, getattr(options, field.name))


@pytest.mark.parametrize(
    ("field", "value"), [("retry", None), ("retry", 3), ("pool", {}), ("pool", RetryPolicy()), ("rate_limit", 5)]
)
def test_nested_options_have_their_type(field: str, value: object) -> None:
    """What belongs into an options class is refused if it is something else."""
    refused(field, ClientOptions, **{field: value})


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        (PoolOptions, "proxy", 5),
        (PoolOptions, "proxy", "http://[::1"),
        (PoolOptions, "proxy", "http://"),
        (PoolOptions, "proxy", "http://proxy host:3128"),
        (PoolOptions, "proxy", "http://proxy:port"),
        (PoolOptions, "ca_file", 5),
        (PoolOptions, "ssl_context", 5),
        (PoolOptions, "trust_env", "no"),
        (ClientOptions, "clock", 5),
        pytest.param(CallRate, "per", 10**400, id="CallRate-per-huge"),
    ],
)
def test_wrong_type_is_refused(kind: Any, field: str, value: object) -> None:
    """A value of a wrong type or shape is refused when the options are made, not when they are used."""
    refused(field, kind, **{field: value})


@pytest.mark.parametrize("hooks", [None, 7, print, [1], (print, "log")], ids=repr)
def test_hooks_are_callables(hooks: object) -> None:
    """Hooks are an iterable of callables, and anything else is refused."""
    refused("hooks", ClientOptions, hooks=hooks)


def test_hooks_may_be_any_iterable() -> None:
    """A generator of hooks is read once and kept."""
    options = made(ClientOptions, hooks=(hook for hook in [print, repr]))
    assert options.hooks == (print, repr)


def test_trust_comes_from_one_place(tmp_path: Path) -> None:
    """A CA file and a context of one's own exclude each other; an unreadable or senseless file is refused."""
    context = ssl.create_default_context()
    refused("ca_file", PoolOptions, ca_file="ca.pem", ssl_context=context)
    assert PoolOptions(ssl_context=context).tls() is context
    assert PoolOptions().tls() is True
    nonsense = tmp_path / "ca.pem"
    nonsense.write_text("not a certificate")
    for path in (nonsense, tmp_path / "missing.pem"):
        with pytest.raises(OptionsError, match=r"^ca_file: .*readable PEM file"):
            PoolOptions(ca_file=str(path)).tls()


@pytest.mark.parametrize("proxy", ["socks5://proxy:1080", "proxy:3128", "", f"ftp://me:{SECRET}@proxy"])
def test_proxy_is_an_http_url(proxy: str) -> None:
    """A proxy of another kind is refused, without its password in the error."""
    assert SECRET not in str(refused("proxy", PoolOptions, proxy=proxy))


@pytest.mark.parametrize(
    ("proxy", "shown"),
    [
        (f"http://me:{SECRET}@proxy:3128", "http://***@proxy:3128"),
        (f"http://me:{SECRET}@with-at@proxy:3128", "http://***@proxy:3128"),
        (f"http://:{SECRET}@proxy", "http://***@proxy"),
        ("http://proxy:3128", "http://proxy:3128"),
        (None, "None"),
    ],
)
def test_proxy_password_is_masked(proxy: str | None, shown: str) -> None:
    """The repr of options shows where the proxy is and not the password."""
    options = PoolOptions(proxy=proxy)
    assert f"proxy={shown}" in repr(options)
    assert SECRET not in repr(options)
    assert SECRET not in repr(ClientOptions(pool=options))
    assert mask_url(proxy) == shown


BAD_SECRETS = ["", f"{SECRET}\n", f"{SECRET}\r\nX-Evil: 1", f"{SECRET} x", f"{SECRET}é", f"{SECRET}\0", f"\t{SECRET}",
               f"{SECRET}\x7f", f"{SECRET}\u2028"]  # fmt: skip


@pytest.mark.parametrize("value", [*BAD_SECRETS, None, 5, SECRET.encode(), [SECRET]], ids=repr)
def test_secret_that_cannot_travel_is_refused_unseen(value: Any) -> None:
    """A credential that can't be a header's value is refused, and no part of it is in the error."""
    with pytest.raises(OptionsError) as caught:
        secret("api_key", value)
    assert caught.value.field == "api_key"
    for text in (str(caught.value), repr(caught.value), caught.value.value):
        assert "s3cr3t" not in text
    assert caught.value.__cause__ is None


def test_good_secret_passes_unchanged() -> None:
    """A credential of visible ASCII is taken as it is."""
    assert secret("api_key", "aZ09-_.~!$%") == "aZ09-_.~!$%"


@pytest.mark.parametrize(
    "url",
    [
        "", "oncall.example", "ftp://oncall.example", "http://", "https:///path", "//oncall.example", "file:///etc",
        "https://oncall.example?x=1", "https://oncall.example#top", f"https://me:{SECRET}@oncall.example",
        f"https://:{SECRET}@oncall.example", f"https://{SECRET}@oncall.example", "https://oncall.example:port",
        "https://oncall.example:99999", "https://[::1", "https://oncall.example/a b", "https://oncall.example/\n",
        "https://oncall.examplé", None, 5,
        b"https://oncall.example",
        f"me:{SECRET}@oncall.example",
        f"https:/me:{SECRET}@oncall.example",
    ],
    ids=repr,
)  # fmt: skip
def test_bad_base_url_is_refused(url: Any) -> None:
    """Only an absolute http(s) URL of origin and path will do; credentials in it are not shown."""
    with pytest.raises(OptionsError) as caught:
        base_url("api_url", url)
    assert caught.value.field == "api_url"
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://oncall.example", "https://oncall.example"),
        ("https://oncall.example/", "https://oncall.example"),
        ("http://localhost:8080/oncall/", "http://localhost:8080/oncall"),
        ("https://[::1]:8080", "https://[::1]:8080"),
    ],
)
def test_good_base_url_loses_its_slash(url: str, expected: str) -> None:
    """A base URL may have a port and a path prefix; a trailing slash is dropped."""
    assert base_url("api_url", url) == expected


def test_ranges_are_named() -> None:
    """A count with an upper bound says so, and keeps both ends."""
    assert [count("page_size", value, least=1, most=100) for value in (1, 100)] == [1, 100]
    with pytest.raises(
        OptionsError, match=r"^page_size: got 101; expected a whole number of at least 1 and at most 100"
    ):
        count("page_size", 101, least=1, most=100)
    with pytest.raises(OptionsError, match=r"^wait: got 0; expected a positive number"):
        seconds("wait", 0)
    assert seconds("wait", 0, positive=False) == 0.0
