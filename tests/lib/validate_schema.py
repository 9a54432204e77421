#!/usr/bin/env python3
"""validate_schema.py SCHEMA FILE...: validates YAML files with a JSON Schema and prints one line per file.

A file of policy vectors (*.json) stands for the policies of its vectors that are not expected to be invalid.
Exit code: 0 all fit, 1 one does not, 2 the schema itself is wrong.
"""
import json
import re
import sys

import jsonschema
import yaml


class CoreLoader(yaml.SafeLoader):
    """YAML 1.2's core types: only true and false are booleans, and a date is text."""


CoreLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rows if tag not in ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp")]
    for first, rows in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for word in ("true", "false"):
    CoreLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|false)$"), [word[0]])


def documents(name):
    with open(name, encoding="utf-8") as file:
        text = file.read()
    if not name.endswith(".json"):
        yield name, text
        return
    for vector in json.loads(text)["vectors"]:
        if "policy" in vector and vector["expect"] != "invalid":
            yield f"{name}: {vector['name']}", vector["policy"]


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    try:
        jsonschema.Draft7Validator.check_schema(schema)
    except jsonschema.exceptions.SchemaError as error:
        print(f"the schema is wrong: {error.message}")
        return 2
    validator = jsonschema.Draft7Validator(schema)
    status = 0
    for file in sys.argv[2:]:
        for name, text in documents(file):
            error = jsonschema.exceptions.best_match(validator.iter_errors(yaml.load(text, CoreLoader)))
            print(f"{name}: {'fits' if error is None else 'does not fit: ' + error.message[:300]}")
            status = status or int(error is not None)
    return status


if __name__ == "__main__":
    sys.exit(main())
