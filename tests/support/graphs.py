"""Arbitrary well-formed documents of On-Call resources: everything that the resolver has to bear and to keep."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hypothesis import strategies as st

from aiooncall.codec import dumps, loads
from aiooncall.datadog.models.kinds import KINDS
from aiooncall.datadog.models.on_call import ScheduleResponders, TeamOnCall
from aiooncall.datadog.models.routing import RoutingRules
from aiooncall.jsonapi import link, parse_document, unlink

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hypothesis.strategies import DrawFn, SearchStrategy

    from aiooncall.jsonapi import Document, Graph, Resource

Json = dict[str, Any]
Path = tuple[str | int, ...]

TEXTS: Final = st.text(max_size=6)
INTEGERS: Final = st.integers(-(2**53) - 5, 2**53 + 5)
JSON: Final[SearchStrategy[Any]] = st.recursive(
    st.none() | st.booleans() | INTEGERS | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)
UNKNOWN_NAMES: Final = TEXTS.map("x_".__add__) | st.sampled_from(["extra", "kind", "escalate_after", "delay", "self"])
"""What no class has a name for on the wire, although some of it is a field in Python."""
UNKNOWN: Final = st.dictionaries(UNKNOWN_NAMES, JSON, max_size=2)
IDS: Final = st.text(min_size=1, max_size=4) | st.sampled_from(
    ["00000000-aba2-0000-0000-000000000000", "00000000-aba2-0000-0000-000000000000_previous", "virtual-1-rule-0",
     "23545b48-fa23-4ea9-a331-3a38f81195cd-1783675898-current", "0", "a/b?c#d", "42e2447f-2025-12-04T03:50:19-05:00"]
)  # fmt: skip


@st.composite
def moments(draw: DrawFn) -> str:
    """Return an RFC 3339 time of any offset, with up to nine digits of a second."""
    whole = draw(st.datetimes().filter(lambda moment: 1 < moment.year < 9999)).isoformat(timespec="seconds")
    fraction = draw(st.text("0123456789", max_size=9))
    offset = draw(st.sampled_from(["Z", "+00:00", "-05:00", "+05:45", "+14:00", "-11:30"]))
    return f"{whole}{'.' * bool(fraction)}{fraction}{offset}"


def some_of(**fields: SearchStrategy[Any]) -> SearchStrategy[Json]:
    """Return objects with some of `fields`, some of them null, and with what is unknown."""
    return all_of({}, **fields)


def all_of(needed: dict[str, SearchStrategy[Any]], **fields: SearchStrategy[Any]) -> SearchStrategy[Json]:
    """Return objects with everything in `needed` and some of `fields`, some of them null, and with what is unknown."""
    nullable = {name: st.none() | values for name, values in fields.items()}
    known = st.fixed_dictionaries(needed, optional=nullable)
    return st.builds(lambda unknown, said: {**unknown, **said}, UNKNOWN, known)


def tagged(kind: str, **needed: SearchStrategy[Any]) -> dict[str, SearchStrategy[Any]]:
    """Return what an object of a kind needs."""
    return {"type": st.just(kind), **needed}


def one_of_these(*texts: str) -> SearchStrategy[str]:
    """Return values of an open vocabulary."""
    return st.sampled_from(texts) | TEXTS


FLAGS: Final = st.booleans()
MOSTLY: Final = st.sampled_from([True] * 7 + [False])
DAYS: Final = one_of_these("monday", "sunday")
TIMES: Final = st.times().map(lambda time: time.isoformat("seconds")) | one_of_these(
    "24:00:00", "9:00", "17:00", "17:00:00Z", "17:00:00.5", "noon"
)
POSITIONS: Final = one_of_these("previous", "current", "next")
WINDOWS: Final = st.lists(some_of(start_day=DAYS, start_time=TIMES, end_day=DAYS, end_time=TIMES), max_size=2)
HOURS: Final = all_of({"time_zone": one_of_these("Europe/Paris", "")}, restrictions=WINDOWS)
INTERVALS: Final = some_of(days=INTEGERS, seconds=INTEGERS)
URGENCIES: Final = one_of_these("low", "high", "dynamic")
OTHER_VARIANTS: Final = all_of(tagged("hologram"))
ACTIONS: Final = st.one_of(
    all_of(
        tagged("escalation_policy", policy_id=IDS), urgency=URGENCIES, ack_timeout_minutes=INTEGERS, support_hours=HOURS
    ),
    all_of(tagged("send_slack_message", workspace=TEXTS, channel=TEXTS)),
    all_of(tagged("send_teams_message", tenant=TEXTS, team=TEXTS, channel=TEXTS)),
    all_of(tagged("workflow", handle=TEXTS)),
    all_of(tagged("reroute_to_team", destination_team_id=IDS)),
    OTHER_VARIANTS,
)
CHANNEL_CONFIGS: Final = st.one_of(
    all_of(
        tagged("phone", number=TEXTS, formatted_number=TEXTS, region=TEXTS, verified=FLAGS), sms_subscribed_at=moments()
    ),
    all_of(tagged("email", address=TEXTS, formats=st.lists(one_of_these("html", "text"), max_size=2))),
    all_of(tagged("push", device_name=TEXTS, application_name=TEXTS)),
    OTHER_VARIANTS,
)
CHANNEL_SETTINGS: Final = all_of(tagged("phone", method=one_of_these("sms", "voice"))) | OTHER_VARIANTS
ATTRIBUTES: Final[dict[str, SearchStrategy[Json]]] = {
    "escalation_policy_steps": some_of(),
    "layers": some_of(
        name=TEXTS, effective_date=moments(), end_date=moments(), rotation_start=moments(), interval=INTERVALS,
        time_zone=TEXTS, restrictions=WINDOWS,
    ),
    "members": some_of(),
    "notification_channels": some_of(config=CHANNEL_CONFIGS, active=FLAGS),
    "notification_rules": some_of(
        category=one_of_these("high_urgency", "low_urgency"), delay_minutes=INTEGERS, channel_settings=CHANNEL_SETTINGS
    ),
    "overrides": some_of(start=moments(), end=moments(), inactive=FLAGS),
    "policies": all_of({"name": TEXTS}, retries=INTEGERS, resolve_page_on_policy_end=FLAGS),
    "schedule_oncall_responder": some_of(position=POSITIONS),
    "schedule_oncall_responders": some_of(scheduled_at=moments()),
    "schedule_target": all_of({"position": POSITIONS}),
    "schedules": some_of(name=TEXTS, time_zone=TEXTS, tags=st.lists(TEXTS, max_size=2)),
    "shifts": some_of(start=moments(), end=moments()),
    "steps": some_of(escalate_after_seconds=INTEGERS, assignment=one_of_these("default", "round-robin")),
    "team_oncall_responders": some_of(),
    "team_routing_rules": some_of(
        query=TEXTS, urgency=URGENCIES, actions=st.lists(ACTIONS, max_size=2), time_restriction=HOURS
    ),
    "teams": some_of(
        name=TEXTS, handle=TEXTS, description=TEXTS, avatar=TEXTS, summary=TEXTS, user_count=INTEGERS
    ),
    "users": some_of(
        name=TEXTS, email=TEXTS, status=one_of_these("active", "Pending"), handle=TEXTS, title=TEXTS, icon=TEXTS,
        uuid=TEXTS, disabled=FLAGS, verified=FLAGS, service_account=FLAGS, mfa_enabled=FLAGS, created_at=moments(),
        modified_at=moments(), last_login_time=moments(),
    ),
}  # fmt: skip
NEEDED: Final = frozenset({"policies", "schedule_target"})
"""Types whose resources have to say something of themselves where they are primary."""
TO_ONE: Final = {
    "members": ("user",), "notification_rules": ("channel",), "overrides": ("user", "overridden_user", "schedule"),
    "schedule_oncall_responders": ("schedule",), "schedule_target": ("schedule",), "shifts": ("user",),
}  # fmt: skip
TO_MANY: Final = {
    "escalation_policy_steps": ("responders",), "layers": ("members",), "policies": ("steps", "teams"),
    "schedule_oncall_responder": ("shifts",), "schedule_oncall_responders": ("responders",),
    "schedules": ("layers", "teams"), "steps": ("targets",), "team_oncall_responders": ("responders", "escalations"),
}  # fmt: skip
RULES: Final = "team_routing_rules"
"""One type that means two things: a team's rules where it is primary, one rule where it is included."""
PRIMARY: Final[dict[str, type[Resource]]] = {
    **KINDS, RULES: RoutingRules, TeamOnCall.type: TeamOnCall, ScheduleResponders.type: ScheduleResponders
}  # fmt: skip

Key = tuple[str, str]
KEYS: Final = st.tuples(st.sampled_from([*KINDS, *TO_MANY, *TO_MANY, *TO_ONE, "orgs", "hologram"]), IDS)


class Case(NamedTuple):
    """A document, and the class of its primary resources."""

    kind: type[Resource]
    document: Json

    @property
    def raws(self) -> list[Json]:
        """The primary resources."""
        data = self.document["data"]
        return data if isinstance(data, list) else [data]

    def link(self) -> Graph[Resource]:
        """Return the document's graph, read from its bytes."""
        return link(parse_document(dumps(self.document)), self.kind, KINDS)


def identifier(key: Key) -> Json:
    """Return what refers to a resource."""
    return {"type": key[0], "id": key[1]}


@st.composite
def relationships(draw: DrawFn, kind: str, keys: SearchStrategy[Key], *, primary: bool) -> Json:
    """Return relationships of a resource to any others, of whatever kind."""
    to_one, to_many = TO_ONE.get(kind, ()), TO_MANY.get(kind, ())
    if kind == RULES:
        to_one, to_many = ((), ("rules",)) if primary else (("policy",), ())
    identifiers = keys.map(identifier)
    several = st.lists(identifiers, min_size=1, max_size=4)
    data = {
        **dict.fromkeys(to_one, st.one_of(identifiers, identifiers, st.none())),
        **dict.fromkeys(to_many, st.one_of(several, several, st.just([]), st.none())),
    }
    known = {name: draw(mostly(data=values)) for name, values in data.items() if draw(MOSTLY)}
    return {**draw(st.dictionaries(UNKNOWN_NAMES, mostly(data=JSON), max_size=1)), **known}


@st.composite
def mostly(draw: DrawFn, /, **members: SearchStrategy[Any]) -> Json:
    """Return objects that have some members, most of the time, and now and then others."""
    known = {name: draw(values) for name, values in members.items() if draw(MOSTLY)}
    return known if draw(MOSTLY) else {**draw(UNKNOWN), **known}


BEYOND: Final[SearchStrategy[Json]] = st.just({}) | st.fixed_dictionaries(
    {}, optional={"links": UNKNOWN, "meta": UNKNOWN, "x_more": JSON}
)


@st.composite
def resources(draw: DrawFn, key: Key, keys: SearchStrategy[Key], *, primary: bool = False) -> Json:
    """Return a resource."""
    kind = key[0]
    attributes = ATTRIBUTES.get(kind, UNKNOWN) if kind != RULES or not primary else some_of()
    said = {"attributes": draw(attributes)} if (primary and kind in NEEDED) or draw(MOSTLY) else {}
    links = {"relationships": draw(relationships(kind, keys, primary=primary))} if draw(MOSTLY) else {}
    return {**draw(BEYOND), **identifier(key), **said, **links}


@st.composite
def cases(draw: DrawFn) -> Case:
    """Return a document in which any resource can refer to any other, and to what is not there."""
    kind = draw(st.sampled_from(sorted(PRIMARY)))
    primary = [(kind, name) for name in draw(st.lists(IDS, min_size=1, max_size=3, unique=True))]
    listed = draw(st.lists(KEYS, min_size=draw(st.sampled_from([0, 3, 6])), max_size=7, unique=True))
    others = [key for key in listed if key not in primary]
    keys = st.sampled_from([*primary, *others])
    data = [draw(resources(key, keys, primary=True)) for key in primary]
    included = [draw(resources(key, keys)) for key in others if draw(MOSTLY)]
    top = draw(BEYOND)
    shows_included, is_single = draw(FLAGS) or bool(included), draw(FLAGS) and len(data) == 1
    came_along = {"included": included} if shows_included else {}
    return Case(PRIMARY[kind], {"data": data[0] if is_single else data, **came_along, **top})


_MOMENT: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)")


def is_moment(text: str) -> bool:
    """Return whether a text is an RFC 3339 time."""
    return _MOMENT.fullmatch(text) is not None


def meaning(value: Any) -> Any:
    """Return JSON such that what means the same is equal: an offset of Z, zeros at the end of a second."""
    if isinstance(value, dict):
        return {name: meaning(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [meaning(inner) for inner in value]
    if isinstance(value, bool):
        return ("bool", value)
    found = _MOMENT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return value
    return ("time", found[1], (found[2] or "").rstrip("0"), found[3].replace("Z", "+00:00"))


def as_json(document: Document) -> Json:
    """Return a document as it is on the wire."""
    included = {} if document.included is None else {"included": document.included}
    data = document.data[0] if document.single else document.data
    written: Json = loads(dumps({"data": data, **included, **document.extra}))
    return written


def there_and_back(case: Case) -> Json:
    """Return the document that a case's graph is written as."""
    return as_json(unlink(case.link()))


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield what is neither an object nor a list, with where it is."""
    if isinstance(value, (dict, list)):
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, (*path, name))
    else:
        yield path, value


def changed(value: Any, path: Path, leaf: Any) -> Any:
    """Return a copy of JSON with another leaf."""
    if not path:
        return leaf
    copy = value.copy()
    copy[path[0]] = changed(value[path[0]], path[1:], leaf)
    return copy
