"""Concrete instruments, one folder each: `<device>/{decoder,instrument,virtual}.py`; none yet."""
