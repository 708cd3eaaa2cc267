"""Legacy Radar Systems Zond radars (Zond-12e, TR500, ZLITE) and Cobra: binary over TCP."""
