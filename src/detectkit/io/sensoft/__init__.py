"""Sensors & Software: DT1 traces, HD header and GPS side file (Noggin, pulseEKKO)."""
