"""MALA: .rd3 and .rd7 recordings with their .rad header and .cor and .mrk side files."""
