"""The buckets in which the server counts calls: each has a limit of its own.

https://grafana.com/docs/oncall/latest/oncall-api-reference/
"""

from __future__ import annotations

from typing import Final

USER: Final = "user"
"""Most calls of a user."""
INFO: Final = "info"
"""What asks for the engine itself."""
PHONE: Final = "phone"
"""Calls and text messages."""
