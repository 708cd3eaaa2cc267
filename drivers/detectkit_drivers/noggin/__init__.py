"""Noggin radars on a serial line: one request, one trace."""
