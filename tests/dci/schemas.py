"""The published descriptions as judges of messages."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from openapi_schema_validator import OAS30Validator, oas30_format_checker
from referencing import Registry
from referencing.jsonschema import DRAFT4

DATA = Path(__file__).parents[1] / "data" / "spdci"
SAMPLES = sorted((DATA / "samples").glob("*/*.json"))


@cache
def _registry() -> Any:
    names = ("social", "ibr", "disburse")
    files = {name: yaml.safe_load((DATA / f"{name}.yaml").read_text("utf-8")) for name in names}
    return Registry().with_resources(
        (f"urn:{name}", DRAFT4.create_resource(file)) for name, file in files.items()
    )


@cache
def _validator(file: str, pointer: str) -> OAS30Validator:
    schema = {"$ref": f"urn:{file}#{pointer}"}
    return OAS30Validator(schema, registry=_registry(), format_checker=oas30_format_checker)


def faults(message: Any, file: str, pointer: str) -> list[str]:
    """What the schema at a JSON pointer of a description has against a value."""
    found: Iterator[Any] = _validator(file, pointer).iter_errors(message)
    return [f"{'/'.join(map(str, one.absolute_path))}: {one.message}" for one in found]


def request_faults(body: bytes, file: str, path: str) -> list[str]:
    """What a description has against the body of a request to a path."""
    return faults(json.loads(body), file, f"{_path(path)}/requestBody/content/application~1json/schema")


def response_faults(body: bytes, file: str, path: str) -> list[str]:
    """What a description has against the body of a response of a path."""
    message = json.loads(body)
    if path == "/registry/sync/enrolled":  # described without its envelope, by a slip of the authors
        return [
            *faults(message["header"], file, "/components/schemas/MsgCallbackHeader_V1.0.0"),
            *faults(message["message"], file, "/components/schemas/EnrolledResponse"),
        ]
    pointer = f"{_path(path)}/responses/default/content/application~1json/schema"
    return faults(message, file, pointer)


def error_faults(body: bytes) -> list[str]:
    """What the description has against the body of an HTTP error."""
    pointer = "/components/responses/HttpErrorResponse/content/application~1json/schema"
    return faults(json.loads(body), "ibr", pointer)


def _path(path: str) -> str:
    return f"/paths/{path.replace('/', '~1')}/post"
