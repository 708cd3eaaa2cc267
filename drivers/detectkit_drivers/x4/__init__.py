"""Novelda XeThru X4: impulse radar modules X4M02, X4M03, X4M05, X4M06, X4M200, X4M300."""
