"""gprMax output: simulated radar traces in HDF5."""
