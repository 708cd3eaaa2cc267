"""Coil frame: our own small frame for metal detectors that have no public protocol."""
