"""A bounded store in this process for what was drawn: forgets what was not asked for lately."""

from collections.abc import Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """Values by key; at most twice `most` of them at a time. Safe between threads.

    Two generations instead of a list of uses: a look-up that finds writes nothing. The key must
    hold everything that the value depends on, so that nothing kept is ever out of date.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._new: dict[Hashable, Value] = {}
        self._old: dict[Hashable, Value] = {}

    def get(self, key: Hashable) -> Value | None:
        """The value kept by this key, or None."""
        found = self._new.get(key)
        if found is None and (found := self._old.get(key)) is not None:
            self.put(key, found)
        return found

    def put(self, key: Hashable, value: Value) -> None:
        """Keep a value; the older half goes when the newer one is full."""
        if len(self._new) >= self._most:
            self._old, self._new = self._new, {}
        self._new[key] = value
