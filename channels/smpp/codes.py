"""Numbers of SMPP 3.4 by name: commands (5.1.2.1), statuses (5.1.3) and optional parameters (5.3.2)."""

from typing import Final

RESPONSE: Final = 0x80000000
"""Set in the command of a response."""

GENERIC_NACK: Final = 0x80000000
BIND_RECEIVER: Final = 0x01
BIND_TRANSMITTER: Final = 0x02
SUBMIT_SM: Final = 0x04
DELIVER_SM: Final = 0x05
UNBIND: Final = 0x06
BIND_TRANSCEIVER: Final = 0x09
ENQUIRE_LINK: Final = 0x15
ALERT_NOTIFICATION: Final = 0x102
DATA_SM: Final = 0x103

BINDS: Final = frozenset({BIND_RECEIVER, BIND_TRANSMITTER, BIND_TRANSCEIVER})
MESSAGES: Final = frozenset({SUBMIT_SM, DELIVER_SM, DATA_SM})

OK: Final = 0x00
INVALID_LENGTH: Final = 0x02
INVALID_COMMAND: Final = 0x03
INVALID_BIND_STATE: Final = 0x04
ALREADY_BOUND: Final = 0x05
SYSTEM_ERROR: Final = 0x08
INVALID_DESTINATION: Final = 0x0B
BIND_FAILED: Final = 0x0D
INVALID_PASSWORD: Final = 0x0E
QUEUE_FULL: Final = 0x14
THROTTLED: Final = 0x58
TRY_LATER: Final = 0x64
"""ESME_RX_T_APPN: a fault at the receiver that will pass, so that the message comes again."""
INVALID_OPTIONAL: Final = 0xC0

USER_MESSAGE_REFERENCE: Final = 0x0204
SAR_REFERENCE: Final = 0x020C
SAR_TOTAL: Final = 0x020E
SAR_NUMBER: Final = 0x020F
RECEIPTED_ID: Final = 0x001E
MESSAGE_PAYLOAD: Final = 0x0424
MESSAGE_STATE: Final = 0x0427
NETWORK_ERROR: Final = 0x0423
INTERFACE_VERSION: Final = 0x0210
USSD_OPERATION: Final = 0x0501
ITS_SESSION: Final = 0x1383

HAS_HEADER: Final = 0x40
"""In esm_class: the text begins with a user data header."""
