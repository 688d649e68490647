"""GS1 check digits and check characters (GS1 General Specifications, section 7.9)."""

CSET82 = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
CSET39 = "#-/0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CSET64 = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz="
_CSET32 = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83)


def check_digit(digits: str) -> str:
    """Return the check digit of a numeric key given without it: weights 3 and 1 from the right (section 7.9.1)."""
    total = sum(int(d) * (3, 1)[i % 2] for i, d in enumerate(reversed(digits)))
    return str(-total % 10)


def with_check_digit(digits: str) -> str:
    """Complete a numeric key by its check digit."""
    return digits + check_digit(digits)


def is_checked(key: str) -> bool:
    """Say whether a numeric key ends with its own check digit."""
    return len(key) > 1 and key.isascii() and key.isdigit() and check_digit(key[:-1]) == key[-1]


def check_pair(text: str) -> str:
    """Return the check character pair of an alphanumeric key given without it (section 7.9.5)."""
    weighted = sum(CSET82.index(c) * weight for c, weight in zip(reversed(text), _PRIMES, strict=False))
    return _CSET32[weighted % 1021 >> 5] + _CSET32[weighted % 1021 & 31]
