"""Programmes as dated, sourced data: one YAML file each, and its reader."""

from services.programmes.load import Programmes, load_programmes, service_facts

__all__ = ["Programmes", "load_programmes", "service_facts"]
