"""Counting lost frames where datagrams overtake each other."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectkit_drivers.mavlink.losses import MOST_SENDERS, WINDOW, Losses, Window


def counted(numbers: list[int]) -> Window:
    window = Window()
    for number in numbers:
        window.heard(number % 256, number)
    return window


class TestWindow:
    def test_in_order_nothing_is_lost(self) -> None:
        window = counted(list(range(1000)))
        assert (window.received, window.lost, window.repeated, window.restarts) == (1000, 0, 0, 0)

    def test_a_gap_is_lost_once_it_leaves_the_window(self) -> None:
        numbers = [one for one in range(200) if one not in {50, 51, 60}]
        assert counted(numbers).lost == 3
        assert counted(numbers[: 61 - 3 + 5]).lost == 0

    def test_a_jump_wider_than_the_window_counts_what_is_between(self) -> None:
        assert counted([0, 100, *range(101, 101 + WINDOW)]).lost == 99

    @given(seed=st.integers(0, 1000))
    def test_reordering_within_the_window_loses_nothing(self, seed: int) -> None:
        rng = random.Random(seed)
        numbers = sorted(range(600), key=lambda one: one + rng.uniform(0, 12))
        window = counted(numbers)
        assert (window.lost, window.repeated, window.restarts) == (0, 0, 0)

    def test_repetitions_are_no_losses(self) -> None:
        window = counted([one for number in range(300) for one in (number, number)])
        assert (window.received, window.repeated, window.lost) == (300, 300, 0)

    def test_the_same_number_with_other_content_is_another_frame(self) -> None:
        window = Window()
        assert window.heard(5, 1)
        assert window.heard(5, 2)
        assert not window.heard(5, 2)

    def test_a_restart_is_no_loss(self) -> None:
        window = counted([*range(100), *range(40)])
        assert (window.lost, window.restarts) == (0, 1)

    @pytest.mark.parametrize("share", [0.01, 0.05, 0.3])
    def test_the_share_lost_is_measured(self, share: float) -> None:
        rng = random.Random(3)
        losses = Losses()
        for number in range(20_000):
            if rng.random() >= share:
                losses.heard((1, 1), number % 256, number)
        assert losses.share((1, 1)) == pytest.approx(share, abs=0.01)


class TestLosses:
    def test_what_is_missed_while_the_link_is_down_is_no_loss_on_it(self) -> None:
        losses = Losses()
        losses.heard((1, 1), 10, 0)
        losses.reset()
        losses.heard((1, 1), 100, 0)
        assert losses.heard((1, 1), 101, 0)
        window = losses.senders[1, 1]
        assert (window.received, window.lost, window.restarts) == (3, 0, 0)

    def test_senders_are_bounded(self) -> None:
        losses = Losses()
        for component in range(250):
            assert losses.heard((9, component), 0, 0)
        assert len(losses.senders) == MOST_SENDERS
