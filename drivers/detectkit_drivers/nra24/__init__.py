"""Nanoradar NRA24: 24 GHz radar altimeter."""
