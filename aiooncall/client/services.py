"""How a client shows its services: each is imported and made when it is first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, overload

if TYPE_CHECKING:
    from typing import Self

    from aiooncall.client.core import ApiCore

    class _Client(Protocol):
        _core: ApiCore


T_co = TypeVar("T_co", covariant=True)


class ServiceOf(Generic[T_co]):
    """A service of a client, such as `pages: ServiceOf[Pages] = ServiceOf("resources.pages:Pages")`.

    Once it is made it stands in the client's own attributes, where Python looks before it asks here again: using it
    costs no more than using any attribute.

    Args:
        place: its module within the package of the client, and its class.
    """

    def __init__(self, place: str) -> None:
        self._place = place

    def __set_name__(self, owner: type, name: str) -> None:
        self._package = owner.__module__.rpartition(".")[0]
        self._name = name

    @overload
    def __get__(self, client: None, owner: type) -> Self: ...

    @overload
    def __get__(self, client: _Client, owner: type) -> T_co: ...

    def __get__(self, client: _Client | None, owner: type) -> Any:
        if client is None:
            return self
        service = self._find_class()(client._core)  # noqa: SLF001 (what a client has its core for)
        vars(client)[self._name] = service
        return service

    def _find_class(self) -> Any:  # noqa: ANN401 (any class that takes a core)
        """Import the class of the service, and return it."""
        module, _, name = self._place.partition(":")
        return getattr(import_module(f"{self._package}.{module}"), name)
