"""A stateful fake of the on-call APIs on a loopback port, for testing clients without paging anybody."""

from aiooncall.simulator.grafana.options import GrafanaOptions
from aiooncall.simulator.http.faults import Fault, FaultKind, FaultPlan
from aiooncall.simulator.http.ledger import Action, Effect, Ledger, Notification, RequestRecord
from aiooncall.simulator.http.rate_rules import RateRule
from aiooncall.simulator.simulator import Simulator

__all__ = [
    "Action",
    "Effect",
    "Fault",
    "FaultKind",
    "FaultPlan",
    "GrafanaOptions",
    "Ledger",
    "Notification",
    "RateRule",
    "RequestRecord",
    "Simulator",
]
