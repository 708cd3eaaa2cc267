"""Seismic exchange formats that carry radar: SEG-Y and Seismic Unix."""
