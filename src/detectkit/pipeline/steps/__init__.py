"""The steps that ship, one file per kind of work; each wraps a kernel of `signal`."""
