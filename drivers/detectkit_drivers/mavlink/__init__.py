"""An autopilot over MAVLink: where the vehicle is, how it lies, how high, and its clock."""
