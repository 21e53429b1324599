"""What people come for: one module each, and the two tables that say which step answers what."""

from types import ModuleType

from bot.steps import Step
from bot.topics import (
    complaint,
    consent,
    eligibility,
    fallback,
    feedback,
    human,
    language,
    link,
    media,
    payment_point,
    privacy,
    problem,
    programme,
    registration,
    resume,
    scam,
    status,
    update,
    welcome,
)

OPENINGS: dict[str, Step] = {
    "payment_status": status.open,
    "eligibility_check": eligibility.open,
    "fit": eligibility.open_all,
    "why": eligibility.open_why,
    "questions": eligibility.open_questions,
    "back": eligibility.open_back,
    "fee": welcome.open_fee,
    "registration_survey": registration.open,
    "complaint_deduction": complaint.open,
    "complaint_staff": complaint.open_staff,
    "complaint_not_received": complaint.open_not_received,
    "complaint_appeal": complaint.open_appeal,
    "complaint_status": complaint.open_status,
    "drop": complaint.open_drop,
    "complaint_solved": complaint.open_solved,
    "complaint_unsolved": complaint.open_unsolved,
    "scam_check": scam.open,
    "payment_point_location": payment_point.open,
    "programme_info": programme.open,
    "document_problem": problem.open_document,
    "biometric_problem": problem.open_biometric,
    "update_details": update.open,
    "language_change": language.open,
    "send_code": link.open,
    "privacy": privacy.open,
    "helper": privacy.open_helper,
    "who_asked": privacy.open_who_asked,
    "forget_me": privacy.open_forget,
    "stop": consent.open_stop,
    "start": consent.open_start,
    "human_help": human.open,
    "greeting": welcome.open,
    "thanks": welcome.open_thanks,
    "feedback": feedback.open,
    "yes": welcome.open_yes,
    "no": welcome.open_no,
    "menu": welcome.open_menu,
    "out_of_scope": welcome.open_out_of_scope,
}
"""Intent, or id of a menu choice -> the first step of its topic."""

TOPICS: dict[str, ModuleType] = {
    module.__name__.rpartition(".")[2]: module
    for module in (
        complaint, consent, eligibility, fallback, feedback, human, language, link, media, payment_point,
        privacy, problem, programme, registration, resume, scam, status, update, welcome,
    )
}  # fmt: skip
"""Name of a topic, as sessions remember it -> its module."""


def step_named(topic: str | None, step: str | None) -> Step | None:
    """The step that a session remembers, None where this version no longer has it."""
    module = TOPICS.get(topic or "")
    found = getattr(module, step or "", None)
    return (
        found
        if callable(found) and getattr(found, "__module__", "") == getattr(module, "__name__", None)
        else None
    )
