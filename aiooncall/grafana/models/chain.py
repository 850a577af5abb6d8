"""An escalation chain together with its steps, as what can be drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from aiooncall.drawing.drawable import Drawable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiooncall.drawing.outline import Outline
    from aiooncall.grafana.models.escalation import EscalationChain, EscalationPolicy
    from aiooncall.on_call import OnCall


@attrs.frozen(kw_only=True)
class ChainWithSteps(Drawable):
    """An escalation chain with its steps, and what those whom they tell are called.

    Attributes:
        chain: the chain.
        steps: its steps, in order.
        names: what to call teams, users, schedules, user groups and webhooks, by id; what is not in it
            is called by its id.
    """

    chain: EscalationChain
    steps: tuple[EscalationPolicy, ...]
    names: Mapping[str, str] = attrs.field(factory=dict[str, str])

    def _outline(self, on_call: Mapping[str, OnCall]) -> Outline:
        from aiooncall.grafana.outline import outline_of  # noqa: PLC0415 (drawing is not needed to page)

        return outline_of(self.chain, self.steps, self.names, on_call)
