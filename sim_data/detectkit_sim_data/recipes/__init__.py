"""The programs that made the files of this package; each runs again with ``python -m``."""
