"""What has something to end: closed by hand, or by ``with``."""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

__all__ = ["Closing"]


class Closing(ABC):
    """Something that is closed when its ``with`` ends."""

    @abstractmethod
    def close(self) -> None:
        """End what runs; what it is about is done first."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
