"""Sensors & Software NIC-500 (SPIDAR SDK): commanded by REST, traces on a data socket."""
