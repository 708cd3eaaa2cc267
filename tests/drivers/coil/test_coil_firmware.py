"""The firmware's reference in C and our encoder and decoder: the same bytes both ways."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from detectkit.drivers import Frame
from detectkit_drivers.coil.decoder import OVERLOAD, CoilDecoder
from detectkit_drivers.coil.virtual import description_frame, samples_frame

REFERENCE = Path(__file__).resolve().parents[3] / "docs" / "drivers" / "coil_frame.c"

PROGRAM = """
#include <stdio.h>
#include "coil_frame.c"

int main(void)
{
    static uint8_t frame[COIL_LONGEST];
    static const char *names[64];
    static int32_t counts[64];
    static float levels[64];
    for (int channel = 0; channel < 64; channel++) {
        names[channel] = channel % 2 ? "far" : "near";
        counts[channel] = (int32_t)((uint32_t)channel * 123456789u);
        levels[channel] = -1.0f / (float)(channel + 1);
    }
    fwrite(frame, 1, coil_describe(frame, "pulse 2.1", "mV", 0.01f, 100.0f, names, 64), stdout);
    fwrite(frame, 1, coil_int32(frame, 4294967295u, 4294967295u, COIL_OVERLOAD, counts, 64),
           stdout);
    fwrite(frame, 1, coil_describe(frame, "", "V", 1.0f, 0.0f, names, 1), stdout);
    fwrite(frame, 1, coil_float(frame, 0, 17, 0, levels, 1), stdout);
    fwrite(frame, 1, coil_describe(frame, "", "", 1.0f, 0.0f, names, 2), stdout);
    fwrite(frame, 1, coil_int32(frame, 1, 18, COIL_FLOAT, counts, 2), stdout);
    return 0;
}
"""

COUNTS = (np.arange(64, dtype=np.int64) * 123456789 % 2**32).astype(np.uint32).view(np.int32)


@pytest.fixture(scope="module")
def firmware_says(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler `cc` on this machine")
    folder = tmp_path_factory.mktemp("firmware")
    (folder / "main.c").write_text(PROGRAM)
    strict = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"]
    subprocess.run(
        [compiler, *strict, f"-I{REFERENCE.parent}", "main.c", "-o", "main"],
        cwd=folder,
        check=True,
    )
    return subprocess.run([folder / "main"], check=True, capture_output=True).stdout


def test_the_reference_is_short_enough_to_be_adopted() -> None:
    text = REFERENCE.read_text()
    assert len(text.splitlines()) < 100
    assert "malloc" not in text


def test_the_firmware_and_our_encoder_give_the_same_bytes(firmware_says: bytes) -> None:
    names = ["near", "far"] * 32
    ours = [
        description_frame(names, unit="mV", scale=0.01, rate_hz=100.0, firmware="pulse 2.1"),
        samples_frame(2**32 - 1, 2**32 - 1, COUNTS, flags=OVERLOAD),
        description_frame(names[:1], unit="V", scale=1.0, rate_hz=0.0, firmware=""),
        samples_frame(0, 17, np.array([-1.0], np.float32)),
        description_frame(names[:2], unit="", scale=1.0, rate_hz=0.0, firmware=""),
        samples_frame(1, 18, COUNTS[:2]),
    ]
    assert firmware_says == b"".join(ours)


def test_our_decoder_reads_the_firmware_bit_exact(firmware_says: bytes) -> None:
    decoder = CoilDecoder()
    items = decoder.feed(firmware_says)
    many, single, two = [one for one in items if isinstance(one, Frame)]
    np.testing.assert_array_equal(many.values[0], COUNTS * 0.01)
    assert many.layout.columns[:3] == ("near_mV", "far_mV", "channel_3_mV")
    assert single.values.tolist() == [[-1.0]]
    assert single.values.dtype == np.float32
    assert single.layout.columns == ("near_V",)
    assert two.layout.columns == ("near_count", "far_count")
    np.testing.assert_array_equal(two.values[0], COUNTS[:2])
    assert decoder.tally.dropped_bytes == 0
    assert decoder.tally.messages == 6
