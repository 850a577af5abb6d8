"""Async SDK for on-call paging: never page twice, never lose an item, use the whole rate budget."""

from attrs import evolve

from aiooncall._clock import Clock
from aiooncall._unset import UNSET, UnsetType
from aiooncall.changes import Change, Diff, diff
from aiooncall.datadog.client import DatadogOnCall
from aiooncall.datadog.models.page import (
    CreatedPage,
    Page,
    PageSort,
    PageStatus,
    Target,
    TeamHandle,
    TeamId,
    Urgency,
    UserId,
)
from aiooncall.errors import (
    AmbiguousOutcome,
    ApiError,
    AttemptTimeout,
    BadRequest,
    ClientClosed,
    CodecError,
    Conflict,
    ConnectError,
    ConnectionDropped,
    DeadlineExceeded,
    Forbidden,
    LinkError,
    LossyWrite,
    NotFound,
    OnCallError,
    OptionsError,
    RateLimited,
    ResponseTooLarge,
    ResultLimitReached,
    ServerError,
    TransportError,
    Unauthorized,
)
from aiooncall.events import AttemptFinished, BudgetLearned, Event, Hook, RetryScheduled, Throttled, log_events
from aiooncall.fanout import FanOut, Ids, ItemOutcome, Report
from aiooncall.jsonapi import Resource, ResourceRef, UnknownResource
from aiooncall.moments import PreciseTime
from aiooncall.oncall import OnCall, Responder
from aiooncall.options import CallRate, ClientOptions, PoolOptions, RetryPolicy, Seconds
from aiooncall.ratelimit import BudgetSnapshot, RateLimit
from aiooncall.transport.pool import SessionPool

__all__ = [
    "UNSET",
    "AmbiguousOutcome",
    "ApiError",
    "AttemptFinished",
    "AttemptTimeout",
    "BadRequest",
    "BudgetLearned",
    "BudgetSnapshot",
    "CallRate",
    "Change",
    "ClientClosed",
    "ClientOptions",
    "Clock",
    "CodecError",
    "Conflict",
    "ConnectError",
    "ConnectionDropped",
    "CreatedPage",
    "DatadogOnCall",
    "DeadlineExceeded",
    "Diff",
    "Event",
    "FanOut",
    "Forbidden",
    "Hook",
    "Ids",
    "ItemOutcome",
    "LinkError",
    "LossyWrite",
    "NotFound",
    "OnCall",
    "OnCallError",
    "OptionsError",
    "Page",
    "PageSort",
    "PageStatus",
    "PoolOptions",
    "PreciseTime",
    "RateLimit",
    "RateLimited",
    "Report",
    "Resource",
    "ResourceRef",
    "Responder",
    "ResponseTooLarge",
    "ResultLimitReached",
    "RetryPolicy",
    "RetryScheduled",
    "Seconds",
    "ServerError",
    "SessionPool",
    "Target",
    "TeamHandle",
    "TeamId",
    "Throttled",
    "TransportError",
    "Unauthorized",
    "UnknownResource",
    "UnsetType",
    "Urgency",
    "UserId",
    "diff",
    "evolve",
    "log_events",
]
