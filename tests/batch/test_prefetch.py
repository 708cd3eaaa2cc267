"""Reading ahead in a thread: same items, same errors, no thread left behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from detectkit.batch.prefetch import prefetched


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + 5.0
    while set(threading.enumerate()) - before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert set(threading.enumerate()) == before


@pytest.mark.parametrize("depth", [1, 2, 4, 100])
@pytest.mark.parametrize("count", [0, 1, 5, 300])
def test_items_come_in_order(depth: int, count: int) -> None:
    assert list(prefetched(iter(range(count)), depth=depth)) == list(range(count))


def test_none_and_errors_can_be_items_of_a_tuple() -> None:
    items = [(None,), (ValueError("not raised"),)]
    assert list(prefetched(items)) == items


def test_an_error_comes_at_its_place_after_the_items_before_it() -> None:
    def source() -> Iterator[int]:
        yield from range(3)
        msg = "disk failed"
        raise OSError(msg)

    items = prefetched(source(), depth=10)
    assert [next(items), next(items), next(items)] == [0, 1, 2]
    with pytest.raises(OSError, match="disk failed"):
        next(items)


def test_it_runs_ahead_but_not_farther_than_its_depth() -> None:
    fetched: list[int] = []

    def source() -> Iterator[int]:
        for number in range(100):
            fetched.append(number)
            yield number

    items = prefetched(source(), depth=3)
    next(items)
    deadline = time.monotonic() + 5.0
    while len(fetched) < 4 and time.monotonic() < deadline:
        time.sleep(0.001)
    time.sleep(0.02)
    assert 4 <= len(fetched) <= 1 + 3 + 1
    items.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("taken", [1, 3])
def test_stopping_early_ends_the_thread_and_the_source(taken: int) -> None:
    ended = threading.Event()

    def source() -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            ended.set()

    items = prefetched(source(), depth=2)
    for _ in range(taken):
        next(items)
    items.close()  # type: ignore[attr-defined]
    del items
    assert ended.wait(5.0)


def test_one_inside_another_ends_with_it() -> None:
    def doubled() -> Iterator[int]:
        for number in prefetched(range(1000), depth=2):
            yield 2 * number

    items = prefetched(doubled(), depth=2)
    assert [next(items), next(items)] == [0, 2]
    items.close()  # type: ignore[attr-defined]


def test_an_error_of_the_consumer_ends_the_thread() -> None:
    def consume() -> None:
        for _ in prefetched(range(1000), depth=2):
            msg = "consumer failed"
            raise RuntimeError(msg)

    with pytest.raises(RuntimeError, match="consumer failed"):
        consume()


def test_nothing_runs_before_it_is_asked() -> None:
    before = threading.active_count()
    items = prefetched(range(3))
    assert threading.active_count() == before
    assert list(items) == [0, 1, 2]
