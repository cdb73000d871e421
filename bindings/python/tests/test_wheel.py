"""The wheel as somebody else installs it. Run by scripts/build-wheel --test in a fresh virtual environment."""

import dataclasses
import json
import os
import threading
import unittest
from datetime import datetime, timezone
from pathlib import Path
from unittest import mock

import lmr_validator
from lmr_validator import Validator, ValidatorError

BUNDLE = Path(os.environ["LMR_BUNDLE"]).read_text(encoding="utf-8")


class Wheel(unittest.TestCase):
    def test_a_bundle_has_the_registers_verdict(self) -> None:
        findings = lmr_validator.validate(BUNDLE, ruleset="lmdi-1.1.7", language="en")
        self.assertFalse([finding for finding in findings if finding.refuses])
        wrong = lmr_validator.validate(BUNDLE.replace('"female"', '"kvinne"'), language="en")
        fault = next(finding for finding in wrong if finding.refuses)
        self.assertTrue(fault.expression.endswith("gender"))
        self.assertTrue(fault.text.isascii(), fault.text)
        self.assertRegex(fault.rule_set_digest or "", "^sha256:[0-9a-f]{64}$")
        json.dumps(dataclasses.asdict(fault))

    def test_text_and_bytes_json_and_xml_are_taken(self) -> None:
        patient = '<Patient xmlns="http://hl7.org/fhir"><gender value="x"/></Patient>'
        both = [lmr_validator.validate(text) for text in (patient, patient.encode())]
        self.assertEqual(*both)
        self.assertTrue(any(finding.refuses for finding in both[0]))
        verdict = Validator().validate("{")
        self.assertFalse(verdict.readable or verdict.ok)

    def test_what_cannot_be_chosen_is_an_error_in_both_languages(self) -> None:
        with self.assertRaises(ValidatorError) as raised:
            Validator("lmdi-9")  # type: ignore[arg-type]
        self.assertEqual(raised.exception.kind, "rule-set")
        self.assertIn("finnes ikke", raised.exception.nb)
        with self.assertRaises(ValidatorError):
            Validator(packages=[("x.tgz", b"\x1f\x8b\x00")])
        with self.assertRaises(ValueError):
            Validator(now=datetime(2026, 1, 1))

    def test_what_is_not_a_text_is_a_type_error(self) -> None:
        texts: tuple[object, ...] = (None, 5, [123], {})
        for text in texts:
            with self.assertRaises(TypeError):
                Validator().validate(text)  # type: ignore[arg-type]
        with self.assertRaises(TypeError):
            Validator(profiles="http://example.org/p")

    def test_the_time_of_a_check_is_that_of_the_call(self) -> None:
        text = '{"resourceType": "Patient", "birthDate": "2027-01-01"}'
        times = [datetime(2026, 11, 26, tzinfo=timezone.utc), datetime(2027, 6, 1, tzinfo=timezone.utc)]
        with mock.patch("lmr_validator.datetime") as clock:
            clock.now.return_value = times[0]
            living, fixed = Validator(), Validator(now=times[0])
            before = living.validate(text)
            clock.now.return_value = times[1]
            self.assertNotEqual(living.validate(text), before)
            self.assertEqual(living.validate(text), Validator().validate(text))
            self.assertEqual(fixed.validate(text), before)

    def test_threads_share_a_validator(self) -> None:
        validator = Validator("lmdi-1.1.7")
        expected = validator.validate(BUNDLE)
        found = []
        threads = [threading.Thread(target=lambda: found.append(validator.validate(BUNDLE))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(found, [expected] * 4)

    def test_reports_are_those_of_lmr_validate(self) -> None:
        validator = Validator(language="en")
        sarif = json.loads(validator.report([("a.json", "{"), ("b.json", BUNDLE)], "sarif"))
        self.assertEqual(sarif["version"], "2.1.0")
        self.assertTrue(validator.report([("a.json", "{")], "html").startswith("<!doctype html>"))

    def test_rule_sets_are_named(self) -> None:
        names = [one.name for one in lmr_validator.rule_sets()]
        self.assertEqual(names[0], "lmdi-1.1.7")
        self.assertRegex(lmr_validator.version(), r"^\d+\.\d+\.\d+")


if __name__ == "__main__":
    unittest.main()
