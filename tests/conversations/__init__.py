"""Whole conversations, readable by programme staff, replayed on every channel's limits."""
