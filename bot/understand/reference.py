"""Complaint numbers: seven digits and a check digit, written 4829-1736, read aloud without mistakes."""


def luhn_check_digit(digits: str) -> str:
    """The digit that makes a Luhn number of these; it catches any one wrong digit and most swaps."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def is_reference(digits: str) -> bool:
    """Whether eight digits are a complaint number."""
    return len(digits) == 8 and luhn_check_digit(digits[:7]) == digits[7]
