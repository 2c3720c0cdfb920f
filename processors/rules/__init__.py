"""Pure rules: evidence in, rows and marks out. No clock, randomness, I/O or floats; nothing but ``schemas`` is imported."""
