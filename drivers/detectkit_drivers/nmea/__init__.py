"""NMEA 0183: positions of any satellite receiver."""
