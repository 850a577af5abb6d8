"""Errors in the engine's words and shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall.simulator.http.routing import Refusal, html_answer, json_answer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiooncall.simulator.http.json_values import Json

REQUIRED: Final = "This field is required."
NOT_NULL: Final = "This field may not be null."
NO_OBJECT: Final = "Object does not exist"


class Invalid(Exception):
    """A value of a field that cannot be taken."""

    def __init__(self, problem: object) -> None:
        super().__init__(problem)
        self.problem = problem


def detail(status: int, text: str) -> Refusal:
    """Return an error that one sentence explains."""
    return Refusal(json_answer(status, {"detail": text}))


def bad_request(text: str) -> Refusal:
    """Return the refusal of a request that cannot be carried out as it is."""
    return detail(400, text)


def not_found() -> Refusal:
    """Return the refusal of a path whose object is not there."""
    return detail(404, "Not found.")


def bad_token() -> Refusal:
    """Return the refusal of credentials; there is no 401."""
    return detail(403, "Invalid token.")


def not_acceptable() -> Refusal:
    """Return the refusal of a request that wants another form than there is."""
    return detail(406, "Could not satisfy the request Accept header.")


def forbidden() -> Refusal:
    """Return the refusal of somebody who is known and may not do it."""
    return detail(403, "You do not have permission to perform this action.")


def wrong_method(method: str, allowed: Iterable[str]) -> Refusal:
    """Return the refusal of a method that a path does not have."""
    refusal = detail(405, f'Method "{method}" not allowed.')
    refusal.answer.headers["Allow"] = ", ".join(sorted(allowed))
    return refusal


def field_errors(errors: Json) -> Refusal:
    """Return the refusal of fields, by name."""
    return Refusal(json_answer(400, errors))


def bad_object(*problems: str) -> Refusal:
    """Return the refusal of a request whose fields do not go together."""
    return field_errors({"non_field_errors": list(problems)})


def no_such_team() -> Refusal:
    """Return the refusal of a list that is to be filtered by a team that is not there."""
    return field_errors({"team_id": ["Select a valid choice. That choice is not one of the available choices."]})


def server_error() -> Refusal:
    """Return what a bug of the engine looks like from outside."""
    return Refusal(html_answer(500, "Server Error (500)"))
