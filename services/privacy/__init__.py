"""Privacy: keyed identifiers, sealed text, and who may learn what."""
