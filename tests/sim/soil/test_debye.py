"""One Debye pole for a soil: found where it is one, close where it is not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectkit.core import ShapeError, UsageError
from detectkit.sim.soil import (
    SECTION_S,
    DebyeFit,
    Texture,
    band,
    debye_table,
    fit_debye,
    grass_table,
    relaxation_of,
    soil_table,
    water_fit,
)


class TestFit:
    @settings(max_examples=20)
    @given(st.floats(1.0, 20.0), st.floats(0.5, 30.0), st.floats(0.0, 0.2), st.floats(8e-12, 3e-10))
    def test_a_debye_medium_is_found_again(
        self, infinite: float, strength: float, conductivity: float, relaxation_s: float
    ) -> None:
        made = DebyeFit(infinite, strength, conductivity, relaxation_s, 0.0)
        found = fit_debye(band(), made.at(band()), relaxation_s=relaxation_s)
        assert found.misfit < 1e-6
        assert found.permittivity == pytest.approx(infinite, rel=1e-4)
        assert found.debye_strength == pytest.approx(strength, rel=1e-4)
        assert found.conductivity_s_per_m == pytest.approx(conductivity, rel=1e-4, abs=1e-6)

    def test_a_free_relaxation_time_is_found_too(self) -> None:
        made = DebyeFit(6.0, 5.0, 0.01, 7e-11, 0.0)
        assert fit_debye(band(), made.at(band())).relaxation_s == pytest.approx(7e-11, rel=0.02)

    def test_nothing_gets_negative(self) -> None:
        found = fit_debye(band(), np.full(24, 0.5 + 0.3j))  # neither passive nor more than air
        assert (found.permittivity, found.debye_strength) == (1.0, 0.0)
        assert found.conductivity_s_per_m == 0.0

    def test_arrays_must_go_together(self) -> None:
        with pytest.raises(ShapeError, match=r"\(24,\) frequencies, \(3,\) values"):
            fit_debye(band(), np.ones(3, dtype=np.complex128))


class TestSoil:
    @pytest.mark.parametrize("clay", [0.05, 0.2, 0.5])
    def test_mironov_fits_to_a_percent_from_dry_to_full(self, clay: float) -> None:
        soil = Texture("mironov", sand=0.3, clay=clay)
        relaxation_s = relaxation_of((soil,))
        assert SECTION_S[0] <= relaxation_s <= 5e-11
        assert soil_table(soil, relaxation_s).misfit < 0.012

    def test_dobson_fits_worse_because_its_branches_do_not_meet(self) -> None:
        soil = Texture("dobson")
        assert 0.01 < soil_table(soil, relaxation_of((soil,))).misfit < 0.06

    def test_topp_needs_no_pole(self) -> None:
        soil = Texture("topp", conductivity_s_per_m=0.01)
        assert soil_table(soil, 1e-10).misfit < 1e-9

    def test_layers_share_one_relaxation_time_and_still_fit(self) -> None:
        both = (Texture(clay=0.1), Texture(clay=0.5))
        relaxation_s = relaxation_of(both)
        assert max(soil_table(one, relaxation_s).misfit for one in both) < 0.012

    def test_open_water_fits_with_the_soil_s_relaxation_time(self) -> None:
        assert water_fit(20.0, 0.03, relaxation_of((Texture(),))).misfit < 0.01

    def test_grass_is_little_more_than_air(self) -> None:
        table = grass_table(20.0, 2e-11)
        permittivity, strength, conductivity = table.at(np.array([0.0, 0.003, 0.02]))
        static = permittivity + strength
        assert static[0] == 1.0
        assert static[1] == pytest.approx(1.05, abs=0.01)
        assert static[2] < 1.4
        assert np.all(np.diff(conductivity) > 0.0)


class TestTable:
    def test_between_its_rows_it_is_the_fit_itself_to_a_thousandth(self) -> None:
        soil = Texture()
        table = soil_table(soil, 2e-11)
        wet = np.linspace(0.03, 0.45, 40)
        fits = [
            fit_debye(band(), soil.permittivity(band(), one), relaxation_s=2e-11) for one in wet
        ]
        static = np.add(*table.at(wet)[:2])
        assert static == pytest.approx(
            [one.permittivity + one.debye_strength for one in fits], rel=2e-3
        )

    def test_beyond_its_ends_it_stays(self) -> None:
        table = soil_table(Texture(), 2e-11)
        ends = np.array([[-0.1, 0.0], [0.9, table.moisture[-1]]])
        for values in table.at(ends):
            assert values[:, 0] == pytest.approx(values[:, 1])

    def test_it_needs_a_range(self) -> None:
        with pytest.raises(UsageError, match=r"highest = 0\.0"):
            debye_table(Texture().permittivity, highest=0.0, relaxation_s=1e-11)
