"""Complaints: filed under a short number, answered by offices from below, closed by the person alone."""

from services.complaints.categories import Categories, load_categories
from services.complaints.citizen import confirm, standing
from services.complaints.filing import Filing, add, file, promised, same_matter
from services.references import free_reference

__all__ = [
    "Categories",
    "Filing",
    "add",
    "confirm",
    "file",
    "free_reference",
    "load_categories",
    "promised",
    "same_matter",
    "standing",
]
