"""The short code at work, from a delivered text to the receipt of its reply."""
