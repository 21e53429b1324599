"""SMPP 3.4: an operator's short code, by a wire of our own.

`pdu` (bytes), `texts` (alphabets), `parts` (long texts), `receipts` and `addresses` are pure; `peer` and
`line` do the talking; `channel` is what the rest of the service sees.
"""
