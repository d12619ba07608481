# SPDX-License-Identifier: BSD-2-Clause
"""Compares a JSON report with docs/report-json.md, whose tables are the schema."""
import pathlib
import re

PAGE = pathlib.Path(__file__).resolve().parent.parent.parent / "docs/report-json.md"
ROW = re.compile(r"^\| (?P<name>\w+) \| (?P<type>(?:[^|\\]|\\\|)+) \| (?P<there>\w+) \|")
PATTERNS = {
    "hex": re.compile(r"0x[0-9a-f]+"),
    "address": re.compile(r"[0-9a-f]{4}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]"),
}
TYPES = {"text", "number", "bool", "numbers", *PATTERNS}


def load(page=PAGE):
    """{object: {member: (type, there)}}"""
    objects, members = {}, None
    for line in page.read_text().splitlines():
        if line.startswith("## "):
            members = objects[line[3:].strip()] = {}
            continue
        row = ROW.match(line)
        if row and members is not None and row["name"] != "Member":
            members[row["name"]] = (row["type"].replace("\\|", "|").strip(), row["there"])
    return objects


def is_number(value):
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def check_plain(kind, value, where):
    if kind == "text":
        good = isinstance(value, str)
    elif kind == "number":
        good = is_number(value)
    elif kind == "bool":
        good = isinstance(value, bool)
    elif kind == "numbers":
        good = isinstance(value, dict) and bool(value) and all(is_number(v) for v in value.values())
    elif kind in PATTERNS:
        good = isinstance(value, str) and PATTERNS[kind].fullmatch(value) is not None
    else:
        good = value in [word.strip() for word in kind.split("|")]
    return [] if good else [f"{where}: seen {value!r}, expected {kind}"]


def check(objects, kind, value, where):
    """What is wrong with a value of that type, one line each."""
    if kind.startswith("list of "):
        if not isinstance(value, list):
            return [f"{where}: no list"]
        return [line for number, item in enumerate(value)
                for line in check(objects, kind[8:], item, f"{where}[{number}]")]
    if kind in TYPES or kind not in objects:
        return check_plain(kind, value, where)
    if not isinstance(value, dict):
        return [f"{where}: no object"]
    members = objects[kind]
    wrong = [f"{where}.{name} is not in {PAGE.name}" for name in value if name not in members]
    for name, (inner, there) in members.items():
        if name in value:
            wrong += check(objects, inner, value[name], f"{where}.{name}")
        elif there == "always" or there == value.get("vendor"):
            wrong.append(f"{where}.{name} is missing")
        if name in value and there in ("intel", "amd") and there != value.get("vendor"):
            wrong.append(f"{where}.{name} is of the other vendor")
    return wrong


def relations(report):
    """What members say of one another: names and addresses lead somewhere."""
    addresses = {f["address"] for f in report["functions"]}
    units = {u["name"] for u in report["units"]} | {"none"}
    groups = {g["id"]: set(g["members"]) for g in report["groups"]}
    wrong = [f"{f['address']}: there is no unit {f['unit']}" for f in report["functions"] if f["unit"] not in units]
    wrong += [f"{f['address']}: there is no parent {f['parent']}" for f in report["functions"]
              if f.get("parent", f["address"]) not in addresses]
    wrong += [f"{f['address']} is not in group {f['group']}" for f in report["functions"]
              if "group" in f and f["address"] not in groups.get(f["group"], set())]
    wrong += [f"group {number} has {member}, which is no function" for number, members in groups.items()
              for member in members if member not in addresses]
    for f in report["functions"]:
        ranges = [(int(r["start"], 16), int(r["end"], 16)) for r in f["iova_ranges"]]
        if any(start >= end for start, end in ranges) or ranges != sorted(ranges):
            wrong.append(f"{f['address']}: ranges are empty or out of order: {ranges}")
        if (f["unit"] != "none") != bool(ranges) and not f["bridge"]:
            wrong.append(f"{f['address']}: unit {f['unit']} with {len(ranges)} usable ranges")
    return wrong


def violations(report):
    objects = load()
    wrong = check(objects, "report", report, "report")
    return wrong or relations(report)
