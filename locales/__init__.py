"""Words of every language: what we say (messages.po) and what people say (phrases.toml)."""
