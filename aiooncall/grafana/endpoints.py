"""How the endpoints of Grafana OnCall are declared: most of them are counted together, by user."""

from __future__ import annotations

from functools import partial

from aiooncall.grafana.limits import USER
from aiooncall.transport.crud import crud as any_crud
from aiooncall.transport.endpoint import Endpoint

endpoint = partial(Endpoint, bucket=USER)
"""Declare one operation."""
crud = partial(any_crud, bucket=USER)
"""Declare the operations of one kind of thing."""
