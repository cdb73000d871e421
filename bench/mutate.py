"""Single mutations of a correct bundle, made from the definitions of its profiles.

Each breaks one rule that an error is due for. Rules come in classes; each class gives a few
mutations, spread over the bundle's resources, so that no class outweighs the others.
"""

import copy
import json
from pathlib import Path

#: At most this many mutations of one class.
PER_CLASS = 3

#: A value of each type that is right by itself.
SAMPLES = {
    "string": "x", "code": "x", "boolean": True, "dateTime": "2025-01-01", "date": "2025-01-01", "integer": 1,
    "HumanName": {"family": "x"}, "Attachment": {"title": "x"}, "CodeableConcept": {"text": "x"},
    "Reference": {"display": "x"}, "Identifier": {"value": "x"}, "Annotation": {"text": "x"},
    "ContactPoint": {"system": "phone", "value": "12345678"}, "Period": {"start": "2025-01-01"},
}
WRONG_FORMAT = {"date": "2025-13-01", "dateTime": "2025-05-20T08:15:00", "instant": "2025-05-20"}


def write(base, definitions, folder):
    """Writes all mutations of a bundle into a folder: a list of (file, what was done)."""
    folder.mkdir(parents=True)
    bundle = json.loads(base.read_text())
    profiles = {d["url"]: d for d in definitions if d["resourceType"] == "StructureDefinition"}
    made = []
    for name, makers in classes(bundle, profiles):
        # One per resource first, so that a class is spread.
        for number, (what, change) in enumerate(spread(makers)[:PER_CLASS]):
            mutant = copy.deepcopy(bundle)
            change(mutant)
            file = folder / f"{name}-{number}.json"
            file.write_text(json.dumps(mutant, ensure_ascii=False, separators=(",", ":")))
            made.append((file, what))
    return made


def spread(makers):
    """Takes every n-th of the list, so that few come from all over it."""
    if len(makers) <= PER_CLASS:
        return makers
    step = len(makers) / PER_CLASS
    return [makers[int(i * step)] for i in range(PER_CLASS)]


def classes(bundle, profiles):
    resources = list(enumerate(e["resource"] for e in bundle["entry"]))
    elements = {n: snapshot(r, profiles) for n, r in resources}

    def each(found):
        """`found(resource, element, name)` gives a change of the resource, or None."""
        out = []
        for n, resource in resources:
            for element in elements[n]:
                path = element["path"].split(".")
                if len(path) != 2 or "sliceName" in element:
                    continue
                change = found(resource, element, path[1])
                if change:
                    out.append((f"entry {n}: {change[0]}", lambda b, n=n, f=change[1]: f(b["entry"][n]["resource"])))
        return out

    def missing(resource, element, name):
        if element["min"] >= 1 and name in resource:
            return f"{element['path']} is required and missing", lambda r: r.pop(name)

    def forbidden(resource, element, name):
        kind = element.get("type", [{}])[0].get("code")
        many = element.get("base", {}).get("max", "1") != "1"
        if element["max"] == "0" and kind in SAMPLES and not name.endswith("[x]"):
            value = SAMPLES[kind]
            return f"{element['path']} is forbidden", lambda r: r.update({name: [value] if many else value})

    def code(resource, element, name):
        binding = element.get("binding", {})
        if binding.get("strength") == "required" and isinstance(resource.get(name), str):
            return f"{element['path']} has a code outside its required value set", lambda r: r.update({name: "feil-kode"})

    def form(resource, element, name):
        for kind in (t.get("code") for t in element.get("type", [])):
            actual = name.replace("[x]", kind[0].upper() + kind[1:]) if kind else name
            if kind in WRONG_FORMAT and actual in resource:
                return f"{element['path']} is not a {kind}", lambda r: r.update({actual: WRONG_FORMAT[kind]})

    def wrong_type(resource, element, name):
        if isinstance(resource.get(name), str):
            return f"{element['path']} is a number instead of a text", lambda r: r.update({name: 7})
        if isinstance(resource.get(name), dict):
            return f"{element['path']} is a text instead of an object", lambda r: r.update({name: "x"})

    def wrong_count(resource, element, name):
        if isinstance(resource.get(name), list) and name not in ("meta",):
            return f"{element['path']} is not an array", lambda r: r.update({name: r[name][0]})
        if isinstance(resource.get(name), dict) and element.get("base", {}).get("max") == "1":
            return f"{element['path']} is an array", lambda r: r.update({name: [r[name], r[name]]})

    def fixed(resource, element, name):
        key = next((k for k in element if k.startswith(("fixed", "pattern"))), None)
        if key and isinstance(element[key], str) and name in resource:
            return f"{element['path']} differs from its {key}", lambda r: r.update({name: "annet"})

    def wrong_target(resource, element, name):
        if not (isinstance(resource.get(name), dict) and "reference" in resource[name]):
            return None
        targets = [url for t in element.get("type", []) for url in t.get("targetProfile", [])]
        allowed = {profiles[url]["type"] if url in profiles else url.rsplit("/", 1)[-1] for url in targets}
        other = next((e for e in bundle["entry"] if e["resource"]["resourceType"] not in allowed), None)
        if targets and other and "Resource" not in allowed:
            kind = other["resource"]["resourceType"]
            return f"{element['path']} leads to a {kind}", lambda r: r[name].update(reference=other["fullUrl"])

    def empty(resource, element, name):
        if isinstance(resource.get(name), list):
            return f"{element['path']} is an empty array", lambda r: r.update({name: []})
        if isinstance(resource.get(name), dict):
            return f"{element['path']} is an empty object", lambda r: r.update({name: {}})
        if isinstance(resource.get(name), str):
            return f"{element['path']} is an empty text", lambda r: r.update({name: ""})

    def unknown(resource, element, name):
        if isinstance(resource.get(name), dict):
            return f"{element['path']} has an unknown element", lambda r: r[name].update(ukjent="x")
        if isinstance(resource.get(name), list) and name != "extension":
            return f"{element['path']} has an unknown element", lambda r: r[name][0].update(ukjent="x")

    yield "missing", each(missing)
    yield "forbidden", each(forbidden)
    yield "required-code", each(code)
    yield "format", each(form)
    yield "type", each(wrong_type)
    yield "count", each(wrong_count)
    yield "fixed", each(fixed)
    yield "target", each(wrong_target)
    yield "empty", each(empty)
    yield "unknown", each(unknown)
    yield "nested", nested(bundle)
    yield "invariant", invariants(bundle)
    yield "extension", extensions(bundle)
    yield "slice", slices(bundle)
    yield "bundle", bundle_rules(bundle)


def first(bundle, kind):
    return next((e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == kind), None)


def nested(bundle):
    """Wrong JSON types inside data types."""
    out = []

    def on(kind, what, change):
        if first(bundle, kind):
            out.append((what, lambda b: change(first(b, kind))))

    on("MedicationAdministration", "dosage.dose.value is a text", lambda r: r["dosage"]["dose"].update(value="1000"))
    on("MedicationRequest", "subject.reference is a number", lambda r: r["subject"].update(reference=1))
    on("Medication", "code.coding[0].display is null", lambda r: r["code"]["coding"][0].update(display=None))
    return out


def invariants(bundle):
    """Rules that only an evaluated expression finds."""
    out = []

    def on(kind, what, change):
        if first(bundle, kind):
            out.append((what, lambda b: change(first(b, kind))))

    on("Organization", "no identifier of the two systems (lmdi-org-identifier)",
       lambda r: r["identifier"][0].update(system="urn:oid:1.2.3"))
    on("MedicationAdministration", "a date without a time (time-required)",
       lambda r: r.update(effectiveDateTime="2025-05-20"))
    on("MedicationAdministration", "a unit's code without its system (qty-3)",
       lambda r: r["dosage"]["dose"].pop("system"))
    return out


def extensions(bundle):
    out = []
    for n, entry in enumerate(bundle["entry"]):
        if not entry["resource"].get("extension"):
            continue

        def change(b, f, n=n):
            f(b["entry"][n]["resource"]["extension"][0])

        out += [
            (f"entry {n}: an extension without url", lambda b, c=change: c(b, lambda x: x.pop("url"))),
            (f"entry {n}: an extension with a value of another type",
             lambda b, c=change: c(b, lambda x: (x.pop(next(k for k in x if k.startswith("value"))), x.update(valueDate="2025-01-01")))),
            (f"entry {n}: an extension with value and extensions (ext-1)",
             lambda b, c=change: c(b, lambda x: x.update(extension=[{"url": "http://example.org/x", "valueString": "x"}]))),
        ]
    return out[:3]


def slices(bundle):
    out = []
    if first(bundle, "Patient"):
        out.append(("two national identity numbers (slice with at most one)",
                    lambda b: first(b, "Patient")["identifier"].append(dict(first(b, "Patient")["identifier"][0]))))
        out.append(("an identity number without its value (slice)",
                    lambda b: first(b, "Patient")["identifier"][0].pop("value")))
    return out


def bundle_rules(bundle):
    def twice(b):
        b["entry"].append(copy.deepcopy(b["entry"][0]))

    return [
        ("two entries with one fullUrl (bdl-7)", twice),
        ("an entry without a request in a transaction (bdl-3)", lambda b: b["entry"][1].pop("request")),
        ("a resource kind that the register does not take (lr-allowed-resources)",
         lambda b: b["entry"].append({"fullUrl": "urn:uuid:0badbeef-0000-4000-8000-000000000001",
                                      "resource": {"resourceType": "Basic", "code": {"text": "x"}},
                                      "request": {"method": "POST", "url": "Basic"}})),
    ]


def snapshot(resource, profiles):
    profile = profiles.get((resource.get("meta", {}).get("profile") or [None])[0])
    return profile["snapshot"]["element"] if profile else []
