"""Time Domain PulsON P400, P410 and P440 in their monostatic radar mode (MRM)."""
