"""QuSpin QTFM: total-field magnetometer, first and second generation."""
