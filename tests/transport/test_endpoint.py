"""What an operation says of itself, and what follows from its method."""

from __future__ import annotations

import pytest

from aiooncall.grafana.endpoints import crud, endpoint
from aiooncall.grafana.limits import PHONE, USER
from aiooncall.transport.endpoint import Endpoint, Idempotency


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_all_but_a_post_may_be_repeated(method: str) -> None:
    """Every method but POST may be repeated, unless it is said otherwise."""
    assert Endpoint(method, "/x").idempotency is Idempotency.IDEMPOTENT
    assert Endpoint(method, "/x", Idempotency.NON_IDEMPOTENT).idempotency is Idempotency.NON_IDEMPOTENT


def test_a_post_has_to_say_whether_it_may_be_repeated() -> None:
    """A POST that does not say so is an error where it is declared, which names it."""
    with pytest.raises(TypeError, match="POST /x: a POST has to say"):
        Endpoint("POST", "/x")
    assert not Endpoint("POST", "/x", Idempotency.WITHIN_CALL).needs_fresh


def test_operations_of_grafana_are_counted_by_user() -> None:
    """An operation of Grafana OnCall is in the bucket of its user, unless it names another."""
    assert {endpoint("GET", "/x").bucket, crud("/x/", "x_id").get.bucket, crud("/x/", "x_id").create.bucket} == {USER}
    assert endpoint("GET", "/x", bucket=PHONE).bucket == PHONE
