"""Calibrations per instrument, dated, units in their keys; read by `detectkit.calibration`."""
