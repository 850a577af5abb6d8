"""Calls and text messages through Grafana OnCall's own phone provider.

grafana/oncall, engine/apps/public_api/views/phone_notifications.py
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall._base.validation import at_most, text
from aiooncall.codec import dumps
from aiooncall.errors import OptionsError
from aiooncall.grafana.endpoints import endpoint
from aiooncall.grafana.limits import PHONE
from aiooncall.transport.endpoint import Idempotency

if TYPE_CHECKING:
    from aiooncall.client.core import ApiCore
    from aiooncall.transport.endpoint import Endpoint

CALL: Final = endpoint("POST", "/api/v1/make_call/", Idempotency.NON_IDEMPOTENT, has_result=False, bucket=PHONE)
SMS: Final = endpoint("POST", "/api/v1/send_sms/", Idempotency.NON_IDEMPOTENT, has_result=False, bucket=PHONE)
LONGEST_MESSAGE: Final = 1024


class Phone:
    """Calls users and sends them text messages. Both need a verified phone number."""

    def __init__(self, core: ApiCore) -> None:
        self._core = core

    async def make_call(self, email: str, message: str) -> None:
        """Call a user and read out a message, once.

        Args:
            email: the user's address.
            message: at most 1024 characters.

        Raises:
            NotFound: nobody has that address.
            BadRequest: the number is not verified, or too many calls were made.
            AmbiguousOutcome: it was sent, and whether the phone rang is unknown.
        """
        await self._tell(CALL, email, message)

    async def send_sms(self, email: str, message: str) -> None:
        """Send a user a text message, once.

        Args:
            email: the user's address.
            message: at most 1024 characters.

        Raises:
            NotFound: nobody has that address, or nobody who has it has a verified number.
            BadRequest: too many messages were sent.
            AmbiguousOutcome: it was sent, and whether it was delivered is unknown.
        """
        await self._tell(SMS, email, message)

    async def _tell(self, endpoint: Endpoint, email: str, message: str) -> None:
        if "@" not in text("email", email):
            raise OptionsError("email", email, "the address of a user")
        at_most("message", text("message", message), LONGEST_MESSAGE)
        await self._core.call(endpoint, body=dumps({"email": email, "message": message}))
