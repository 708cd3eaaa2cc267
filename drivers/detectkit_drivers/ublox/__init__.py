"""u-blox receivers: positions by UBX NAV-PVT."""
