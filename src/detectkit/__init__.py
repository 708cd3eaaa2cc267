"""detectkit: radar and metal-detector recordings in, a map of indications out.

Importing this package costs numpy and nothing else; each room imports what it needs.
"""

from __future__ import annotations

__version__ = "0.1.0"
