"""Faults are drawn by seed, and do not depend on how the bytes are cut."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectkit.core import UsageError
from detectkit.drivers.bench import Damage, Faults

DATA = np.random.default_rng(5).bytes(20_000)


@given(cuts=st.lists(st.integers(0, len(DATA)), max_size=20))
def test_the_same_seed_does_the_same_damage_however_the_bytes_are_cut(cuts: list[int]) -> None:
    whole, pieces = Damage(3), Damage(3)
    edges = [0, *sorted(cuts), len(DATA)]
    parts = [DATA[a:b] for a, b in pairwise(edges)]
    assert b"".join(pieces.flips(part, 0.01)[0] for part in parts) == whole.flips(DATA, 0.01)[0]
    assert b"".join(pieces.drops(part, 0.01)[0] for part in parts) == whole.drops(DATA, 0.01)[0]
    rows = [pieces.skipped(len(part), 0.1) for part in parts]
    assert np.array_equal(np.concatenate(rows), whole.skipped(len(DATA), 0.1))


def test_another_seed_does_other_damage() -> None:
    assert Damage(1).flips(DATA, 0.01)[0] != Damage(2).flips(DATA, 0.01)[0]


def test_flips_turn_one_bit_of_a_byte_and_every_bit_alike() -> None:
    turned, count = Damage(0).flips(DATA, 0.25)
    changed = np.frombuffer(turned, np.uint8) ^ np.frombuffer(DATA, np.uint8)
    bits, counts = np.unique(changed[changed != 0], return_counts=True)
    assert count == np.count_nonzero(changed)
    assert bits.tolist() == [1, 2, 4, 8, 16, 32, 64, 128]
    # 5000 hits: 625 a bit with a standard deviation of 23
    assert np.all(np.abs(counts - count / 8) < 5 * 23.4)
    assert abs(count - 5000) < 5 * 61.2


def test_drops_take_as_many_bytes_as_asked_and_keep_the_order() -> None:
    left, lost = Damage(0).drops(DATA, 0.1)
    assert len(left) + lost == len(DATA)
    assert abs(lost - 2000) < 5 * 42.4
    rest = iter(DATA)
    assert all(any(byte == other for other in rest) for byte in left)


def test_no_fault_changes_nothing_and_draws_nothing() -> None:
    damage = Damage(0)
    assert damage.flips(DATA, 0.0) == (DATA, 0)
    assert damage.drops(DATA, 0.0) == (DATA, 0)
    assert not damage.skipped(100, 0.0).any()
    assert damage.flips(DATA, 0.01) == Damage(0).flips(DATA, 0.01)


@pytest.mark.parametrize(
    "settings", [{"drop_bytes": -0.1}, {"flip_bits": 1.1}, {"skip_rows": 2.0}, {"burst_s": -1.0}]
)
def test_what_is_no_probability_is_refused(settings: dict[str, float]) -> None:
    with pytest.raises(UsageError, match=next(iter(settings))):
        Faults(**settings)
