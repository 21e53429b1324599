"""Tests; the folders are those of what is tested."""
