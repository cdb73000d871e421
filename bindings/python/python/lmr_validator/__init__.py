"""The register's own check of FHIR resources, as `lmr validate` does it.

>>> import lmr_validator
>>> findings = lmr_validator.validate('{"resourceType": "Patient", "birthDate": "1990-02-30"}')
>>> any(finding.refuses for finding in findings)
True
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Literal

from ._engine import Engine as _Engine

__all__ = [
    "Finding",
    "RuleSet",
    "Validator",
    "ValidatorError",
    "Verdict",
    "rule_sets",
    "validate",
    "version",
]

Language = Literal["nb", "en"]
RuleSetName = Literal["lmdi-0.9.4", "lmdi-1.1.2", "lmdi-1.1.7", "none"]
ReportFormat = Literal["json", "operation-outcome", "sarif", "junit", "html"]


class ValidatorError(ValueError):
    """Options, packages or profiles that cannot be used. What is wrong with a text is a finding.

    `kind` is for programs, `nb` and `en` are the sentence in bokmål and English.
    """

    def __init__(self, kind: str, nb: str, en: str) -> None:
        super().__init__(en)
        self.kind = kind
        self.nb = nb
        self.en = en


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. Lines and columns count from 1; 0 is unknown."""

    severity: Literal["fatal", "error", "warning", "information"]
    code: str
    text: str
    expression: str
    line: int
    column: int
    cause: str
    remedy: str
    reasons: tuple[str, ...]
    rule_set: str | None
    rule_set_digest: str | None
    profile: str | None
    message_id: str | None
    issue_type: str
    retry: str
    file: str

    @property
    def refuses(self) -> bool:
        """Whether it refuses the resource."""
        return self.severity in ("fatal", "error")

    @classmethod
    def _of(cls, found: dict[str, Any]) -> Finding:
        return cls(
            severity=found["severity"],
            code=found["code"],
            text=found["text"],
            expression=found["expression"],
            line=found["line"],
            column=found["column"],
            cause=found["cause"],
            remedy=found["remedy"],
            reasons=tuple(found["reasons"]),
            rule_set=found["ruleSet"],
            rule_set_digest=found["ruleSetDigest"],
            profile=found["profile"],
            message_id=found["messageId"],
            issue_type=found["issueType"],
            retry=found["retry"],
            file=found["file"],
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found in one text, and by which rules."""

    findings: tuple[Finding, ...]
    rule_set: str | None
    rule_set_digest: str | None
    readable: bool

    @property
    def ok(self) -> bool:
        """Whether nothing refuses it."""
        return not any(finding.refuses for finding in self.findings)


@dataclass(frozen=True, slots=True)
class RuleSet:
    """A state of the guide."""

    name: str
    version: str
    date: str
    bundle_type: str
    digest: str


class Validator:
    """Checks texts by one choice of rules; definitions are compiled once. Threads may share it."""

    def __init__(
        self,
        ruleset: RuleSetName | None = None,
        *,
        language: Language = "nb",
        packages: Iterable[tuple[str, bytes]] = (),
        profiles: Iterable[str] = (),
        now: datetime | None = None,
        redact: bool = False,
        advice: Literal["warn", "refuse"] | None = None,
    ) -> None:
        """Without `ruleset` the bundle's type decides; `none` is plain FHIR R4 with the packages.

        `packages` are names and bytes of FHIR packages (.tgz) or single definitions in JSON.
        `now` is the time of all checks, with its time zone; the time of each call if left out.
        """
        if isinstance(profiles, str):
            raise TypeError("profiles must be several addresses, not a string")
        self._engine = _Engine()
        for name, content in packages:
            self._ask({"do": "addPackage", "name": name}, content)
        if now is not None and now.tzinfo is None:
            raise ValueError("now must have a time zone")
        self._now = now
        self._choices: dict[str, Any] = {
            "do": "begin",
            "ruleSet": ruleset,
            "language": language,
            "profiles": list(profiles),
            "redact": redact,
        }
        if advice is not None:
            self._choices["advice"] = advice
        self._language = language
        self._report = threading.Lock()
        self._begin()

    def _time(self) -> str:
        """The time that was chosen, or that of the call: a validator may live for days."""
        return (self._now or datetime.now(timezone.utc)).isoformat()

    def _begin(self) -> None:
        self._ask({**self._choices, "now": self._time()})

    def validate(self, text: str | bytes, *, file: str = "") -> Verdict:
        """Checks one resource or bundle, in JSON or XML."""
        found = self._ask({"do": "validate", "file": file, "now": self._time()}, _bytes(text))
        return Verdict(
            findings=tuple(Finding._of(one) for one in found["findings"]),
            rule_set=found["ruleSet"],
            rule_set_digest=found["ruleSetDigest"],
            readable=found["readable"],
        )

    def report(self, files: Iterable[tuple[str, str | bytes]], format: ReportFormat) -> str:
        """A report on several texts with their names, as `lmr validate --format` writes it."""
        with self._report:
            self._begin()
            for name, text in files:
                content = _bytes(text)
                case = self._ask({"do": "check", "file": name, "limit": 0}, content)["case"]
                if format == "html":
                    self._ask({"do": "source", "case": case}, content)
            made = datetime.now().strftime("%Y-%m-%d %H:%M")
            written = self._ask({"do": "export", "format": format, "language": self._language, "made": made})
            self._begin()
        return str(written)

    def _ask(self, request: dict[str, Any], body: bytes = b"") -> Any:
        return _answer(self._engine, request, body)


def validate(
    text: str | bytes,
    ruleset: RuleSetName | None = None,
    *,
    language: Language = "nb",
) -> list[Finding]:
    """The findings of one resource or bundle. For many texts, or packages of one's own: `Validator`."""
    key = (ruleset, language)
    validator = _validators.get(key)
    if validator is None:
        validator = _validators[key] = Validator(ruleset, language=language)
    return list(validator.validate(text).findings)


def rule_sets() -> list[RuleSet]:
    """The rule sets, the newest first."""
    return [
        RuleSet(one["name"], one["version"], one["date"], one["bundleType"], one["digest"])
        for one in _answer(_Engine(), {"do": "about"})["ruleSets"]
    ]


def version() -> str:
    """The version of the program behind it."""
    return str(_answer(_Engine(), {"do": "about"})["version"])


_validators: dict[tuple[str | None, str], Validator] = {}


def _bytes(text: str | bytes) -> bytes:
    if isinstance(text, str):
        return text.encode()
    # A number would be so many zeros.
    if not isinstance(text, (bytes, bytearray, memoryview)):
        raise TypeError(f"the text must be str or bytes, not {type(text).__name__}")
    return bytes(text)


def _answer(engine: _Engine, request: dict[str, Any], body: bytes = b"") -> Any:
    answer = json.loads(engine.ask(json.dumps(request).encode(), body))
    if "error" in answer:
        raise ValidatorError(**answer["error"])
    return answer["ok"]
