"""Validates the contexts on stdin, one JSON document a line, against the schema that argv names. Exits 0 if all of them
are valid, and if each way of breaking them is noticed."""

import copy
import json
import sys

from jsonschema import Draft202012Validator

with open(sys.argv[1]) as file:
    schema = json.load(file)
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)
documents = [json.loads(line) for line in sys.stdin]
assert documents, "no document"
for document in documents:
    errors = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]
    assert not errors, (errors, document)
    for name, section in document["sections"].items():
        assert all(len(row) == len(section["columns"]) for row in section["rows"]), (name, section)


def first_section(document):
    return next(iter(document["sections"].values()))


def replace(key, value):
    return lambda document: document.__setitem__(key, value)


BREAKS = {
    "a key is missing": lambda document: document.pop("legend"),
    "a key too many": replace("weather", "fine"),
    "a date with a time": replace("complete_through", "2026-11-20 00:00"),
    "no date": replace("refreshed_at", None),
    "an account with a space": replace("account", "a b"),
    "sections as a list": replace("sections", []),
    "an unknown section": lambda document: document["sections"].update(weather=first_section(document)),
    "a section without rows": lambda document: first_section(document).pop("rows"),
    "a cell that is a list": lambda document: first_section(document)["rows"].append([[1]]),
    "a cell that is true": lambda document: first_section(document)["rows"].append([True]),
    "an unknown part left out": replace("left_out", ["weather"]),
    "an insight without figures": replace("insights", [{"text": "up", "advice": None, "figures": {}}]),
    "a figure that is text": replace("insights", [{"text": "up", "advice": None, "figures": {"change": "1 %"}}]),
    "seven insights": replace("insights", [{"text": "up", "advice": None, "figures": {"change": 1}}] * 7),
}
whole = next(document for document in documents if document["sections"])
for name, damage in BREAKS.items():
    broken = copy.deepcopy(whole)
    damage(broken)
    assert not validator.is_valid(broken), name
print(len(documents), "valid")
