"""DUALEM: frequency-domain electromagnetic induction sensor."""
