"""The tree of errors: its shape, that everything pickles, and what the messages say."""

from __future__ import annotations

import copy
import inspect
import pickle
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

import aiooncall
from aiooncall import (
    AmbiguousOutcome,
    ApiError,
    BadRequest,
    CodecError,
    Conflict,
    Forbidden,
    JournalError,
    NotFound,
    OnCallError,
    OptionsError,
    RateLimit,
    RateLimited,
    ResultLimitReached,
    ServerError,
    ShiftMismatch,
    TransportError,
    Unauthorized,
)
from aiooncall.transport.outcome import api_error_class

if TYPE_CHECKING:
    from collections.abc import Iterator

PARENTS = {
    "OptionsError": (OnCallError, ValueError),
    "LossyWrite": (OptionsError,),
    "NothingSelected": (OptionsError,),
    "ClientClosed": (OnCallError, RuntimeError),
    "TransportError": (OnCallError,),
    "ConnectError": (TransportError, ConnectionError),
    "AttemptTimeout": (TransportError, TimeoutError),
    "DeadlineExceeded": (TransportError, TimeoutError),
    "ConnectionDropped": (TransportError, ConnectionError),
    "ResponseTooLarge": (TransportError,),
    "ApiError": (OnCallError,),
    "BadRequest": (ApiError,),
    "Unauthorized": (ApiError,),
    "Forbidden": (ApiError,),
    "NotFound": (ApiError,),
    "Conflict": (ApiError,),
    "RateLimited": (ApiError,),
    "ServerError": (ApiError,),
    "AmbiguousOutcome": (OnCallError,),
    "CodecError": (OnCallError,),
    "LinkError": (OnCallError, AttributeError),
    "ResultLimitReached": (OnCallError,),
    "GraphTooLarge": (OnCallError,),
    "ShiftMismatch": (OnCallError,),
    "JournalError": (OnCallError,),
    "PlanRefused": (OnCallError,),
}


def subclasses(kind: type[OnCallError]) -> Iterator[type[OnCallError]]:
    """Yield `kind` and everything below it that the package defines."""
    if kind.__module__.startswith("aiooncall."):
        yield kind
    for child in kind.__subclasses__():
        yield from subclasses(child)


EVERY = sorted(set(subclasses(OnCallError)), key=lambda kind: kind.__name__)


def api_details() -> dict[str, Any]:
    """Return the arguments of an ApiError."""
    return {
        "status": 418, "errors": ("short", "stout"), "method": "POST", "route": "/pages/{id}", "request_id": "r-1",
        "attempts": 3, "rate_limit": RateLimit("b", 10, 0, 60.0, 5.0, 6.0),
    }  # fmt: skip


def example(kind: type[OnCallError]) -> OnCallError:  # noqa: PLR0911 (one for each way to make an error)
    """Return an error of `kind` with every attribute set."""
    if issubclass(kind, ApiError):
        at: dict[str, Any] = {"retry_at": datetime(2027, 1, 15, tzinfo=UTC)} if issubclass(kind, RateLimited) else {}
        return kind(**api_details(), **at)
    if issubclass(kind, OptionsError):
        return kind("timeout", -1, "something else")
    if issubclass(kind, AmbiguousOutcome):
        return kind(method="POST", route="/pages", attempts=2, hint="look")
    if issubclass(kind, CodecError):
        return kind("wrong", path="$.data")
    if issubclass(kind, ResultLimitReached):
        return kind("too many", limit=1000)
    if issubclass(kind, JournalError):
        return kind("storm.db", "is not there")
    if issubclass(kind, ShiftMismatch):
        moment = datetime(2031, 1, 1, tzinfo=UTC)
        return kind("s", moment, computed=("Ann",), answered=(), instants=9, different=1)
    return kind("it broke")


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_every_error_pickles(kind: type[OnCallError], protocol: int) -> None:
    """A pickled error comes back as the same class with the same words, arguments and attributes."""
    error = example(kind)
    back = pickle.loads(pickle.dumps(error, protocol))
    assert type(back) is kind
    assert (str(back), back.args, vars(back)) == (str(error), error.args, vars(error))


@pytest.mark.parametrize("kind", EVERY)
def test_every_error_copies(kind: type[OnCallError]) -> None:
    """A copied error is the same, and can have attributes and notes of its own."""
    error = example(kind)
    error.add_note("seen")
    back = copy.copy(error)
    assert (str(back), vars(back)) == (str(error), vars(error))
    assert back.__notes__ == ["seen"]


def test_tree_has_the_documented_shape() -> None:
    """Each error has the documented parents, so that one `except` gets what it should, built-in names included."""
    assert {kind.__name__: kind.__bases__ for kind in EVERY if kind is not OnCallError} == PARENTS


def test_every_error_is_public_and_drawn() -> None:
    """Each error can be imported from the package and stands in the tree that the module's docstring draws."""
    drawn = inspect.getdoc(aiooncall.errors) or ""
    for kind in EVERY:
        assert kind.__name__ in dir(aiooncall)
        assert getattr(aiooncall, kind.__name__) is kind
        assert kind.__name__ in drawn
        assert kind.__doc__


@pytest.mark.parametrize("kind", EVERY)
def test_messages_are_one_short_line(kind: type[OnCallError]) -> None:
    """What an error prints fits on a line of a log."""
    text = str(example(kind))
    assert 0 < len(text) < 200
    assert "\n" not in text


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequest), (401, Unauthorized), (402, ApiError), (403, Forbidden), (404, NotFound), (409, Conflict),
        (418, ApiError), (422, BadRequest), (429, RateLimited), (500, ServerError), (503, ServerError),
        (599, ServerError), (302, ApiError),
    ],
)  # fmt: skip
def test_status_chooses_the_class(status: int, kind: type[ApiError]) -> None:
    """Each status has its class, and an unusual one is a plain ApiError."""
    assert api_error_class(status) is kind


def test_api_error_tells_what_the_server_said() -> None:
    """The message has the method, the route, the status, the reasons and the number of attempts."""
    assert str(ApiError(**api_details())) == "POST /pages/{id}: 418: short; stout (attempts: 3)"
    assert "no reason given" in str(ApiError(status=500, method="GET", route="/"))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (-1, "-1"), ("x", "'x'"), (None, "None"), ("***", "***"), ("x" * 500, "'" + "x" * 78 + "…"),
        ({"a": 1}, "{'a': 1}"),
    ],
)  # fmt: skip
def test_options_error_names_field_value_and_expectation(value: object, shown: str) -> None:
    """A wrong option's error has its name, the value shortened, and what would be right, in text and as attributes."""
    error = OptionsError("timeout", value, "a positive number")
    assert (error.field, error.value, error.expected) == ("timeout", shown, "a positive number")
    assert str(error) == f"timeout: got {shown}; expected a positive number"


def test_codec_error_says_where() -> None:
    """A codec error's message begins with the path."""
    error = CodecError("expected str", path="$.data.id")
    assert (error.path, str(error)) == ("$.data.id", "$.data.id: expected str")
    assert CodecError("empty").path == "$"


def test_ambiguous_outcome_keeps_its_cause() -> None:
    """What went wrong is the cause, and the message says to look before trying again."""
    with pytest.raises(AmbiguousOutcome, match="look at its state before") as caught:
        raise AmbiguousOutcome(method="POST", route="/pages", attempts=1) from TransportError("dropped")
    assert isinstance(caught.value.__cause__, TransportError)
