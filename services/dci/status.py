"""What became of a transaction: `/registry/sync/txn/status`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.dci import loose
from services.dci.envelope import stamp
from services.dci.search import answer, refused


@dataclass(frozen=True, slots=True)
class StatusAsked:
    """A question for the status of a transaction; `by` is transaction_id, reference_id_list, ..."""

    transaction_id: str
    reference_id: str
    kind: str
    by: str
    value: str


def read_status(message: Mapping[str, Any]) -> StatusAsked:
    """The question that a message asks; "" for what it leaves out."""
    asked = loose.part(loose.first(message, "txnstatus_request", "txn_status_request"))
    return StatusAsked(
        transaction_id=loose.text(message.get("transaction_id")),
        reference_id=loose.text(asked.get("reference_id")),
        kind=loose.text(asked.get("txn_type")),
        by=loose.text(asked.get("attribute_type")),
        value=loose.text(asked.get("attribute_value")),
    )


def answer_status(asked: StatusAsked, *, known: bool, correlation_id: str, at: datetime) -> dict[str, Any]:
    """The message that says whether a search was answered. What it found is not told again."""
    if known:
        item = {"reference_id": asked.reference_id, "timestamp": stamp(at), "status": "succ"}
    else:
        item = refused("rjct.reference_id.invalid", reference_id=asked.reference_id, at=at)
    searched = answer(transaction_id=asked.value, correlation_id=correlation_id, items=[item])
    return {
        "transaction_id": asked.transaction_id,
        "correlation_id": correlation_id,
        "txnstatus_response": {"txn_type": "search", "txn_status": searched},
    }
