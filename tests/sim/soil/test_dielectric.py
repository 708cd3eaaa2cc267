"""Permittivity of soil: against published values, another program, and model against model."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectkit.core import UsageError
from detectkit.sim.soil import Texture, dobson, mironov, topp, water, water_pole

MOISTURE = np.array([0.05, 0.15, 0.25, 0.35])

# Sand and clay in % of the five fields of Hallikainen et al. 1985 (IEEE TGRS 23(1) 25).
FIELDS = [(51.51, 13.43), (41.96, 8.53), (30.63, 13.48), (17.16, 19.00), (5.02, 47.38)]


def hallikainen(moisture: np.ndarray, *, sand: float, clay: float) -> np.ndarray:
    """Return the polynomials at 1.4 GHz that the authors fitted to their measurements."""
    real = (
        (2.862 - 0.012 * sand + 0.001 * clay)
        + (3.803 + 0.462 * sand - 0.341 * clay) * moisture
        + (119.006 - 0.500 * sand + 0.633 * clay) * moisture**2
    )
    loss = (
        (0.356 - 0.003 * sand - 0.008 * clay)
        + (5.507 + 0.044 * sand - 0.002 * clay) * moisture
        + (17.753 - 0.313 * sand + 0.206 * clay) * moisture**2
    )
    return real - 1j * loss


class TestWater:
    def test_it_has_the_pole_that_kaatze_measured(self) -> None:
        # Kaatze 1989, J. Chem. Eng. Data 34, 371: 78.36 and 8.27 ps at 25 °C.
        static, relaxation_s = water_pole(25.0)
        assert static == pytest.approx(78.36, rel=0.005)
        assert relaxation_s == pytest.approx(8.27e-12, rel=0.03)

    def test_warm_water_relaxes_faster_and_holds_less(self) -> None:
        poles = np.array([water_pole(one) for one in range(0, 41, 5)])
        assert np.all(np.diff(poles, axis=0) < 0.0)

    def test_salt_is_all_the_loss_at_low_frequencies(self) -> None:
        value = complex(water(np.array(1e6), conductivity_s_per_m=0.05))
        assert -value.imag == pytest.approx(0.05 / (2e6 * np.pi * 8.8542e-12), rel=1e-3)

    def test_ice_is_refused(self) -> None:
        with pytest.raises(UsageError, match=r"temperature_c = -1\.0; give 0 to 40"):
            water(np.array(1e9), temperature_c=-1.0)


class TestAgainstOthers:
    def test_topp_is_the_inverse_of_his_own_inverse(self) -> None:
        # The better known half of Topp 1980: moisture from permittivity.
        value = topp(np.array([0.05, 0.1, 0.2, 0.3, 0.4]))
        back = -0.053 + value * (0.0292 + value * (-5.5e-4 + value * 4.3e-6))
        assert back == pytest.approx([0.05, 0.1, 0.2, 0.3, 0.4], abs=0.013)

    @pytest.mark.parametrize(
        ("moisture", "low", "high"),
        [
            (0.05, 4.24977867 - 0.44134938j, 4.22682384 - 0.22351779j),
            (0.20, 11.40625926 - 1.27954370j, 11.26990815 - 1.12577014j),
            (0.35, 21.05499829 - 2.13134897j, 20.75325736 - 2.44358425j),
        ],
    )
    def test_dobson_is_that_of_smrt(self, moisture: float, low: complex, high: complex) -> None:
        # SMRT 1.7, dobson85_peplinski95 at 1 GHz (without Peplinski's last correction, which is
        # undone here) and dobson85_original at 2.8 GHz: 23 °C, 1300 kg/m³, sand 0.4, clay 0.2.
        ours = dobson(
            np.array([1e9, 2.8e9]), np.array(moisture),
            sand=0.4, clay=0.2, bulk_density_kg_per_m3=1300.0, temperature_c=23.0,
        )  # fmt: skip
        assert (ours[0].real + 0.68) / 1.15 + 1j * ours[0].imag == pytest.approx(low, rel=0.003)
        assert ours[1] == pytest.approx(high, rel=0.003)

    @pytest.mark.parametrize(("sand", "clay"), FIELDS)
    def test_mironov_meets_what_hallikainen_measured(self, sand: float, clay: float) -> None:
        measured = hallikainen(MOISTURE, sand=sand, clay=clay)
        ours = mironov(np.array(1.4e9), MOISTURE, clay=0.01 * clay)
        assert ours.real == pytest.approx(measured.real, rel=0.2)
        ratio = ours.imag / measured.imag
        assert np.all((ratio > 0.4) & (ratio < 1.0))  # known to be low: it says half to all of it

    @pytest.mark.parametrize(("sand", "clay"), FIELDS[:4])
    def test_dobson_meets_it_in_moist_soil(self, sand: float, clay: float) -> None:
        measured = hallikainen(MOISTURE[2:], sand=sand, clay=clay)
        ours = dobson(np.array(1.4e9), MOISTURE[2:], sand=0.01 * sand, clay=0.01 * clay)
        assert ours.real == pytest.approx(measured.real, rel=0.12)

    @pytest.mark.parametrize(("sand", "clay"), [(0.5, 0.1), (0.4, 0.2), (0.2, 0.25)])
    def test_the_models_agree_in_their_common_range(self, sand: float, clay: float) -> None:
        freq, wet = np.geomspace(0.3e9, 3e9, 12)[:, np.newaxis], np.linspace(0.15, 0.35, 5)
        first = mironov(freq, wet, clay=clay)
        second = dobson(freq, wet, sand=sand, clay=clay)
        high = freq[:, 0] >= 1.4e9
        assert second.real[high] == pytest.approx(first.real[high], rel=0.25)
        assert second.real[~high] == pytest.approx(first.real[~high], rel=0.35)
        assert first.real == pytest.approx(np.broadcast_to(topp(wet), (12, 5)), rel=0.1)
        assert np.all(np.abs(np.log2(second.imag / first.imag)) < 1.0)


class TestAnySoil:
    @given(st.floats(3e8, 3e9), st.floats(0.0, 0.4), st.floats(0.0, 0.6), st.floats(0.0, 0.4))
    def test_it_is_passive_and_more_than_air(
        self, freq: float, moisture: float, clay: float, sand: float
    ) -> None:
        for value in (
            mironov(np.array(freq), np.array(moisture), clay=clay),
            dobson(np.array(freq), np.array(moisture), sand=sand, clay=clay),
        ):
            assert complex(value).real > 1.0
            assert complex(value).imag <= 0.0

    def test_light_sand_has_no_negative_conductivity(self) -> None:
        # Dobson's formula says -1.5 S/m here; unclipped, the soil would amplify.
        freq = np.array([1.4e9, 3e9])
        value = dobson(freq, np.array(0.02), sand=0.95, clay=0.0, bulk_density_kg_per_m3=1200.0)
        assert np.all(value.imag < 0.0)
        assert np.all(np.diff(-value.imag) > 0.0)  # what is left is the water's relaxation

    def test_wetter_is_more_and_loses_more(self) -> None:
        wet = np.linspace(0.0, 0.4, 30)
        value = mironov(np.array(1e9), wet, clay=0.3)
        assert np.all(np.diff(value.real) > 0.0)
        assert np.all(np.diff(-value.imag) > 0.0)

    def test_salt_is_added_to_every_model(self) -> None:
        for model in ("mironov", "dobson", "topp"):
            plain, salty = Texture(model), Texture(model, conductivity_s_per_m=0.02)
            change = salty.permittivity(np.array(1e9), 0.2) - plain.permittivity(np.array(1e9), 0.2)
            assert complex(change) == pytest.approx(-0.3595j, rel=1e-3)
