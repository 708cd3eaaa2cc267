"""Ainstein (Aerotenna) US-D1: 24 GHz radar altimeter."""
