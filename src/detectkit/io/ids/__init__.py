"""IDS .dt recordings."""
