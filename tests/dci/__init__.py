"""Tests of `services/dci/`, and of both ends that speak it."""
