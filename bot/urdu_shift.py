"""The Urdu national language tables of SMS, as data: eight characters a line, after its first position.

3GPP TS 23.038, Annex A, language identifier 13: A.3.13 (locking shift) and A.2.13 (single shift). The
positions were compared in five independent implementations of editions 9.1.1 to 18.0.0, which agree but for
one that has an apostrophe where the others have the comma (locking, 2C). ESC (1B) leads to the single shift
table; NUL stands where a table has nothing. Neither has a ghain (U+063A).
"""

LANGUAGE = 13

LOCKING = (
    "\u0627\u0622\u0628\u067b\u0680\u067e\u06a6\u062a"  # 00
    "\u06c2\u067f\n\u0679\u067d\r\u067a\u067c"  # 08
    "\u062b\u062c\u0681\u0684\u0683\u0685\u0686\u0687"  # 10
    "\u062d\u062e\u062f\x1b\u068c\u0688\u0689\u068a"  # 18
    " !\u068f\u068d\u0630\u0631\u0691\u0693"  # 20
    ")(\u0699\u0632,\u0696.\u0698"  # 28
    "01234567"  # 30
    "89:;\u069a\u0633\u0634?"  # 38
    "\u0635\u0636\u0637\u0638\u0639\u0641\u0642\u06a9"  # 40
    "\u06aa\u06ab\u06af\u06b3\u06b1\u0644\u0645\u0646"  # 48
    "\u06ba\u06bb\u06bc\u0648\u06c4\u06d5\u06c1\u06be"  # 50
    "\u0621\u06cc\u06d0\u06d2\u064d\u0650\u064f\u0657"  # 58
    "\u0654abcdefg"  # 60
    "hijklmno"  # 68
    "pqrstuvw"  # 70
    "xyz\u0655\u0651\u0653\u0656\u0670"  # 78
)

SINGLE = (
    '@\xa3$\xa5\xbf"\xa4%'  # 00
    "&'\f*+\0-/"  # 08
    "<=>\xa1^\xa1_#"  # 10
    "*\u0600\u0601\x1b\u06f0\u06f1\u06f2\u06f3"  # 18
    "\u06f4\u06f5\u06f6\u06f7\u06f8\u06f9\u060c\u060d"  # 20
    "{}\u060e\u060f\u0610\u0611\u0612\\"  # 28
    "\u0613\u0614\u061b\u061f\u0640\u0652\u0658\u066b"  # 30
    "\u066c\u0672\u0673\u06cd[~]\u06d4"  # 38
    "|ABCDEFG"  # 40
    "HIJKLMNO"  # 48
    "PQRSTUVW"  # 50
    "XYZ\0\0\0\0\0"  # 58
    "\0\0\0\0\0\u20ac\0\0"  # 60
    "\0\0\0\0\0\0\0\0"  # 68
    "\0\0\0\0\0\0\0\0"  # 70
    "\0\0\0\0\0\0\0\0"  # 78
)
