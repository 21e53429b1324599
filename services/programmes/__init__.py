"""Programmes as dated, sourced data: one YAML file each, and its reader."""
