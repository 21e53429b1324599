"""Tests of `channels/`."""
