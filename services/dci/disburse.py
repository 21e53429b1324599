"""G2P Connect `disburse`: which payments there are for a payee, and what became of them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.dci import loose
from services.dci.envelope import stamp

ACTION = "search"
"""Of both requests: the published description allows nothing better for `txn/status`."""

_LISTS = ("disbursements_status", "disbursements", "disburemsents_status", "disburemsents")
"""Under which a list of payments stands, in order of trust: the standard's own file misspells it."""

_AMOUNT = re.compile(r"(\d{1,13})(?:\.(\d{1,2}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Disbursement:
    """One payment instruction. `amount` is whole rupees, None where none is named; others as on the wire."""

    reference_id: str
    at: datetime | None
    status: str
    reason: str
    amount: int | None
    currency: str
    payee: str = field(repr=False)


def ask_payments(
    *, transaction_id: str, reference_id: str, at: datetime, payee: str, locale: str
) -> dict[str, Any]:
    """The message that asks which payments there are for a financial address."""
    criteria = {
        "reference_id": reference_id,
        "timestamp": stamp(at),
        "request_type": "disburse",
        "attribute_type": "payee_fa",
        "attribute_value": payee,
        "locale": locale,
    }
    return {"transaction_id": transaction_id, "search_criteria": [criteria]}


def ask_status(
    *, transaction_id: str, reference_id: str, references: Sequence[str], locale: str
) -> dict[str, Any]:
    """The message that asks what became of these payments."""
    # Always a list: a single text would match two of the description's alternatives, which is one too many.
    request = {
        "reference_id": reference_id,
        "txn_type": "disburse",
        "attribute_type": "reference_id_list",
        "attribute_value": list(references),
        "locale": locale,
    }
    return {"transaction_id": transaction_id, "txnstatus_request": request}


def read_payments(message: Mapping[str, Any]) -> tuple[Disbursement, ...] | None:
    """The payments of either answer; None where no list of payments is there, not even an empty one."""
    response = loose.part(loose.first(message, "txnstatus_response", "txn_status_response"))
    held = loose.part(response.get("txn_status")) or response or message
    listed = next((held[name] for name in _LISTS if isinstance(held.get(name), list | dict)), None)
    return None if listed is None else tuple(map(_disbursement, loose.parts(listed)))


def _disbursement(item: Mapping[str, Any]) -> Disbursement:
    written = _AMOUNT.fullmatch(loose.text(item.get("amount")))
    return Disbursement(
        reference_id=loose.text(item.get("reference_id")),
        at=loose.moment(loose.first(item, "timestamp", "timesstamp")),
        status=loose.text(item.get("status")),
        reason=loose.text(item.get("status_reason_code")),
        amount=int(written[1]) if written else None,
        currency=loose.text(item.get("currency_code")),
        payee=loose.text(item.get("payee_fa")),
    )
