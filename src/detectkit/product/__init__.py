"""What leaves the program: pictures, tables, map layers. Each says what it does not know."""

from __future__ import annotations
