"""Geometrics MagElement: two MFAM total-field sensors at 1000 Hz."""
