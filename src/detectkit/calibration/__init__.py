"""Calibration: what is measured of an instrument on the ground, before it flies.

Estimators take Blocks of a few minutes (an air shot, a plate at known heights, a known target,
opposite passes over a mark) and give numbers with their uncertainty; a record keeps them as TOML;
steps of the pipeline apply them; a check says where a record does not fit.
"""
