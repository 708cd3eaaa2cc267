"""Scoring: what was indicated against what lies in the ground, by area, with exact intervals.

`fields` says what is compared, `matching` assigns alarms to targets, `curve` and `bootstrap` turn
that into probability of detection against false alarms per square metre, `strata` shows where it
fails, `calibration` whether probabilities mean what they say. `truth`, `dug` and `survey` read what
a run and its truth left on disk.
"""
