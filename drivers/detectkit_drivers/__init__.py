"""Concrete instruments, one folder each: `<device>/{decoder,instrument,virtual}.py`.

Nothing is imported here: `detectkit.drivers` finds them by entry point.
"""
