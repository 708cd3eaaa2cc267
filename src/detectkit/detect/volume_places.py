"""Places of a volume: peaks and candidates as one list, the one that stands out most first.

Peaks stand over the median of their depth, in the whole volume; candidates over the clutter around
them, in its standard deviations. What both found is one place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from detectkit.detect.volume_prescreen import VolumeCandidate, find_candidates
from detectkit.io.volume import Volume
from detectkit.volume.maxima import Maximum, apart_m, wavelength_of
from detectkit.volume.peaks import Peak

SAME_WAVELENGTHS = 0.5
"""A peak and a candidate nearer than this are one place."""


@dataclass(frozen=True, slots=True)
class VolumePlace(Maximum):
    """A maximum by either measure.

    Parameters
    ----------
    score
        Standard deviations over the clutter around at the same depth; None: too few to count, or
        not judged, as with a line by itself.
    contrast
        Times the median of the volume at this depth; None: no peak by that measure.
    """

    score: float | None
    contrast: float | None


def scored_places(volume: Volume, peaks: Sequence[Peak]) -> list[VolumePlace]:
    """Return peaks with their scores, and what stands out of its clutter without being a peak.

    Parameters
    ----------
    peaks
        From `detectkit.volume.peaks.find_peaks`; all of them stay.

    Raises
    ------
    FormatError
        The volume is damaged.
    """
    nearest_m = SAME_WAVELENGTHS * wavelength_of(volume)
    left = dict(enumerate(peaks))
    places: list[VolumePlace] = []
    for one in find_candidates(volume):
        number = min(left, key=lambda at: apart_m(left[at], one), default=None)
        if number is not None and apart_m(left[number], one) <= nearest_m:
            places.append(_of_peak(left.pop(number), one.score))
        else:
            places.append(_of_candidate(one))
    return ranked_places([*places, *(_of_peak(one, None) for one in left.values())])


def unscored_places(peaks: Sequence[Peak]) -> list[VolumePlace]:
    """Return peaks as places without scores: a line by itself has no clutter around."""
    return ranked_places([_of_peak(one, None) for one in peaks])


def ranked_places(places: Sequence[VolumePlace]) -> list[VolumePlace]:
    """Return places by score; those without one behind, by contrast."""
    return sorted(
        places, key=lambda one: (-(one.score or 0.0), -(one.contrast or 0.0), one.easting_m)
    )


def _of_peak(one: Peak, score: float | None) -> VolumePlace:
    return VolumePlace(**asdict(one), score=score)


def _of_candidate(one: VolumeCandidate) -> VolumePlace:
    return VolumePlace(**asdict(one), contrast=None)
