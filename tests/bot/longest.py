"""The longest that texts can get, and which texts are held to the cost of an SMS."""

LONG_NAME = {
    "en": "Payment camp, Government Girls Higher Secondary School",
    "ur": "ادائیگی کیمپ، گورنمنٹ گرلز ہائیر سیکنڈری سکول",
}
LONGEST = {
    "amount": 118_000, "cycle": "2026-Q3", "point": LONG_NAME, "other": LONG_NAME, "on": "2026-11-28",
    "since": "2026-11-28", "last4": "0012", "cut_off": 32, "n": 14, "reference": "4829-1736",
    "district": "naushahro_feroze", "source": {"en": "Economic Survey", "ur": "اکنامک سروے"},
    "source_date": "2025-06-10", "programme": "taleemi_wazaif", "code": "483920", "until": "2027-11-28",
    "phone": "0300 1234567", "name": "Bakhtawar", "as_of": "2026-11-28", "status": "not_released",
    "children": ["Amina", "Bilal", "Dua"],
    "due": "2026-11-28", "level": "headquarters",
    "next": "headquarters", "answer": "x" * 40, "text": "x" * 40,
}  # fmt: skip
"""The longest that each argument gets, so that a text that fits with these fits always."""

PRIVATE = (
    "privacy.code_for_what",
    "privacy.code_sent",
    "privacy.code_ask_again",
    "privacy.code_wrong",
    "privacy.code_over",
    "privacy.code_message",
    "privacy.not_now",
    "privacy.too_many",
    "privacy.not_forgotten",
    "privacy.forgotten",
    "privacy.nobody_asked",
    "privacy.asked",
    "helper.ask_phone",
    "helper.ask_phone_again",
    "helper.not_given",
    "helper.given",
    "helper.ended",
)
ALONG = (
    "status.line.",
    "status.dated.",
    "status.apart.",
    "status.children",
    "status.as_of",
    "status.conflict",
    "status.more_to_come",
    "status.of_person",
    "status.follow_up",
    "privacy.asked_by.",
    "privacy.stays.",
    "privacy.code_right",
)
"""Said beside something else, at a segment each."""

BUDGETED = ("helper.", "status.", "eligibility.", "ask.", "complaint.", "cnic.", "privacy.")
PARTS_OF_TEXTS = (
    "eligibility.choice.",
    "eligibility.word.",
    "eligibility.reason.",
    "status.choice.",
    "complaint.choice.",
    "complaint.level.",
    "helper.choice.",
    "privacy.choice.",
    "privacy.yes",
    "privacy.no",
    *ALONG,
)
