"""The laws of FormatSuite, over the readers of detectors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from detectkit.io.detectors.coil_map import CoilMap
from detectkit.io.detectors.emp400 import Emp400
from detectkit.io.detectors.gf_cmd import GfCmd
from detectkit.io.detectors.magarrow import MagArrow
from detectkit.io.detectors.magdrone import MagDrone
from detectkit.testing import SampleFile

from .laws import ChannelSuite
from .writers import write_cmd, write_coil_maps, write_emi, write_magarrow, write_magdrone

SHARED_DATA = Path(__file__).resolve().parents[4] / "shared" / "data"


def real(*names: str) -> list[Path]:
    return [path for name in names if (path := SHARED_DATA / name).is_file()]


ARROW = "magnetics/geohammer_csv/MagArrow/MagArrow.csv"
DRONE = "magnetics/geohammer_csv/MagDrone/Magdrone.csv"
SKYHUB = "magnetics/geohammer_csv/2020-07-29-14-37-42-position.csv"
CMD = "metal_detector/middelkerke-hi.dat"
COIL = "metal_detector/Mine01/coilMch1.csv"


class TestMagArrowLaws(ChannelSuite):
    format = MagArrow
    paths = real(ARROW)
    foreign = real(DRONE, SKYHUB, CMD, COIL, "mala/DAT_0097.rad")

    def sample_files(self, folder: Path) -> Sequence[SampleFile]:
        one = write_magarrow(folder / "arrow.csv", 20, bad=[7])
        return [SampleFile(one, traces=(20,), samples=1)]


class TestMagDroneLaws(ChannelSuite):
    format = MagDrone
    paths = real(DRONE)
    foreign = real(ARROW, SKYHUB, CMD, COIL)

    def sample_files(self, folder: Path) -> Sequence[SampleFile]:
        csv = write_magdrone(folder / "drone.csv", 20)
        asc = write_magdrone(folder / "drone2.asc", 5, separator="\t")
        return [SampleFile(csv, traces=(20,), samples=6), SampleFile(asc, traces=(5,), samples=6)]


class TestCmdLaws(ChannelSuite):
    format = GfCmd
    foreign = real(ARROW, DRONE, SKYHUB, COIL)

    def sample_files(self, folder: Path) -> Sequence[SampleFile]:
        return [SampleFile(write_cmd(folder / "cmd.dat", 20), traces=(20, 20), samples=2)]


class TestEmp400Laws(ChannelSuite):
    format = Emp400
    foreign = real(ARROW, DRONE, SKYHUB, COIL, CMD)

    def sample_files(self, folder: Path) -> Sequence[SampleFile]:
        return [SampleFile(write_emi(folder / "a.EMI", 15), traces=(15, 15, 15))]


class TestCoilMapLaws(ChannelSuite):
    format = CoilMap
    foreign = real(ARROW, DRONE, SKYHUB, CMD, "gnss/Valid.pos")

    def sample_files(self, folder: Path) -> Sequence[SampleFile]:
        one = write_coil_maps(folder, ["coilLch0"])
        return [SampleFile(one, traces=(108,))]
