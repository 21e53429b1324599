"""An operator's SMSC to try the short code with: it delivers texts, takes replies, and misbehaves as told."""
