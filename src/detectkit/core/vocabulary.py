"""One table of names, units and meanings; every coordinate and product field is named here.

Units are written as UDUNITS strings so that NetCDF and HDF5 readers understand them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Term:
    """The unit (UDUNITS string, "1" for a pure number) and the meaning of one name."""

    unit: str
    meaning: str


VOCABULARY: dict[str, Term] = {
    # coordinates along the delay dimension
    "twt_s": Term("s", "two-way travel time since the instrument's time-zero"),
    # coordinates along the trace dimension
    "host_ns": Term("ns", "time of the trace on the recording computer's monotonic clock, int64"),
    "host_error_ns": Term("ns", "one standard deviation of host_ns"),
    "device_ns": Term("ns", "time of the trace on the instrument's own clock, int64"),
    "told_time_ns": Term("ns", "UTC of the row as the instrument itself told it, int64"),
    "told_host_ns": Term("ns", "our own monotonic time of the question that the row answers"),
    "time_ns": Term("ns", "time of the trace, int64 nanoseconds since 1970-01-01 UTC"),
    "elapsed_s": Term("s", "time of the trace since the first trace, from the instrument's clock"),
    "along_track_m": Term("m", "distance along the line since its first trace"),
    "longitude_deg": Term("degree_east", "WGS 84 longitude; NaN where no valid fix bounds it"),
    "latitude_deg": Term("degree_north", "WGS 84 latitude; NaN where no valid fix bounds it"),
    "easting_m": Term("m", "easting in the projected frame named by the product"),
    "northing_m": Term("m", "northing in the projected frame named by the product"),
    "up_m": Term("m", "height of the antenna; the product names the datum"),
    "horizontal_error_m": Term("m", "one standard deviation of the horizontal position"),
    "vertical_error_m": Term("m", "one standard deviation of the height"),
    "height_error_m": Term("m", "one standard deviation of the antenna's height above the ground"),
    "ground_up_m": Term("m", "height of the ground under the antenna, in the datum of up_m"),
    "roll_rad": Term("rad", "roll, right side down"),
    "pitch_rad": Term("rad", "pitch, nose up"),
    "yaw_rad": Term("rad", "heading from true north, clockwise"),
    "waypoint": Term("1", "number of the mission item flown to"),
    "overload": Term("1", "1 where a channel of the detector was at its limit, else 0"),
    "balancing": Term("1", "1 while the detector adapts to the ground, else 0"),
    "pps": Term("1", "1 in the row in which a receiver's pulse per second came, else 0"),
    "pps_locked": Term("1", "1 while the instrument follows the pulse per second, else 0"),
    "fix_quality": Term("1", "fix quality as NMEA GGA: 0 none, 4 RTK fixed, 5 RTK float"),
    "height_m": Term("m", "antenna height above the ground, from an altimeter"),
    "mark": Term("1", "1 where the operator set a mark, else 0"),
    "source_trace": Term("1", "trace number in the recording (0-based) that this row came from"),
    "trace_counter": Term("1", "the instrument's own trace counter; a jump is a lost trace"),
    "header_word_0": Term("1", "first word of the trace, not signal: often a scan counter"),
    "header_word_1": Term("1", "second word of the trace, not signal: often a mark flag"),
    "antenna_offset_m": Term("m", "transmitter to receiver, where it grows along a gather"),
    "position": Term("1", "position in the trace header, in a unit that the file does not tell"),
    "topography": Term("1", "topography in the trace header, in the file's own unit"),
    "stacks": Term("1", "number of measurements that the instrument averaged into the trace"),
    "damaged_tag": Term("1", "1 where the record's tag is damaged, else 0"),
    "clipped_samples": Term("1", "number of samples of the trace at full scale"),
    "ground_twt_s": Term("s", "two-way travel time of the ground reflection"),
    "removed_twt_s": Term(
        "s", "two-way time in air that was taken off the trace, so that the ground lies at time 0"
    ),
    "ground_slope_east": Term("1", "rise of the ground per metre to the east, under the antenna"),
    "ground_slope_north": Term("1", "rise of the ground per metre to the north, under the antenna"),
    "ground_rejected": Term(
        "1", "number of the trace's own heights that disagree with the surface"
    ),
    "ground_quality": Term("1", "how sure the ground tracker is, 0 to 1"),
    "stacked_traces": Term("1", "number of recorded traces averaged into this row"),
    "replaced_samples": Term("1", "number of samples of the trace replaced as spikes"),
    "repaired": Term("1", "1 where the trace was replaced from its neighbours, else 0"),
    # quantities of the data array
    "amplitude": Term("1", "recorded counts of the digitiser, offset removed"),
    "score": Term("1", "anomaly score: standard deviations above the local clutter"),
    "response": Term("1", "response of a metal detector, in the unit of its sensor"),
    "magnetic_field": Term("nT", "magnetic flux density, total or of one component"),
    "distance": Term("m", "measured distance to the ground or obstacle"),
    "state": Term("1", "columns of different meaning, each named with its unit"),
    "envelope": Term("1", "magnitude of the analytic signal, in the unit of the amplitude"),
    "instantaneous_phase": Term("rad", "angle of the analytic signal, -pi to pi"),
    "instantaneous_frequency": Term("Hz", "rate of the analytic signal's phase over 2 pi"),
}


def unit_of(name: str) -> str:
    """Return the unit of a name of the vocabulary, "1" for names it does not know.

    Examples
    --------
    >>> unit_of("twt_s")
    's'
    """
    term = VOCABULARY.get(name)
    return "1" if term is None else term.unit
