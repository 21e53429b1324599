"""Who learns what of whose record."""
