"""What a USSD screen holds. The wire is an operator's: its SMPP bind carries question and answer.

`Outbound.ends` says whether the session is released with a reply or waits for what is typed next. A dial is
an `Inbound` of empty text, and `contact` is the phone that the network names.
"""

from datetime import timedelta

from bot.messages import Limits

NAME = "ussd"
LIMITS = Limits(alphabet="ussd", units=160, choices=4, window=timedelta(0))
"""160 octets are 182 characters of GSM 03.38 or 80 of UCS-2. The smallest phones show no more than four lines
beside a question. Nobody can be written to after the session: its window is closed at once."""
