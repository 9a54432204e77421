#!/usr/bin/python3
"""Reads Prometheus' text format strictly from stdin, as promtool does: names, labels, values, one description per family
before its samples, families in one piece, no sample twice, buckets that grow and end at the count. Prints
"NAME{label="value",...} VALUE" with sorted labels, or what is wrong and fails."""
import math
import re
import sys

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
SAMPLE = re.compile(rf"^({NAME})(?:\{{(.*)\}})? (\S+)$")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)')


def fail(number, text):
    sys.exit(f"line {number}: {text}")


text = sys.stdin.buffer.read().decode()
if not text.endswith("\n"):
    sys.exit("the last line does not end")
types, samples, current, seen_families, buckets = {}, {}, None, set(), {}
for number, line in enumerate(text.split("\n")[:-1], 1):
    if line.startswith("# HELP "):
        current = line.split(" ", 3)[2]
        if current in seen_families:
            fail(number, f"{current} is described twice")
        seen_families.add(current)
        continue
    if line.startswith("# TYPE "):
        _, _, name, kind = line.split(" ")
        if name != current or kind not in ("counter", "gauge", "histogram"):
            fail(number, f"TYPE {name} {kind} behind HELP {current}")
        types[name] = kind
        continue
    match = SAMPLE.match(line)
    if not match:
        fail(number, f"no sample: {line}")
    name, labels, value = match.groups()
    family = re.sub(r"_(bucket|sum|count)$", "", name) if types.get(current) == "histogram" else name
    if family != current:
        fail(number, f"{name} stands among the samples of {current}")
    if types[family] == "counter" and not name.endswith("_total"):
        fail(number, f"the counter {name} should end with _total")
    found, end = [], 0
    for label in LABEL.finditer(labels or ""):
        if label.start() != end:
            fail(number, f"labels: {labels}")
        found.append(label.groups())
        end = label.end()
    if end != len(labels or ""):
        fail(number, f"labels: {labels}")
    if len({key for key, _ in found}) != len(found):
        fail(number, f"a label twice: {labels}")
    number_value = float(value)
    if math.isnan(number_value) or number_value < 0:
        fail(number, f"value {value}")
    key = name + "{" + ",".join(f'{k}="{v}"' for k, v in sorted(found)) + "}"
    if key in samples:
        fail(number, f"{key} twice")
    samples[key] = value
    if name.endswith("_bucket"):
        rest = tuple(sorted(pair for pair in found if pair[0] != "le"))
        bound = float(dict(found)["le"])
        before = buckets.get((family, rest))
        if before and not (before[0] < bound and before[1] <= number_value):
            fail(number, "buckets do not grow")
        buckets[(family, rest)] = (bound, number_value)
    if name.endswith("_count") and types[family] == "histogram":
        bound, total = buckets.get((family, tuple(sorted(found))), (0, -1))
        if bound != math.inf or total != number_value:
            fail(number, "the last bucket is not the count")
for key in sorted(samples):
    print(key, samples[key])
