"""Escalation policies with everything included, as answers on the wire and as classes of other libraries."""

from __future__ import annotations

import random
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

import msgspec
import orjson
from pydantic import BaseModel, Field

Json = dict[str, Any]


def policy_document(steps: int) -> bytes:
    """Return the answer for a policy of so many steps, the same one each time.

    Each step has four targets: a user, whom others can have too, a schedule, that schedule's previous position, and
    a team. Members are those of https://docs.datadoghq.com/api/latest/on-call/, attributes included.
    """
    chance = random.Random(steps)
    users = [_user(chance, number) for number in range(steps * 3 // 4 + 1)]
    owner = _team(chance, steps)
    stages: list[Json] = []
    included: dict[str, Json] = {owner["id"]: owner}
    for number in range(steps):
        targets = _targets(chance, number, chance.choice(users))
        stages.append(_step(chance, targets))
        included.update((resource["id"], resource) for resource in (stages[-1], *targets))
    about = {"name": f"Policy of {steps} steps", "resolve_page_on_policy_end": True, "retries": 2}
    links = {"steps": {"data": _refs(stages)}, "teams": {"data": _refs([owner])}}
    policy = {"attributes": about, "id": _new_id(chance), "relationships": links, "type": "policies"}
    return orjson.dumps({"data": policy, "included": list(included.values())})


def _new_id(chance: random.Random) -> str:
    return str(UUID(int=chance.getrandbits(128), version=4))


def _refs(resources: list[Json]) -> list[Json]:
    return [{"id": resource["id"], "type": resource["type"]} for resource in resources]


def _user(chance: random.Random, number: int) -> Json:
    about = {"email": f"user{number}@example.com", "name": f"User {number}", "status": "active"}
    return {"attributes": about, "id": _new_id(chance), "type": "users"}


def _team(chance: random.Random, number: int) -> Json:
    about = {"avatar": "", "description": f"Team {number} description", "handle": f"team{number}"}
    return {"attributes": {**about, "name": f"Team {number}"}, "id": _new_id(chance), "type": "teams"}


def _targets(chance: random.Random, number: int, user: Json) -> list[Json]:
    about = {"name": f"Schedule {number}", "tags": [f"tier:{number % 3}"], "time_zone": "Europe/Paris"}
    schedule = {"attributes": about, "id": _new_id(chance), "type": "schedules"}
    previous = {
        "attributes": {"position": "previous"},
        "id": f"{schedule['id']}_previous",
        "relationships": {"schedule": {"data": _refs([schedule])[0]}},
        "type": "schedule_target",
    }
    return [user, schedule, previous, _team(chance, number)]


def _step(chance: random.Random, targets: list[Json]) -> Json:
    about = {"assignment": chance.choice(["default", "round-robin"]), "escalate_after_seconds": 300}
    links = {"targets": {"data": _refs(targets)}}
    return {"attributes": about, "id": _new_id(chance), "relationships": links, "type": "steps"}


class _PydanticRef(BaseModel):
    type: str
    id: str


class _PydanticToOne(BaseModel):
    data: _PydanticRef


class _PydanticToMany(BaseModel):
    data: list[_PydanticRef]


class _PydanticUserAttributes(BaseModel):
    email: str | None = None
    name: str | None = None
    status: str | None = None


class _PydanticUser(BaseModel):
    type: Literal["users"]
    id: str
    attributes: _PydanticUserAttributes | None = None


class _PydanticTeamAttributes(BaseModel):
    avatar: str | None = None
    description: str | None = None
    handle: str | None = None
    name: str | None = None


class _PydanticTeam(BaseModel):
    type: Literal["teams"]
    id: str
    attributes: _PydanticTeamAttributes | None = None


class _PydanticScheduleAttributes(BaseModel):
    name: str | None = None
    tags: list[str] | None = None
    time_zone: str | None = None


class _PydanticSchedule(BaseModel):
    type: Literal["schedules"]
    id: str
    attributes: _PydanticScheduleAttributes | None = None


class _PydanticTargetAttributes(BaseModel):
    position: str


class _PydanticTargetLinks(BaseModel):
    schedule: _PydanticToOne


class _PydanticTarget(BaseModel):
    type: Literal["schedule_target"]
    id: str
    attributes: _PydanticTargetAttributes
    relationships: _PydanticTargetLinks
    schedule: Any = None


class _PydanticStepAttributes(BaseModel):
    assignment: str | None = None
    escalate_after_seconds: int | None = None


class _PydanticStepLinks(BaseModel):
    targets: _PydanticToMany


class _PydanticStep(BaseModel):
    type: Literal["steps"]
    id: str
    attributes: _PydanticStepAttributes
    relationships: _PydanticStepLinks
    targets: Any = None


class _PydanticPolicyAttributes(BaseModel):
    name: str
    resolve_page_on_policy_end: bool | None = None
    retries: int | None = None


class _PydanticPolicyLinks(BaseModel):
    steps: _PydanticToMany
    teams: _PydanticToMany


class _PydanticPolicy(BaseModel):
    type: Literal["policies"]
    id: str
    attributes: _PydanticPolicyAttributes
    relationships: _PydanticPolicyLinks
    steps: Any = None
    teams: Any = None


class PydanticDocument(BaseModel):
    """A policy for pydantic; what may be absent by the vendor's description may be so here."""

    data: _PydanticPolicy
    included: list[
        Annotated[
            _PydanticUser | _PydanticTeam | _PydanticSchedule | _PydanticTarget | _PydanticStep,
            Field(discriminator="type"),
        ]
    ]


class _MsgspecRef(msgspec.Struct):
    type: str
    id: str


class _MsgspecToOne(msgspec.Struct):
    data: _MsgspecRef


class _MsgspecToMany(msgspec.Struct):
    data: list[_MsgspecRef]


class _MsgspecUserAttributes(msgspec.Struct):
    email: str | None = None
    name: str | None = None
    status: str | None = None


class _MsgspecUser(msgspec.Struct, tag_field="type", tag="users"):
    type: ClassVar[str] = "users"
    id: str
    attributes: _MsgspecUserAttributes | None = None


class _MsgspecTeamAttributes(msgspec.Struct):
    avatar: str | None = None
    description: str | None = None
    handle: str | None = None
    name: str | None = None


class _MsgspecTeam(msgspec.Struct, tag_field="type", tag="teams"):
    type: ClassVar[str] = "teams"
    id: str
    attributes: _MsgspecTeamAttributes | None = None


class _MsgspecScheduleAttributes(msgspec.Struct):
    name: str | None = None
    tags: list[str] | None = None
    time_zone: str | None = None


class _MsgspecSchedule(msgspec.Struct, tag_field="type", tag="schedules"):
    type: ClassVar[str] = "schedules"
    id: str
    attributes: _MsgspecScheduleAttributes | None = None


class _MsgspecTargetAttributes(msgspec.Struct):
    position: str


class _MsgspecTargetLinks(msgspec.Struct):
    schedule: _MsgspecToOne


class _MsgspecTarget(msgspec.Struct, tag_field="type", tag="schedule_target"):
    type: ClassVar[str] = "schedule_target"
    id: str
    attributes: _MsgspecTargetAttributes
    relationships: _MsgspecTargetLinks
    schedule: Any = None


class _MsgspecStepAttributes(msgspec.Struct):
    assignment: str | None = None
    escalate_after_seconds: int | None = None


class _MsgspecStepLinks(msgspec.Struct):
    targets: _MsgspecToMany


class _MsgspecStep(msgspec.Struct, tag_field="type", tag="steps"):
    type: ClassVar[str] = "steps"
    id: str
    attributes: _MsgspecStepAttributes
    relationships: _MsgspecStepLinks
    targets: Any = None


class _MsgspecPolicyAttributes(msgspec.Struct):
    name: str
    resolve_page_on_policy_end: bool | None = None
    retries: int | None = None


class _MsgspecPolicyLinks(msgspec.Struct):
    steps: _MsgspecToMany
    teams: _MsgspecToMany


class _MsgspecPolicy(msgspec.Struct, tag_field="type", tag="policies"):
    type: ClassVar[str] = "policies"
    id: str
    attributes: _MsgspecPolicyAttributes
    relationships: _MsgspecPolicyLinks
    steps: Any = None
    teams: Any = None


class MsgspecDocument(msgspec.Struct):
    """The same for msgspec."""

    data: _MsgspecPolicy
    included: list[_MsgspecUser | _MsgspecTeam | _MsgspecSchedule | _MsgspecTarget | _MsgspecStep]
