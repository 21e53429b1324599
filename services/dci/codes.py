"""Codes of SP-DCI and G2P Connect, and the words of `services.registry` that they stand for.

Sources: API descriptions and code lists of SP-DCI v1.0 (spdci/standards, spdci/schemas) and of G2P
Connect `disburse` v1.0. Where the standard has no code for what a registry here knows, a code of our own
profile is used, `pk:...`; a reader that does not know it learns nothing, instead of something wrong.
"""

from collections.abc import Mapping
from typing import Literal, TypeAlias

Status: TypeAlias = Literal["rcvd", "pdng", "succ", "rjct"]

HeaderReason: TypeAlias = Literal[
    "rjct.version.invalid", "rjct.message_id.duplicate", "rjct.message_ts.invalid", "rjct.action.invalid",
    "rjct.action.not_supported", "rjct.total_count.invalid", "rjct.total_count.limit_exceeded",
    "rjct.errors.too_many",
]  # fmt: skip

SearchReason: TypeAlias = Literal[
    "rjct.reference_id.invalid", "rjct.reference_id.duplicate", "rjct.timestamp.invalid",
    "rjct.search_criteria.invalid", "rjct.filter.invalid", "rjct.sort.invalid", "rjct.pagination.invalid",
    "rjct.search.too_many_records_found",
]  # fmt: skip
"""There is none for *not found*: that is `succ` with no record."""

ErrorCode: TypeAlias = Literal[
    "err.request.bad", "err.request.unauthorized", "err.request.forbidden", "err.request.not_found",
    "err.request.timeout", "err.version.not_supported", "err.request.too_many_requests",
    "err.sender_id.invalid", "err.sender_uri.invalid", "err.receiver_id.invalid", "err.signature.missing",
    "err.signature.invalid", "err.encryption.invalid", "err.service.unavailable",
]  # fmt: skip

Word: TypeAlias = tuple[str, str | None]
"""A status of an enrolment with its reason, None where it has none that a code carries."""

ENROLMENT: Mapping[str, Word] = {
    "1": ("enrolled", None),
    "2": ("exited", "deceased"),
    "3": ("exited", None),
    "4": ("suspended", None),
    "pk:under_verification": ("under_verification", None),
    "pk:survey_needed": ("survey_needed", None),
    "pk:not_eligible": ("not_eligible", None),
}
"""EnrollmentStatusEnum: active, deceased, graduated, suspended. A person who died is no longer enrolled."""

_LABELS: Mapping[str, str] = {"active": "1", "deceased": "2", "graduated": "3", "suspended": "4"}
"""What samples write in place of the code."""

SEX: Mapping[str, Literal["f", "m", "x"]] = {"female": "f", "male": "m", "other": "x"}
"""SexCategoryEnum, which also has `unknown`: that is no fact."""

_SEX_LABELS: Mapping[str, str] = {"f": "female", "m": "male", "others": "other"}

PAYMENT: Mapping[Status, Literal["on_the_way", "ready"]] = {
    "rcvd": "on_the_way",
    "pdng": "on_the_way",
    "succ": "ready",
}
"""What G2P Connect says of a disbursement. `succ` is credited; whether it was collected, nobody says."""

REJECTED: Mapping[str, Literal["not_released", "blocked"]] = {"rjct.payee_fa.invalid": "blocked"}
"""A rejected disbursement by its reason; any other is an instruction that was not carried out."""


def enrolment_word(code: str) -> Word | None:
    """The status and reason of an enrolment code or label, None for a stranger's."""
    return ENROLMENT.get(_LABELS.get(code.lower(), code))


def enrolment_code(status: str, reason: str | None) -> str:
    """The code of a status; a reason that no code carries is left out."""
    exact = {word: code for code, word in ENROLMENT.items()}
    return exact.get((status, reason)) or exact[status, None]


def sex_word(code: str) -> Literal["f", "m", "x", ""]:
    """The sex that a code or label stands for, "" where none is stated."""
    return SEX.get(_SEX_LABELS.get(code.lower(), code.lower()), "")


def sex_code(word: str) -> str:
    """The code of a sex."""
    return {word: code for code, word in SEX.items()}.get(word, "unknown")  # type: ignore[call-overload, no-any-return]


def payment_word(
    status: str, reason: str
) -> Literal["on_the_way", "ready", "not_released", "blocked"] | None:
    """The status of a payment, None where the wire's is unknown."""
    if status == "rjct":
        return REJECTED.get(reason, "not_released")
    return PAYMENT.get(status)  # type: ignore[call-overload, no-any-return]
