"""HTTP: provider webhooks and public pages."""
