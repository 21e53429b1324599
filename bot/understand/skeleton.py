"""The consonant skeleton of a word: one key for its many Roman spellings and for its Arabic script.

paise, paisay, pesy and the Urdu word all become "ps"; shikayat "skt"; wazifa "vsf". Vowels are what
people spell differently; consonants are what both scripts write.
"""

import re
from functools import lru_cache

TELLING = 3
"""Consonants that are enough to know a word by, where few words may be meant."""

_CLASSES = {
    "t": "\u062a\u0679\u0637\u067c\u067d\u067f\u067a",
    "d": "\u062f\u0688\u068a\u0689\u068f\u0759\u068c\u068d",
    "s": "\u0633\u0635\u062b\u0632\u0630\u0636\u0638\u0698\u0634\u0681",
    "k": "\u06a9\u06aa\u0642",
    "g": "\u06af\u06b3\u06ab\u0696\u063a",
    "x": "\u062e\u069a",
    "c": "\u0686\u0687\u0685",
    "j": "\u062c\u0684\u0683",
    "n": "\u0646\u0768\u06bb\u06bc\u06b1",
    "r": "\u0631\u0691\u0693\u0699",
    "b": "\u0628\u067b\u0680",
    "f": "\u0641",
    "p": "\u067e\u06a6",
    "m": "\u0645",
    "l": "\u0644",
    "h": "\u062d",
}
_ARAB = {letter: key for key, letters in _CLASSES.items() for letter in letters}
_ARAB_FIRST = {
    "\u0627": "a",
    "\u0639": "a",
    "\u0622": "a",
    "\u0648": "v",
    "\u06cc": "y",
    "\u06d2": "y",
    "\u06c1": "h",
}
_ROMAN_PAIRS = (
    ("kh", "x"), ("gh", "g"), ("sh", "s"), ("ch", "c"), ("th", "t"), ("dh", "d"), ("ph", "f"),
    ("bh", "b"), ("jh", "j"), ("rh", "r"),
)  # fmt: skip
_ROMAN_ONE = str.maketrans({"q": "k", "w": "v", "z": "s"})
_REPEATED = re.compile(r"(.)\1+")
_VOWELS = re.compile(r"[aeiouyhv]")


@lru_cache(maxsize=65536)
def skeleton(word: str) -> str:
    """The key of one loosely normalised word; digits stay as they are."""
    if word.isascii():
        return word if word[:1].isdecimal() else _of_roman(word)
    return _of_arabic(word)


def spelt_or_bare(word: str) -> tuple[str, ...]:
    """A word, and its key where that has consonants enough to know the word by."""
    bones = skeleton(word) if word else ""
    return (word, bones) if len(bones) >= TELLING else (word,)


def _of_roman(word: str) -> str:
    word = _REPEATED.sub(r"\1", word)
    for pair, key in _ROMAN_PAIRS:
        word = word.replace(pair, key)
    if len(word) > 2 and word[-1] == "n" and word[-2] in "aeiou":
        word = word[:-1]
    word = word.translate(_ROMAN_ONE)
    first = "a" if word[0] in "aeiou" else word[0]
    return _REPEATED.sub(r"\1", first + _VOWELS.sub("", word[1:]))


def _of_arabic(word: str) -> str:
    first = _ARAB_FIRST.get(word[0], _ARAB.get(word[0], ""))
    rest = word[1:-1] if len(word) > 2 and word[-1] in "\u0646" else word[1:]
    inner = "".join(_ARAB.get(letter, "") for letter in rest).replace("h", "")
    return _REPEATED.sub(r"\1", first + inner)
