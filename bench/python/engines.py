"""Drives validators that are written for Python. Same plan, same answer as engines/src/lib.rs.

    engines.py fhirkit|pyrofile|fhircraft|hl7fhirgen PLAN

What each is given and asked: the base type, and each profile that the packages hold and `meta.profile` names.
"""

import importlib.metadata
import json
import resource as system
import sys
import time
import warnings
from pathlib import Path


def main():
    warnings.simplefilter("ignore")
    name, plan = sys.argv[1], json.loads(Path(sys.argv[2]).read_text())
    begin = time.perf_counter()
    package, errors, looks_into_entries = ENGINES[name](plan)
    load = time.perf_counter() - begin

    def of_entries(bundle):
        entries = bundle.get("entry") if isinstance(bundle, dict) else None
        inside = [e["resource"] for e in entries or [] if isinstance(e, dict) and isinstance(e.get("resource"), dict)]
        return [error for one in inside for error in errors(one)]

    cases = []
    for file in plan["cases"]:
        try:
            value = json.loads(Path(file).read_bytes())
        except ValueError as error:
            cases.append({"file": file, "whole": [str(error)], "entries": []})
            continue
        entries = [] if looks_into_entries else of_entries(value)
        cases.append({"file": file, "whole": errors(value), "entries": entries})

    texts = [Path(file).read_bytes() for file in plan["speed"]]
    speed = [measured(texts, plan["seconds"], "whole", errors)]
    if not looks_into_entries:
        speed.append(measured(texts, plan["seconds"], "with entries", lambda one: (errors(one), of_entries(one))))
    print(json.dumps({
        "engine": f"{package} {importlib.metadata.version(package)}",
        "load_seconds": load,
        "cases": cases,
        "speed": speed,
        "resident_bytes": system.getrusage(system.RUSAGE_SELF).ru_maxrss * 1024,
    }))


def measured(texts, seconds, way, validate):
    def once():
        for text in texts:
            validate(json.loads(text))

    # A first round, so that what is made once does not count.
    once()
    # Time on the processor: what else the machine does must not count.
    begin, busy, rounds = time.perf_counter(), time.process_time(), 0
    while rounds == 0 or time.perf_counter() - begin < seconds:
        once()
        rounds += 1
    used = (time.process_time() - busy) / rounds
    return {"way": way, "files_per_second": len(texts) / used, "bytes_per_second": sum(map(len, texts)) / used}


def definitions(plan, *folders):
    """All structure definitions, by URL; the packages' last."""
    found = {}
    for folder in folders:
        for file in sorted(Path(plan[folder]).glob("*.json")):
            one = json.loads(file.read_bytes())
            if one.get("resourceType") == "StructureDefinition" and one.get("snapshot"):
                found[one["url"]] = one
    return found


def base(kind):
    return f"http://hl7.org/fhir/StructureDefinition/{kind}"


def profiles_of(value):
    """`meta.profile`, as far as a broken resource has one."""
    meta = value.get("meta")
    listed = meta.get("profile") if isinstance(meta, dict) else None
    return [url for url in listed if isinstance(url, str)] if isinstance(listed, list) else []


def wanted(value, known):
    """The definitions that a resource is to be held against, and what is said of those nobody has."""
    urls = [base(value.get("resourceType")), *profiles_of(value)]
    return [url for url in urls if url in known], [f"unknown profile {url}" for url in urls if url not in known]


def fhirkit(_plan):
    """Knows R4's types; has no door for profiles."""
    import fhirkit as engine

    def errors(value):
        try:
            return [f"{i.path}: {i.message}" for i in engine.validate(value) if i.severity == "error"]
        except (engine.ParseError, ValueError, TypeError) as error:
            return [str(error)]

    return "fhirkit-rs", errors, True


def pyrofile(plan):
    from pyrofile_validator import Validator
    from pyrofile_validator.config import ValidatorConfig

    config = ValidatorConfig.load_dict({
        "fhirVersion": "4.0.1",
        "terminology": {"mode": "local"},
        "localPackagePaths": [plan["core"], plan["packages"]],
    })
    validator = Validator(config)

    def errors(value):
        try:
            return [f"{i.path}: {i.code} {i.message}" for i in validator.validate_resource(value).errors]
        except Exception as error:  # noqa: BLE001 - whatever it stumbles over is its verdict
            return [f"{type(error).__name__}: {error}"]

    return "pyrofile-validator", errors, True


def fhircraft(plan):
    from fhircraft import FHIRModelFactory

    factory = FHIRModelFactory(fhir_release="R4")
    known = definitions(plan, "packages")
    for url, one in known.items():
        try:
            factory.register(one)
        except Exception as error:  # noqa: BLE001
            print(f"{url}: {type(error).__name__}: {str(error)[:300]}", file=sys.stderr)
    models = {}

    def model(url):
        if url not in models:
            models[url] = factory.build(canonical_url=url)
        return models[url]

    from fhircraft.fhir.resources.datatypes.R4 import core

    def errors(value):
        found, targets = [], [getattr(core, str(value.get("resourceType")), None)]
        for url in profiles_of(value):
            if url not in known:
                found.append(f"unknown profile {url}")
                continue
            try:
                targets.append(model(url))
            except Exception as error:  # noqa: BLE001
                found.append(f"{url}: {type(error).__name__}: {str(error)[:200]}")
        for target in targets:
            if target is None:
                found.append("no such type")
                continue
            try:
                target.model_validate(value)
            except Exception as error:  # noqa: BLE001
                listed = getattr(error, "errors", None)
                if callable(listed):
                    found += [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in listed()]
                else:
                    found.append(f"{type(error).__name__}: {error}")
        return found

    return "fhircraft", errors, False


def hl7fhirgen(plan):
    from hl7fhirgen.structure_definition import StructureDefinition
    from hl7fhirgen.validator import validate_resource

    known = {url: StructureDefinition.from_dict(one) for url, one in definitions(plan, "core", "packages").items()}

    def errors(value):
        targets, found = wanted(value, known)
        for url in targets:
            try:
                issues = validate_resource(value, known[url]).issues
                found += [f"{i.path}: {i.message}" for i in issues if i.severity == "error"]
            except Exception as error:  # noqa: BLE001
                found.append(f"{type(error).__name__}: {error}")
        return found

    return "hl7fhirgen", errors, False


ENGINES = {"fhirkit": fhirkit, "pyrofile": pyrofile, "fhircraft": fhircraft, "hl7fhirgen": hl7fhirgen}

if __name__ == "__main__":
    main()
