"""What is simulated and written to disk: datasets to train on, flights to test with.

Everything here is simulated and says so wherever it is shown.
"""

from __future__ import annotations
