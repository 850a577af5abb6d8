"""A stateful fake of the on-call APIs on a loopback port, for testing clients without paging anybody."""

from aiooncall.simulator.faults import Fault, FaultKind, FaultPlan
from aiooncall.simulator.grafana.rules import GrafanaRules
from aiooncall.simulator.ledger import Action, Effect, Ledger, Notification, RequestRecord
from aiooncall.simulator.server import Simulator
from aiooncall.simulator.windows import RateRule

__all__ = [
    "Action",
    "Effect",
    "Fault",
    "FaultKind",
    "FaultPlan",
    "GrafanaRules",
    "Ledger",
    "Notification",
    "RateRule",
    "RequestRecord",
    "Simulator",
]
