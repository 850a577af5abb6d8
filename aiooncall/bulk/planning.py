"""The plan: all selected items are written to the journal, once and in order, before anything is sent."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aiooncall._base.datetimes import format_datetime, parse_datetime
from aiooncall._base.validation import seconds, whole_units
from aiooncall.bulk.database import damage_errors
from aiooncall.bulk.journal import BATCH, Journal
from aiooncall.bulk.models import PlanFacts
from aiooncall.bulk.schema import FORMAT
from aiooncall.bulk.selection import items_in
from aiooncall.errors import JournalError, NothingSelected, OptionsError, PlanRefused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from aiooncall._base.validation import Seconds
    from aiooncall.bulk.models import Item, Verb
    from aiooncall.bulk.providers import Provider
    from aiooncall.bulk.selection import Selection


class Fingerprint:
    """The hash of a plan: of provider, account, verb and duration, and of every id in its order."""

    def __init__(self, *facts: str) -> None:
        self._hash = hashlib.sha256("\0".join((FORMAT, *facts)).encode())

    def add(self, ids: list[str]) -> None:
        """Add ids to the hash."""
        self._hash.update("".join(f"\n{one}" for one in ids).encode())

    @property
    def text(self) -> str:
        """The hash, short enough to be typed."""
        return self._hash.hexdigest()[:16]


def find_verb(provider: Provider, name: str, duration: Seconds | None) -> Verb:
    """Return the verb of a name.

    Raises:
        OptionsError: the provider has no such verb, or the duration is wrong.
    """
    verb = provider.verbs.get(name)
    if verb is None:
        raise OptionsError("verb", name, f"one of {', '.join(provider.verbs)} for {provider.name}")
    if duration is not None and not verb.timed:
        raise OptionsError("duration", duration, f"nothing: {name} takes no duration")
    if duration is not None:
        whole_units("duration", duration, 1, least=1)  # all verbs that take one are sent whole seconds
    return verb


async def write_plan(
    provider: Provider,
    name: str,
    path: str | Path,
    selection: Selection,
    *,
    described_as: str,
    duration: Seconds | None,
    most: int | None,
    facts: Mapping[str, str] | None = None,
) -> Journal:
    """Write a plan to a new journal and return it; a plan that fails leaves no file.

    Args:
        provider: the provider.
        name: the name of the verb.
        path: the file of the new journal.
        selection: the items.
        described_as: the source of the items, in words.
        duration: the duration, where the verb takes one.
        most: refuse a selection of more items.
        facts: more facts to write.
    """
    verb = find_verb(provider, name, duration)
    length = None if duration is None else seconds("duration", duration)
    journal = Journal.create(path)
    try:
        fingerprint = Fingerprint(provider.name, provider.core.profile.account, verb.name, repr(length))
        added, duplicates = await _fill(journal, selection, fingerprint, most, described_as)
        planned = {
            **(facts or {}),
            "provider": provider.name,
            "account": provider.core.profile.account,
            "verb": verb.name,
            "duration": "" if length is None else repr(length),
            "selection": described_as,
            "items": str(added),
            "duplicates": str(duplicates),
            "hash": fingerprint.text,
            "created_at": format_datetime(datetime.fromtimestamp(provider.core.options.clock.time(), UTC)),
            "format": FORMAT,  # without it the plan is not finished
        }
        journal.note(planned)
    except BaseException:
        journal.discard()
        raise
    return journal


async def _fill(
    journal: Journal, selection: Selection, fingerprint: Fingerprint, most: int | None, described_as: str
) -> tuple[int, int]:
    """Write the items, and return how many were written and how many were repeated."""
    added, read = 0, 0
    batch: list[Item] = []

    def flush() -> None:
        nonlocal added
        new = journal.add(batch)
        fingerprint.add(new)
        added += len(new)
        batch.clear()
        if most is not None and added > most:
            raise PlanRefused(
                f"the selection has more than {most} items, the maximum that was set; nothing was planned"
            )

    async for item in items_in(selection):
        batch.append(item)
        read += 1
        if len(batch) == BATCH:
            flush()
    flush()
    if not added:
        raise NothingSelected("selection", described_as, "at least one id")
    return added, read - added


def plan_facts(journal: Journal) -> PlanFacts:
    """Read the facts of the plan from a journal."""
    facts = journal.facts()
    with damage_errors(journal.path):
        return PlanFacts(
            provider=facts["provider"],
            account=facts["account"],
            verb=facts["verb"],
            duration=float(facts["duration"]) if facts["duration"] else None,
            selection=facts["selection"],
            items=int(facts["items"]),
            duplicates=int(facts["duplicates"]),
            hash=facts["hash"],
            created_at=parse_datetime(facts["created_at"]),
        )


def current_hash(journal: Journal) -> str:
    """Compute the hash of a plan again, from the items that the journal has now."""
    plan = plan_facts(journal)
    fingerprint = Fingerprint(plan.provider, plan.account, plan.verb, repr(plan.duration))
    for ids in journal.ids(BATCH):
        fingerprint.add(ids)
    return fingerprint.text


def check_account(journal: Journal, provider: Provider) -> None:
    """Refuse a journal that was planned for another provider or account."""
    plan = plan_facts(journal)
    if plan.provider != provider.name:
        raise JournalError(journal.path, f"was planned for {plan.provider}, and this is {provider.name}")
    if plan.account != (account := provider.core.profile.account):
        raise JournalError(
            journal.path,
            f"was planned for another account or credential ({plan.account}) than this one ({account})",
        )
