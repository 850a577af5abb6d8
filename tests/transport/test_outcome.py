"""What answers, failures and headers mean."""

from __future__ import annotations

import math
import time
from email.utils import formatdate
from typing import Any, Final

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from multidict import CIMultiDict

from aiooncall.limits.headers import (
    LONGEST_PERIOD,
    LONGEST_WAIT,
    parse_http_date,
    parse_rate_limit,
    parse_retry_after,
)
from aiooncall.ratelimit import RateLimit
from aiooncall.transport.endpoint import Idempotency
from aiooncall.transport.error_body import LONGEST_ERROR, MOST_ERRORS, parse_errors
from aiooncall.transport.outcome import (
    Outcome,
    closes_bucket,
    ends_in_doubt,
    outcome_of_failure,
    outcome_of_status,
)
from tests.support.virtual_time import EPOCH

NAMES = [
    "X-RateLimit-Name", "X-RateLimit-Limit", "X-RateLimit-Period", "X-RateLimit-Remaining", "X-RateLimit-Reset",
    "RateLimit-Reset", "Retry-After",
]  # fmt: skip
NUMERALS = st.one_of(
    st.integers().map(str),
    st.floats().map(str),
    st.integers(0, 10**20).map(lambda n: f" {n}.5 "),
    st.floats(-1e11, 1e11).map(lambda at: formatdate(at, usegmt=True) if -6e10 < at < 2e11 else str(at)),
)
VALUES = st.one_of(st.text(max_size=40), NUMERALS)


def read(headers: dict[str, str], *, succeeded: bool = False, wall: float = EPOCH) -> RateLimit | None:
    """Return what `headers` say when our clock shows `wall`."""
    return parse_rate_limit(CIMultiDict(headers), lambda: wall, succeeded=succeeded)


def wait(**headers: str) -> float | None:
    """Return the wait that headers ask for; a word with an underscore stands for one with a hyphen."""
    wall = float(headers.pop("wall"))
    said = read({name.replace("_", "-"): value for name, value in headers.items()}, wall=wall)
    return None if said is None else said.retry_after


def date(after: float) -> str:
    """Return the HTTP date `after` seconds from the epoch of the test loop."""
    return formatdate(EPOCH + after, usegmt=True)


DATADOG = {
    "x-ratelimit-limit": "200", "x-ratelimit-period": "2", "x-ratelimit-remaining": "17", "x-ratelimit-reset": "0",
    "x-ratelimit-name": "on_call",
}  # fmt: skip


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"Content-Type": "text/html", "X-RateLimit-Limit": "5"}, None),
        (DATADOG, RateLimit("on_call", 200, 17, 2.0, 0.0, None)),
        (DATADOG | {"Retry-After": "3"}, RateLimit("on_call", 200, 17, 2.0, 0.0, 3.0)),
        ({"RateLimit-Reset": "42", "Retry-After": "43"}, RateLimit(reset_after=42.0, retry_after=43.0)),
        ({"RateLimit-Reset": "9", "X-RateLimit-Reset": "1"}, RateLimit(reset_after=1.0)),
        ({"X-RateLimit-Remaining": "4"}, RateLimit(remaining=4)),
        ({"X-RateLimit-Name": ""}, RateLimit()),
        ({"X-RateLimit-Reset": str(int(EPOCH) + 30)}, RateLimit(reset_after=int(EPOCH) + 30 - EPOCH)),
        ({"X-RateLimit-Reset": str(int(EPOCH) - 30)}, RateLimit(reset_after=0.0)),
    ],
)
def test_both_dialects_are_read(headers: dict[str, str], expected: RateLimit | None) -> None:
    """Datadog's and Grafana's headers give the same kind of value, in any case, relative or as an instant."""
    assert read(headers) == expected


@pytest.mark.parametrize("garbage", ["", "-1", "1e3", "nan", "inf", "0x10", "1 2", "²", "9" * 16, "soon", "--", "1,5"])
@pytest.mark.parametrize("name", NAMES[1:])
def test_garbage_reads_as_silence(name: str, garbage: str) -> None:
    """A header that is no plain number counts as absent, and the others are still read."""
    said = read({"X-RateLimit-Name": "b", name: garbage})
    assert said == RateLimit(name="b")


@pytest.mark.parametrize(
    ("name", "absurd"),
    [("Limit", "0"), ("Limit", "1.5"), ("Limit", "9999999999"), ("Remaining", "9999999999"), ("Remaining", "2.5"),
     ("Period", "0"), ("Period", "86401"), ("Reset", "86401"), ("Reset", "1900000000")],
)  # fmt: skip
def test_absurd_numbers_read_as_silence(name: str, absurd: str) -> None:
    """A number that no server means, such as a limit of nothing or a window of days, counts as absent."""
    assert read({"X-RateLimit-Name": "b", f"X-RateLimit-{name}": absurd}) == RateLimit(name="b")


def test_success_asks_nobody_to_wait() -> None:
    """Retry-After on a success is ignored, and alone it says nothing."""
    assert read({"Retry-After": "9"}, succeeded=True) is None
    assert read(DATADOG | {"Retry-After": "9"}, succeeded=True) == read(DATADOG)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("0", 0.0),
        (" 7 ", 7.0),
        ("1.5", 1.5),
        ("86400", 86400.0),
        ("86401", None),
        ("-5", None),
        (date(90), 89.75),
        (date(-90), 0.0),
        (date(2 * LONGEST_WAIT), None),
        ("Fri, 15 Jan 2027 08:01:00 +0000", 59.75),
        ("Friday", None),
        ("Fri, 99 Jan 2027 08:01:00 GMT", None),
        ("Mon, 01 Jan 0001 00:00:00 +2359", 0.0),
        ("", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(value: str | None, expected: float | None) -> None:
    """Retry-After is read as seconds or as an HTTP date; a past date means now, nonsense means nothing."""
    assert parse_retry_after(value, EPOCH) == expected


@given(headers=st.dictionaries(st.sampled_from(NAMES), VALUES), succeeded=st.booleans())
@example(headers={"Retry-After": "Thu, 01 Jan 1970 00:00:00 -9999"}, succeeded=False)
@example(headers={"X-RateLimit-Reset": "1" * 15, "RateLimit-Reset": "1"}, succeeded=False)
def test_no_header_can_hurt(headers: dict[str, str], succeeded: bool) -> None:
    """Whatever the headers' text is, nothing is raised and every number is finite, non-negative and of a sane size."""
    said = read(headers, succeeded=succeeded) or RateLimit()
    for number, most in (
        (said.limit, 10**9), (said.remaining, 10**9), (said.period, LONGEST_PERIOD), (said.reset_after, LONGEST_WAIT),
        (said.retry_after, LONGEST_WAIT),
    ):  # fmt: skip
        assert number is None or (math.isfinite(number) and 0 <= number <= most)
    assert said.limit != 0
    assert said.period != 0


@given(value=VALUES, wall_time=st.floats(0, 1e11))
def test_no_retry_after_can_hurt(value: str, wall_time: float) -> None:
    """Whatever Retry-After says and our clock shows, the wait is None or within a day."""
    wait = parse_retry_after(value, wall_time)
    assert wait is None or 0 <= wait <= LONGEST_WAIT


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"errors": ["Too many requests"]}', ("Too many requests",)),
        (b'{"errors": ["a", " b\\n c "]}', ("a", "b c")),
        (b'{"errors": [{"title": "Not Found", "detail": "no page", "status": "404"}]}', ("Not Found: no page",)),
        (b'{"errors": [{"title": "Same", "detail": "Same"}, {"title": "Alone"}]}', ("Same", "Alone")),
        (b'{"detail": "Invalid token."}', ("Invalid token.",)),
        (b'{"title": ["Required."], "team": ["a", "b"]}', ("title: Required.", "team: a", "team: b")),
        (b'{"status": "error", "code": 429, "errors": ["Slow down"], "statuspage": "http://s"}', ("Slow down",)),
        (b'{"error": {"message": "nope"}}', ("nope",)),
        (b'"just text"', ("just text",)),
        (b"plain words", ("plain words",)),
        (b"<html><head><title>502 Bad &amp; Gateway</title></head><body>x</body></html>", ("502 Bad & Gateway",)),
        (b"<h1>Sorry</h1><script>var a = 1;</script><p>down</p>", ("Sorry down",)),
        (b"", ()),
        (b"null", ()),
        (b"{}", ()),
        (b"[[[]]]", ()),
        (b'{"errors": []}', ()),
        (b'{"errors": null}', ()),
        (b"7", ("7",)),
        (b'{"a": {"b": ["c"]}}', ("a: b: c",)),
        (b"\xff\xfe", ("\ufffd\ufffd",)),
    ],
)  # fmt: skip
def test_reasons_of_every_shape(body: bytes, expected: tuple[str, ...]) -> None:
    """The reasons are found in every shape of error body that the two vendors and their proxies send."""
    assert parse_errors(body) == expected


def test_reasons_are_few_and_short() -> None:
    """A body with many long reasons gives a few cut ones."""
    reasons = parse_errors(orjson.dumps({"errors": ["x" * 5000] * 500}))
    assert reasons == ("x" * (LONGEST_ERROR - 1) + "…",) * MOST_ERRORS


def test_nested_garbage_ends() -> None:
    """Nesting beyond reason is given up on instead of followed."""
    assert parse_errors(b"[" * 900 + b'"deep"' + b"]" * 900) == ()
    assert len(parse_errors(b'{"a":' * 5000 + b"1" + b"}" * 5000)) <= MOST_ERRORS
    assert len(parse_errors(b"[" * 100_000)) == 1


JSON_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False), st.text()),
    lambda inner: st.one_of(
        st.lists(inner), st.dictionaries(st.sampled_from(["errors", "detail", "title", "message", "x"]), inner)
    ),
)


@given(document=JSON_VALUES)
def test_no_json_body_can_hurt(document: Any) -> None:
    """Any JSON gives a few short non-blank lines, and never fails."""
    for reason in parse_errors(orjson.dumps(document)):
        assert 0 < len(reason) <= LONGEST_ERROR
        assert "\n" not in reason


DATES: Final = [
    "Thu, 15 Jan 2027 08:00:09 GMT",
    "Thursday, 15-Jan-27 08:00:09 GMT",
    "Thu Jan 15 08:00:09 2027",
    "Thu, 15 Jan 2027 08:00:09 -0000",
    "Thu, 15 Jan 2027 08:00:09",
    "Thu, 15 Jan 2027 10:00:09 +0200",
]
"""The same instant in the forms that there are."""
EIGHT: Final = 1_800_000_000.0
"""15 January 2027 at eight, UTC."""


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Tokyo"])
@pytest.mark.parametrize("date", DATES)
def test_dates_are_in_utc(date: str, zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An HTTP date of any form is in UTC, whatever zone this machine is in."""
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert parse_http_date(date) == EIGHT + 9
        assert parse_retry_after(date, EIGHT) == 9.0
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("date", DATES)
def test_wait_is_measured_by_the_clock_of_the_server(date: str) -> None:
    """A date is a wait from the answer's own `Date` on; without one, or with nonsense, from our clock on."""
    assert wait(Retry_After=DATES[0], Date=date.replace(":09", ":04"), wall=str(EIGHT - 5000)) == 5.0
    for nothing in ("yesterday", "", "x" * 100_000):
        assert wait(Retry_After=date, Date=nothing, wall=str(EIGHT + 2)) == 7.0
    assert wait(Retry_After=date, wall=str(EIGHT + 2)) == 7.0
    assert wait(Retry_After=date, Date="Thu, 15 Jan 2027 09:00:00 GMT", wall=str(EIGHT)) == 0.0


def test_leap_second_in_a_date() -> None:
    """A date with a second 60 is the instant that follows."""
    assert parse_http_date("Sat, 31 Dec 2016 23:59:60 GMT") == parse_http_date("Sun, 01 Jan 2017 00:00:00 GMT")


LIKE_DATES: Final = st.from_regex(r"\w{3}, \d{1,4} \w{3} \d{1,5} \d\d:\d\d:\d\d.{0,9}", fullmatch=True)


@given(value=st.one_of(st.text(max_size=80), LIKE_DATES))
def test_no_date_can_hurt(value: str) -> None:
    """Whatever stands for a date is an instant, or nothing."""
    found = parse_http_date(value)
    assert found is None or math.isfinite(found)


@given(body=st.one_of(st.binary(max_size=2000), st.text(alphabet="<>&;/titlescrp \n", max_size=500).map(str.encode)))
def test_no_bytes_can_hurt(body: bytes) -> None:
    """Any bytes give a few short reasons, and never fail."""
    reasons = parse_errors(body)
    assert len(reasons) <= MOST_ERRORS
    assert all(0 < len(reason) <= LONGEST_ERROR for reason in reasons)


MEANINGS: Final = {
    Outcome.SUCCESS: (*range(200, 300),),
    Outcome.THROTTLED: (429,),
    Outcome.REJECTED: (*range(400, 408), *range(409, 429), *range(430, 499), 501, 505, 511),
}
"""What means the same for calls of all kinds."""
DOUBTS: Final = {
    (Outcome.TRANSIENT, Outcome.TRANSIENT, Outcome.AMBIGUOUS): (
        408, 499, *(status for status in range(500, 600) if status not in {501, 505, 511}),
    ),
    (Outcome.REJECTED, Outcome.AMBIGUOUS, Outcome.AMBIGUOUS): (*range(100, 200), *range(300, 400)),
}  # fmt: skip
"""What leaves it open whether it happened, and means this for a call that may be repeated, within itself, or never."""
CELLS: Final = [
    *((status, (outcome,) * 3) for outcome, statuses in MEANINGS.items() for status in statuses),
    *((status, outcomes) for outcomes, statuses in DOUBTS.items() for status in statuses),
]


def test_status_table_is_whole() -> None:
    """The table has every status of HTTP, once."""
    assert sorted(status for status, _ in CELLS) == [*range(100, 600)]


def test_status_table() -> None:
    """Each status means what the table says; `Retry-After` makes a 503 a refusal only for what is always repeatable."""
    assert [*Idempotency] == [Idempotency.IDEMPOTENT, Idempotency.WITHIN_CALL, Idempotency.NON_IDEMPOTENT]
    for status, (repeatable, within, once) in CELLS:
        for asked in (False, True):
            waits = asked and status == 503
            found = [outcome_of_status(status, idempotency, asked_to_wait=asked) for idempotency in Idempotency]
            assert found == [Outcome.THROTTLED if waits else repeatable, within, once], (status, asked)


def test_what_closes_a_bucket() -> None:
    """A 429 asks everybody to wait, a 503 if it says how long, and no other status does."""
    closing = {
        (status, asked)
        for status in range(100, 600)
        for asked in (False, True)
        if closes_bucket(status, asked_to_wait=asked)
    }
    assert closing == {(429, False), (429, True), (503, True)}


@pytest.mark.parametrize(
    ("idempotency", "sent", "expected"),
    [
        (Idempotency.IDEMPOTENT, True, Outcome.TRANSIENT),
        (Idempotency.IDEMPOTENT, False, Outcome.TRANSIENT),
        (Idempotency.WITHIN_CALL, True, Outcome.TRANSIENT),
        (Idempotency.WITHIN_CALL, False, Outcome.TRANSIENT),
        (Idempotency.NON_IDEMPOTENT, False, Outcome.TRANSIENT),
        (Idempotency.NON_IDEMPOTENT, True, Outcome.AMBIGUOUS),
    ],
)
def test_failure_table(idempotency: Idempotency, sent: bool, expected: Outcome) -> None:
    """Only an attempt that may have left, of a call that must not be repeated even by itself, ends the call."""
    assert outcome_of_failure(idempotency, sent=sent) is expected


@pytest.mark.parametrize(
    ("idempotency", "left", "expected"),
    [
        (Idempotency.IDEMPOTENT, True, False),
        (Idempotency.IDEMPOTENT, False, False),
        (Idempotency.WITHIN_CALL, True, True),
        (Idempotency.WITHIN_CALL, False, False),
        (Idempotency.NON_IDEMPOTENT, True, True),
        (Idempotency.NON_IDEMPOTENT, False, False),
    ],
)
def test_doubt_table(idempotency: Idempotency, left: bool, expected: bool) -> None:
    """A call that failed is in doubt if something of it may have had an effect, unless it can always be made again."""
    assert ends_in_doubt(idempotency, left=left) is expected


@given(status=st.integers(100, 599), asked=st.booleans())
def test_a_call_sent_once_is_never_repeated_blindly(status: int, asked: bool) -> None:
    """No answer that may have had an effect makes an unsafe call go again."""
    assert outcome_of_status(status, Idempotency.NON_IDEMPOTENT, asked_to_wait=asked) is not Outcome.TRANSIENT
