"""The endpoints of one kind of resource, declared in one line."""

from __future__ import annotations

import attrs

from aiooncall.transport.endpoint import Endpoint, Idempotency


@attrs.frozen(eq=False)
class Crud:
    """The endpoints of one kind of resource. The server may lack some of them."""

    create: Endpoint
    list: Endpoint
    get: Endpoint
    update: Endpoint
    patch: Endpoint
    delete: Endpoint


def crud(path: str, name: str, *, bucket: str = "") -> Crud:
    """Declare the endpoints under `path`, where one resource is found by the id called `name`.

    Args:
        path: the path of all of them; if it ends in a slash, that of one ends in a slash too.
        name: what the id is called in the path of one.
        bucket: what the server counts them under, if that is known.
    """
    slash = "/" if path.endswith("/") else ""
    one = f"{path.rstrip('/')}/{{{name}}}{slash}"
    return Crud(
        create=Endpoint("POST", path, Idempotency.NON_IDEMPOTENT, bucket=bucket),
        list=Endpoint("GET", path, bucket=bucket),
        get=Endpoint("GET", one, bucket=bucket),
        update=Endpoint("PUT", one, bucket=bucket),
        patch=Endpoint("PATCH", one, bucket=bucket),
        delete=Endpoint("DELETE", one, has_result=False, bucket=bucket),
    )
