"""LibreVNA: a stepped-frequency radar made of an open vector network analyser."""
