"""Recordings of metal detectors, magnetometers and induction sensors, as channel streams."""
