"""Programmes as dated, sourced data: one YAML file each, and their reader in `load`."""
