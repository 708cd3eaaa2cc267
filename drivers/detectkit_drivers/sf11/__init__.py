"""LightWare SF11/C: laser altimeter."""
