"""The short code: codec, texts, receipts, sessions, and peers that others wrote."""
