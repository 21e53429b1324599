"""Fills our own registry from the extracts that a ministry has, and tells how good what is held is."""
