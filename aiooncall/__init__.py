"""Async SDK for on-call paging: never page twice, never lose an item, use the whole rate budget."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attrs import evolve as evolve

    from aiooncall._base.clock import Clock as Clock
    from aiooncall._base.datetimes import PreciseTime as PreciseTime
    from aiooncall._base.unset import UNSET as UNSET
    from aiooncall._base.unset import UnsetType as UnsetType
    from aiooncall._base.validation import Seconds as Seconds
    from aiooncall._base.version import __version__ as __version__
    from aiooncall.client.delivery import Delivery as Delivery
    from aiooncall.coverage.mismatch import ShiftMismatch as ShiftMismatch
    from aiooncall.datadog.client import DatadogOnCall as DatadogOnCall
    from aiooncall.datadog.models.page import CreatedPage as CreatedPage
    from aiooncall.datadog.models.page import Page as Page
    from aiooncall.datadog.models.page import PageSort as PageSort
    from aiooncall.datadog.models.page import PageStatus as PageStatus
    from aiooncall.datadog.models.page import Target as Target
    from aiooncall.datadog.models.page import TeamHandle as TeamHandle
    from aiooncall.datadog.models.page import TeamId as TeamId
    from aiooncall.datadog.models.page import Urgency as Urgency
    from aiooncall.datadog.models.page import UserId as UserId
    from aiooncall.difference import Change as Change
    from aiooncall.difference import Diff as Diff
    from aiooncall.difference import diff as diff
    from aiooncall.errors import AmbiguousOutcome as AmbiguousOutcome
    from aiooncall.errors import ApiError as ApiError
    from aiooncall.errors import AttemptTimeout as AttemptTimeout
    from aiooncall.errors import BadRequest as BadRequest
    from aiooncall.errors import ClientClosed as ClientClosed
    from aiooncall.errors import CodecError as CodecError
    from aiooncall.errors import Conflict as Conflict
    from aiooncall.errors import ConnectError as ConnectError
    from aiooncall.errors import ConnectionDropped as ConnectionDropped
    from aiooncall.errors import DeadlineExceeded as DeadlineExceeded
    from aiooncall.errors import Forbidden as Forbidden
    from aiooncall.errors import GraphTooLarge as GraphTooLarge
    from aiooncall.errors import JournalError as JournalError
    from aiooncall.errors import LinkError as LinkError
    from aiooncall.errors import LossyWrite as LossyWrite
    from aiooncall.errors import NotFound as NotFound
    from aiooncall.errors import NothingSelected as NothingSelected
    from aiooncall.errors import OnCallError as OnCallError
    from aiooncall.errors import OptionsError as OptionsError
    from aiooncall.errors import PlanRefused as PlanRefused
    from aiooncall.errors import RateLimited as RateLimited
    from aiooncall.errors import ResponseTooLarge as ResponseTooLarge
    from aiooncall.errors import ResultLimitReached as ResultLimitReached
    from aiooncall.errors import ServerError as ServerError
    from aiooncall.errors import TransportError as TransportError
    from aiooncall.errors import Unauthorized as Unauthorized
    from aiooncall.events import AttemptFinished as AttemptFinished
    from aiooncall.events import AttemptStarted as AttemptStarted
    from aiooncall.events import BudgetHeld as BudgetHeld
    from aiooncall.events import BudgetLearned as BudgetLearned
    from aiooncall.events import CallCancelled as CallCancelled
    from aiooncall.events import CallFinished as CallFinished
    from aiooncall.events import CallStarted as CallStarted
    from aiooncall.events import Event as Event
    from aiooncall.events import Hook as Hook
    from aiooncall.events import JobPaused as JobPaused
    from aiooncall.events import JobResumed as JobResumed
    from aiooncall.events import RetryScheduled as RetryScheduled
    from aiooncall.events import Throttled as Throttled
    from aiooncall.events import WriteNotKept as WriteNotKept
    from aiooncall.events import log_events as log_events
    from aiooncall.fanout import FanOut as FanOut
    from aiooncall.fanout import Ids as Ids
    from aiooncall.grafana.client import GrafanaOnCall as GrafanaOnCall
    from aiooncall.grafana.models.alert_group import AlertGroup as AlertGroup
    from aiooncall.grafana.models.alert_group import AlertGroupState as AlertGroupState
    from aiooncall.grafana.models.alert_group import DeleteMode as DeleteMode
    from aiooncall.grafana.models.paging import PagedGroup as PagedGroup
    from aiooncall.grafana.models.paging import PagedUser as PagedUser
    from aiooncall.jsonapi import Resource as Resource
    from aiooncall.jsonapi import ResourceRef as ResourceRef
    from aiooncall.jsonapi import UnknownResource as UnknownResource
    from aiooncall.on_call import OnCall as OnCall
    from aiooncall.on_call import Responder as Responder
    from aiooncall.options import CallRate as CallRate
    from aiooncall.options import ClientOptions as ClientOptions
    from aiooncall.options import PoolOptions as PoolOptions
    from aiooncall.options import RetryPolicy as RetryPolicy
    from aiooncall.outcomes import FailureKind as FailureKind
    from aiooncall.outcomes import ItemOutcome as ItemOutcome
    from aiooncall.outcomes import Report as Report
    from aiooncall.ratelimit import BudgetSnapshot as BudgetSnapshot
    from aiooncall.ratelimit import HeldBy as HeldBy
    from aiooncall.ratelimit import Hold as Hold
    from aiooncall.ratelimit import RateLimit as RateLimit
    from aiooncall.transport.session_pool import SessionPool as SessionPool
else:
    from aiooncall._base.lazy import attach

    __all__, __getattr__, __dir__ = attach(__name__)
