"""What goes into the transport and what comes out of it."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping, Sequence
from itertools import chain
from math import inf
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import quote

import attrs
from yarl import URL

from aiooncall._text import whole
from aiooncall.errors import OptionsError
from aiooncall.limits.lane import Lane
from aiooncall.transport.flight import CURRENT, Halted

if TYPE_CHECKING:
    from aiooncall.limits.lane import Demand
    from aiooncall.transport.flight import Flight, Intent
    from aiooncall.transport.watch import CallWatch

Query = Mapping[str, str] | Sequence[tuple[str, str]]
"""Query parameters; as pairs, where a name can come twice."""

_FIELD = re.compile(r"\{(\w+)\}")
_is_plain_id = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.~-]{0,511}").fullmatch
_FORBIDDEN_IN_ID = re.compile(r"[/\\?#%\x00-\x20\x7f-\xa0\u2028\u2029\ud800-\udfff]")
_FORBIDDEN_IN_NAME = re.compile(r"[/\\?#%\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]|^\s|\s$")
MAX_ID_LENGTH: Final = 512
_JSON_HEADERS: Final = {"Content-Type": "application/json"}


class Idempotency(enum.Enum):
    """Whether a request may be sent again when the effect of the first one is unknown."""

    IDEMPOTENT = "idempotent"
    """At any time."""
    WITHIN_CALL = "within_call"
    """Within the call that sent it, as the server recognizes it for a while; later as with `NON_IDEMPOTENT`."""
    NON_IDEMPOTENT = "non_idempotent"
    """Never."""


class About(NamedTuple):
    """What a call is about, for those who have to look at what came of it.

    Attributes:
        named: by name, such as the ids that the path has, or the title of what is made.
        look: how to find out whether it happened.
    """

    named: Mapping[str, str]
    look: str = ""


def _by_method(endpoint: Endpoint) -> Idempotency:
    if endpoint.method == "POST":
        raise TypeError(f"POST {endpoint.template}: a POST has to say whether it may be repeated")
    return Idempotency.IDEMPOTENT


@attrs.frozen(eq=False)
class Endpoint:
    """One operation of an API, declared once; two declarations are never the same one.

    Attributes:
        method: the HTTP method.
        template: the path with `{names}` for what is filled in.
        idempotency: whether it may be repeated; only a POST has to say so, as GET, PUT and DELETE may be
            (https://www.rfc-editor.org/rfc/rfc9110#name-idempotent-methods), and a PATCH here sets just what it names.
        has_result: whether the body of a success matters.
        host: which of the client's base URLs serves it.
        bucket: what the server counts it under, where that is known beforehand; else it is counted by itself until the
            server names its bucket.
        read_back: whether reading the thing tells for sure if it happened.
        accept: the media type to ask for, where it is not the one that the client asks for in general.
    """

    method: str
    template: str
    idempotency: Idempotency = attrs.field(default=attrs.Factory(_by_method, takes_self=True))
    has_result: bool = True
    host: str = "api"
    bucket: str = ""
    read_back: bool = False
    accept: str = ""
    route: str = attrs.field(init=False)
    """Method and template: its name in events and errors."""
    fields: tuple[str, ...] = attrs.field(init=False)
    """The names in the template."""
    needs_fresh: bool = attrs.field(init=False)
    """Whether it goes on a connection that has carried no request: what can be neither repeated nor settled by a look
    must not meet a connection that the server is about to close."""
    needs_guard: bool = attrs.field(init=False)
    """Whether a send has to be watched, to know whether its bytes have left. A POST that may be repeated in doubt needs
    no watch: aiohttp never repeats a POST by itself."""

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "route", f"{self.method} {self.template}")
        object.__setattr__(self, "bucket", self.bucket or self.route)
        object.__setattr__(self, "fields", tuple(_FIELD.findall(self.template)))
        object.__setattr__(self, "needs_fresh", self.idempotency is Idempotency.NON_IDEMPOTENT and not self.read_back)
        object.__setattr__(self, "needs_guard", self.method != "POST" or self.idempotency is not Idempotency.IDEMPOTENT)

    def about(self, values: Sequence[str]) -> About:
        """Return what a call with these values in its path is about."""
        return About(dict(zip(self.fields, values, strict=False)))


@attrs.define(eq=False, repr=False)
class Request:
    """One call, ready to be sent, as often as needed until `until` (monotonic seconds).

    Attributes:
        flight: the flight of the task that makes the call, if a job may stop it.
        demand: the job that it belongs to.
        watch: tells of the call, if somebody watches.
        added: headers that those who watch want to go along with the next attempt.
        left: whether bytes may have left that are not known to have had no effect.
    """

    endpoint: Endpoint
    url: URL
    body: bytes | None = None
    lane: Lane = Lane.INTERACTIVE
    until: float = inf
    values: tuple[str, ...] = ()
    told: About | None = None
    flight: Flight | None = None
    demand: Demand | None = None
    watch: CallWatch | None = None
    added: Mapping[str, str] | None = None
    left: bool = False
    _left_before: bool = False
    _flight_before: bool | None = None

    @property
    def headers(self) -> Mapping[str, str] | None:
        """What it has beside the headers of all requests: strict servers refuse empty bodies that claim to be JSON."""
        of_body = None if self.body is None else _JSON_HEADERS
        if self.added:
            of_body = {**(of_body or {}), **self.added}
        return {"Accept": accept, **(of_body or {})} if (accept := self.endpoint.accept) else of_body

    def begin(self) -> None:
        """Note that a call was begun: from now on it is known whether something of it has left.

        Raises:
            Halted: nothing more is to be sent.
        """
        self.flight = flight = CURRENT.get()
        if flight is None:
            return
        self.go_on()
        self.demand = flight.demand
        if flight.left is None:
            flight.left = False
            if flight.demand is not None:
                flight.demand.asks()

    def go_on(self) -> None:
        """Raise Halted if nothing more is to be sent."""
        if self.flight is not None and self.flight.halted:
            raise Halted

    def leave(self) -> None:
        """Note, and tell those who watch, that bytes are about to leave; take along the headers that they want."""
        if self.watch is not None:
            self.added = self.watch.attempt_starts(str(self.url.with_query(None)))
        self._left_before, self.left = self.left, True
        if (flight := self.flight) is not None:
            self._flight_before, flight.left = flight.left, True
            flight.on_wire = True

    def land(self) -> None:
        """Note that an attempt has come to its end, whatever came of it."""
        if self.flight is not None:
            self.flight.on_wire = False

    def stay(self) -> None:
        """Note that nothing left after all, or that it was refused."""
        self.left = self._left_before
        if (flight := self.flight) is not None:
            flight.left = self._flight_before
            if self.intent is not None and not flight.left:
                self.intent.withdraw()

    @property
    def intent(self) -> Intent | None:
        """Who is told before bytes leave; None if the call changes nothing, or nobody wants to know."""
        return None if self.flight is None or self.endpoint.method == "GET" else self.flight.intent

    @property
    def about(self) -> About:
        """What the call is about: what the caller told, or the ids in its path."""
        return self.told or self.endpoint.about(self.values)


def path_segment(field: str, value: str) -> str:
    """Return `value` quoted as one path segment.

    Args:
        field: the argument's name, for the error; one that ends in `_name` takes a name, in which spaces may stand.
        value: an id or name as the server gave it.

    Raises:
        OptionsError: it is blank, a dot segment, too long, or has a character that could change the path.
    """
    if isinstance(value, str) and _is_plain_id(value):
        return value
    if not isinstance(value, str) or not value.strip():
        raise OptionsError(field, value, "a non-empty id")
    is_name = field.endswith("_name")
    forbidden = _FORBIDDEN_IN_NAME if is_name else _FORBIDDEN_IN_ID
    if value in {".", ".."} or forbidden.search(value) or len(value) > MAX_ID_LENGTH:
        what, space = ("a name", "white space around it") if is_name else ("an id", "white space")
        wanted = rf"{what} without / \ ? # %, {space}, control characters or half a surrogate pair"
        raise OptionsError(field, value, f"{wanted}, of at most {MAX_ID_LENGTH} characters")
    return quote(value, safe="")


class UrlTemplate:
    """A base URL and a path template, split once so that filling in ids is cheap."""

    __slots__ = ("_fields", "_origin", "_parts", "_plain")

    def __init__(self, base: str, template: str) -> None:
        root = URL(base, encoded=True)
        pieces = _FIELD.split(root.raw_path.rstrip("/") + template)
        self._origin = root.origin()
        self._parts = tuple(pieces[0::2])
        self._fields = tuple(pieces[1::2])
        self._plain = self._origin.with_path(self._parts[0], encoded=True) if not self._fields else None

    def fill(self, values: tuple[str, ...] = (), query: Query | None = None) -> URL:
        """Return the URL with `values` as path segments, in order, and `query` appended.

        Raises:
            OptionsError: a value cannot be one path segment.
        """
        if len(self._fields) == 1 and len(values) == 1:
            path = f"{self._parts[0]}{path_segment(self._fields[0], values[0])}{self._parts[1]}"
            url = self._origin.with_path(path, encoded=True)
        elif self._plain is not None and not values:
            url = self._plain
        else:
            segments = [path_segment(*pair) for pair in zip(self._fields, values, strict=True)]
            path = "".join(chain(*zip(self._parts, [*segments, ""], strict=True)))
            url = self._origin.with_path(path, encoded=True)
        return _with_query(url, query) if query else url


def _with_query(url: URL, query: Query) -> URL:
    for name, value in query.items() if isinstance(query, Mapping) else query:
        if not isinstance(value, str) or whole(value) != value:  # yarl would leave it out
            raise OptionsError(name, value, "a text of whole characters, without half a surrogate pair")
    return url.with_query(query)
