"""What a piece of work costs the processor, as a multiple of a fixed task done beside it.

Seconds would tell of the machine and of what else it does; whatever slows the work slows the task.
"""

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager


def _task() -> None:
    found: dict[str, int] = {}
    for number in range(5_000):
        key = f"{number % 97}"
        found[key] = found.get(key, 0) + number


def _seconds_of_task() -> float:
    spent = []
    for _ in range(5):
        begun = time.thread_time()
        _task()
        spent.append(time.thread_time() - begun)
    return sorted(spent)[2]


@contextmanager
def at_most(tasks: float) -> Iterator[None]:
    """Assert that the block costs this thread no more than the fixed task done `tasks` times.

    One task puts 5,000 numbers into a dictionary, by text. The collector waits until the block is
    over: it would look at all that the tests before have left.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        before = _seconds_of_task()
        begun = time.thread_time()
        yield
        spent = time.thread_time() - begun
        cost = spent / max(before, _seconds_of_task())
    finally:
        if was_on:
            gc.enable()
    assert cost <= tasks, f"cost as much as {cost:.0f} of the fixed task, not {tasks:.0f}"
