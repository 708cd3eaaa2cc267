"""Radar Systems zGPR: ASCII commands and length-prefixed traces over TCP."""
