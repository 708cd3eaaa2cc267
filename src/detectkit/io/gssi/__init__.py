"""GSSI: .DZT recordings with their .DZG and .DZX side files."""
