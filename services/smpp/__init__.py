"""The short code at work: what comes in becomes turns, replies and receipts find their way."""
