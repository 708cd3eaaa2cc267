"""Velocity of the ground from the data: diffractions, common-midpoint gathers, focus."""
