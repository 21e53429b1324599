"""How good the registry's own data are, district by district: `haqdar quality`."""
