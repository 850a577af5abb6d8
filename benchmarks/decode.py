"""What does it cost to decode and link an escalation policy with everything included?"""

from __future__ import annotations

import gc
import random
import time
import tracemalloc
from collections.abc import Callable
from importlib import import_module
from statistics import median
from typing import Any

import msgspec
import orjson

from aiooncall.datadog.models.kinds import KINDS
from aiooncall.datadog.models.policy import EscalationPolicy
from aiooncall.datadog.resources.base import read_one
from aiooncall.jsonapi import link, parse_document
from benchmarks.documents import MsgspecDocument, PydanticDocument, policy_document
from benchmarks.harness import Result, spread

Decode = Callable[[bytes], Any]
Times = dict[str, list[float]]

STEPS = (10, 100, 1000, 5000)
BLOCK = 1000
"""How many steps a block decodes at least, in as many documents as that takes."""
TARGETS = {10: 4.4, 5000: 8.6}
"""Microseconds a resource, by steps."""
TARGET_RATIOS = {10: 5.6, 5000: 3.4}
"""The same over `orjson.loads`."""
TARGET_MEMORY = 2.0
TARGET_GROWTH = 1.3
BASE, OURS, VENDOR = "orjson.loads", "aiooncall, linked", "datadog-api-client"
VENDOR_STEPS = 1000
"""How large documents get for the vendor's client; with larger ones the run would be about nothing else."""


def run(*, quick: bool) -> Result:
    """Measure time at each size, then memory."""
    rounds = 1 if quick else 10
    result = Result(
        name="decode",
        question="what does it cost to decode and link a policy with everything included?",
        method=(
            f"CPU time, one process, blocks of at least {BLOCK:,} steps, {rounds} rounds; in each round all take turns"
            " in random order, and the ratio is\nover orjson.loads in the same round (medians, in brackets 10th to"
            " 90th percentile). A resource is the policy or one that is included.\nMemory: the peak that tracemalloc"
            " sees while the parsed JSON is linked, that JSON included, over its own size. What the imports left in\n"
            "memory is frozen, so that the garbage collector does not look at the modules of five rivals."
        ),
        packages=("aiooncall", "orjson", "pydantic", "msgspec", "datadog-api-client"),
        columns=("steps", "resources", "contender", "us a resource", "over orjson", "memory over JSON"),
    )
    decoders, largest = _decoders(), VENDOR_STEPS // 10 if quick else VENDOR_STEPS
    gc.freeze()  # a user's process does not hold the modules of five rivals for the garbage collector to look at
    for steps in STEPS:
        body = policy_document(steps)
        chosen = {name: decode for name, decode in decoders.items() if name != VENDOR or steps <= largest}
        result.failures += [f"{name}: not linked, {steps} steps" for name in _not_linked(chosen, body, steps)]
        _report(result, steps, _rounds(chosen, body, max(BLOCK // steps, 1), rounds), _resources(body), _memory(body))
    _aim_at_growth(result)
    return result


def _decoders() -> dict[str, Decode]:
    decode_msgspec = msgspec.json.Decoder(MsgspecDocument).decode
    return {
        BASE: orjson.loads,
        OURS: lambda body: read_one(body, EscalationPolicy),
        "msgspec": decode_msgspec,
        "msgspec, linked by hand": lambda body: link_by_hand(decode_msgspec(body)),
        "pydantic": PydanticDocument.model_validate_json,
        "pydantic, linked by hand": lambda body: link_by_hand(PydanticDocument.model_validate_json(body)),
        VENDOR: _vendor(),
    }


def _vendor() -> Decode:
    """Return what Datadog's own client does with the body of an answer."""
    # Imported here because it is slow; by name because it has no types.
    package: Any = import_module("datadog_api_client")
    model: Any = import_module("datadog_api_client.v2.model.escalation_policy")
    client = package.ApiClient(package.Configuration())
    check = client.configuration.check_return_type
    return lambda body: client.deserialize(body.decode(), (model.EscalationPolicy,), check)


def link_by_hand(document: Any) -> Any:  # noqa: ANN401 (a document of either library)
    """Return the policy of `document` with objects for its steps, targets and teams, as one writes it for one use."""
    found = {(resource.type, resource.id): resource for resource in document.included}

    def find(refs: Any) -> list[Any]:  # noqa: ANN401 (references of either library)
        return [found.get((ref.type, ref.id), ref) for ref in refs]

    for resource in document.included:
        if resource.type == "steps":
            resource.targets = find(resource.relationships.targets.data)
        elif resource.type == "schedule_target":
            (resource.schedule,) = find([resource.relationships.schedule.data])
    policy = document.data
    policy.steps = find(policy.relationships.steps.data)
    policy.teams = find(policy.relationships.teams.data)
    return policy


def _not_linked(decoders: dict[str, Decode], body: bytes, steps: int) -> list[str]:
    """Let everybody decode the document once, which fills caches, and return who should have linked it and did not."""
    return [name for name, decode in decoders.items() if not _is_linked(decode(body), steps) and "linked" in name]


def _is_linked(policy: Any, steps: int) -> bool:  # noqa: ANN401 (whatever anybody makes of a document)
    targets = [step.targets for step in getattr(policy, "steps", None) or ()]
    return len(targets) == steps and all(previous.schedule is schedule for _, schedule, previous, _ in targets)


def _rounds(decoders: dict[str, Decode], body: bytes, documents: int, rounds: int) -> Times:
    """Return the microseconds a resource of each contender, round by round."""
    times: Times = {name: [] for name in decoders}
    resources = _resources(body) * documents
    for _ in range(rounds):
        for name in random.sample(list(decoders), len(decoders)):
            times[name].append(_block(decoders[name], body, documents) / resources * 1e6)
    return times


def _block(decode: Decode, body: bytes, documents: int) -> float:
    """Return the seconds of CPU time, for throwing the results away, too."""
    gc.collect()
    started = time.process_time()
    for _ in range(documents):
        decode(body)
    return time.process_time() - started


def _resources(body: bytes) -> int:
    return 1 + len(orjson.loads(body)["included"])


def _memory(body: bytes) -> float:
    """Return the peak while parsed JSON is linked over the size of that JSON, which is there all the time.

    What orjson itself needs for a moment while it parses is not in it: it is the same for everybody who uses orjson.
    """
    gc.collect()
    tracemalloc.start()
    document = parse_document(body)
    parsed, _ = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    link(document, EscalationPolicy, KINDS)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / parsed


def _report(result: Result, steps: int, times: Times, resources: int, memory: float) -> None:
    result.raw[str(steps)] = {"resources": resources, "memory": memory, "us": times}
    for name, measured in times.items():
        ratios = [mine / base for mine, base in zip(measured, times[BASE], strict=True)]
        taken = spread(measured, 2), "1" if name == BASE else spread(ratios, 2)
        result.rows.append((f"{steps:,}", f"{resources:,}", name, *taken, f"{memory:.2f}" if name == OURS else ""))
    if steps in TARGETS:
        ratios = [mine / base for mine, base in zip(times[OURS], times[BASE], strict=True)]
        result.aim(f"us a resource, {steps:,} steps", median(times[OURS]), TARGETS[steps])
        result.aim(f"over orjson.loads, {steps:,} steps", median(ratios), TARGET_RATIOS[steps])
    result.aim(f"memory over JSON, {steps:,} steps", memory, TARGET_MEMORY)


def _aim_at_growth(result: Result) -> None:
    """Compare how much dearer a resource gets with the size: the collector makes large documents so for everybody."""
    large, small = (result.raw[str(steps)]["us"] for steps in (5000, 1000))
    ours, base = (median(large[name]) / median(small[name]) for name in (OURS, BASE))
    result.aim("us a resource, 5,000 over 1,000 steps, over the same of orjson.loads", ours / base, TARGET_GROWTH)
