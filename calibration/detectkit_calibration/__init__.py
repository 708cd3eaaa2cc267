"""Calibrations per instrument, dated, units in their keys; none yet."""
