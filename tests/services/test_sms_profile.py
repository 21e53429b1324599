"""What national language tables would save on a catalogue that is counted by hand."""

from io import StringIO

from rich.console import Console

from bot.texts import Catalogue, Entry, Language
from services.sms_profile import show_tables


def test_what_the_tables_would_save() -> None:
    urdu = Language("ur", "اردو", "Urdu", "Arab", "rtl", "ur", (), True)
    unspoken = Language("khw", "کھوار", "Khowar", "Arab", "rtl", "ur", ("ur",))
    texts = {
        ("one", "long"): Entry("ا" * 70),
        ("placeholder", "long"): Entry("ا" * 67 + "{n:number}۔"),  # 69
        ("saved", "long"): Entry("ا" * 71),
        ("ghain", "long"): Entry("غ" * 71),
        ("hamza", "long"): Entry("ئ" * 71),
        ("too_long", "long"): Entry("ا" * 135),  # is sent short
        ("too_long", "short"): Entry("ا" * 80),
        ("typographic", "long"): Entry("ا" * 80 + "…"),
    }
    out = Console(record=True, width=200, file=StringIO())
    show_tables(Catalogue({"ur": urdu, "khw": unspoken}, {"ur": texts}), out)
    (row,) = [" ".join(line.split()) for line in out.export_text().splitlines() if "(" in line]
    # Of 7 texts 5 take two segments now; the tables save three of these, the hamza apart a fourth.
    assert row == "ur (Urdu) 7 12 9 25% 8 33% ghain 1, yeh with hamza above 1"
