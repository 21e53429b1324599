"""Misspelling as phones and haste cause it, made on purpose: other keyboards, slips, lost spaces."""

from random import Random

_URDU_KEYBOARD = str.maketrans(
    "\u0759\u06b3\u0768\u067b\u0684\u06aa\u064a\u069a\u067c\u0689\u0693\u0696\u06bc\u06d0\u067f\u067d\u067a"
    "\u068f\u068c\u0680\u0683\u0687\u06bb\u06a6\u06cd\u06ab",
    "\u0688\u06af\u0646\u0628\u062c\u06a9\u06cc\u062e\u0679\u0688\u0691\u0632\u0646\u06cc\u062a\u0679\u0679"
    "\u0688\u062f\u0628\u062c\u0686\u0646\u067e\u06cc\u06af",
)
"""Letters of Sindhi, Pashto and Saraiki -> what a phone with an Urdu keyboard has."""

_ARABIC = dict(zip("\u06cc\u06a9\u06c1\u06be\u06d2", "\u064a\u0643\u0647\u0647\u064a", strict=True))
_ARABIC_KEYBOARD = str.maketrans(_ARABIC)
_ARABIC_ONLY = str.maketrans(
    {
        **_ARABIC,
        **dict(
            zip(
                "\u0679\u06af\u06ba\u067e\u0686\u0698\u0691\u0688",
                "\u062a\u0643\u0646\u0628\u062c\u0632\u0631\u062f",
                strict=True,
            )
        ),
    }
)

_ROMAN_SPELLINGS = (
    ("aa", "a"), ("a", "aa"), ("ee", "i"), ("i", "ee"), ("oo", "u"), ("u", "oo"), ("ai", "e"), ("ay", "e"),
    ("e", "ay"), ("k", "q"), ("q", "k"), ("z", "j"), ("w", "v"), ("v", "w"), ("sh", "s"), ("kh", "k"),
    ("y", "i"), ("i", "y"), ("h", ""), ("a", ""),
)  # fmt: skip
"""Ways in which one sound is spelt."""

_LATIN = "abcdefghijklmnopqrstuvwxyz"
_ARABIC_LETTERS = "".join(
    chr(code) for code in (*range(0x0627, 0x063B), *range(0x0641, 0x064B), 0x0679, 0x06BE, 0x06CC)
)

_SLIP, _JOINED, _OTHER_KEYBOARD, _SUNG = 0.25, 0.1, 0.5, 0.3
_TRIES = 6


def gibberish(chance: Random) -> str:
    """Words that are none: a child's play with the keys, or a cat's walk over them."""
    letters = chance.choice((_LATIN, _ARABIC_LETTERS))
    few = chance.sample(letters, chance.randint(1, 8))
    from_all = chance.random() < 0.5
    words = []
    for _ in range(chance.randint(1, 5)):
        size = chance.randint(2, 9)
        words.append("".join(chance.choice(letters if from_all else few) for _ in range(size)))
    if chance.random() < _SUNG:
        words = [words[0][: chance.randint(1, 3)]] * chance.randint(2, 5)
    return " ".join(words)


def keyboards(text: str, chance: Random) -> str:
    """The text as typed on a keyboard that lacks some of its letters; whole, or some of its words."""
    drawn = chance.random()
    table = _URDU_KEYBOARD if drawn < 0.6 else _ARABIC_KEYBOARD if drawn < 0.85 else _ARABIC_ONLY
    if chance.random() < _OTHER_KEYBOARD:
        return text.translate(table)
    return " ".join(
        word.translate(table) if chance.random() < _OTHER_KEYBOARD else word for word in text.split()
    )


def misspelt(text: str, chance: Random) -> str:
    """The text as typed in haste: about every fourth word has a slip, now and then a space is lost."""
    if not text.isascii() and chance.random() < _OTHER_KEYBOARD:
        text = text.translate(_URDU_KEYBOARD)
    words = [_slipped(word, chance) for word in text.split()]
    if len(words) > 2 and chance.random() < _JOINED:
        place = chance.randrange(len(words) - 1)
        words[place : place + 2] = ["".join(words[place : place + 2])]
    return " ".join(words)


def window(text: str, shortest: int, longest: int, chance: Random) -> str:
    """So many neighbouring words of the text, or all where it has no more."""
    words = text.split()
    size = chance.randint(shortest, longest)
    start = chance.randrange(max(1, len(words) - size + 1))
    return " ".join(words[start : start + size])


def _slipped(word: str, chance: Random) -> str:
    if len(word) <= 3 or word[0].isdecimal() or chance.random() >= _SLIP:
        return word
    place, kind = chance.randrange(1, len(word) - 1), chance.random()
    before, here, after = word[:place], word[place], word[place + 1 :]
    if kind < 0.3:
        return before + after
    if kind < 0.5:
        return before + here * 2 + after
    if kind < 0.65:
        return before + after[0] + here + after[1:]
    if word.isascii():
        for spelling, other in chance.sample(_ROMAN_SPELLINGS, _TRIES):
            if spelling in word[1:]:
                return word[0] + word[1:].replace(spelling, other, 1)
    return word
