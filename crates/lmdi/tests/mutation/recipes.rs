//! How to break each invariant once.

use lmr_lmdi::RuleSetId;
use lmr_lmdi::codes::Code::{self, *};
use serde_json::{Value, json};

use crate::sample::{self, PROFILE};

fn first<'v>(bundle: &'v mut Value, kind: &str) -> &'v mut Value {
    bundle["entry"]
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .map(|entry| &mut entry["resource"])
        .find(|resource| resource["resourceType"] == kind)
        .unwrap()
}

/// Breaks the invariant; `None` when the sample cannot show it, with the reason in the table below.
pub(crate) fn broken(key: &str, rule_set: RuleSetId) -> Option<Value> {
    let mut bundle = sample::bundle(rule_set);
    let b = &mut bundle;
    let quantity = "/dosage/dose";
    match key {
        "lr-allowed-resources" => {
            if rule_set.wants_profile_named() {
                b["entry"][0]["resource"]["meta"]["profile"] = json!([format!("{PROFILE}none")]);
            } else {
                b["entry"][0]["resource"] =
                    json!({ "resourceType": "Basic", "id": "b", "code": { "text": "x" } });
            }
        }
        "time-required" => {
            first(b, "MedicationAdministration")["effectiveDateTime"] = json!("2026-05-01")
        }
        "lmdi-org-identifier" => {
            first(b, "Organization")["identifier"][0]["system"] = json!("urn:oid:1.2.3")
        }
        "npr-episode-at-least-one" => {
            first(b, "Encounter")["extension"][0]["extension"] =
                json!([{ "url": "annet", "valueString": "x" }]);
        }
        "lmdi-medication-code-or-ingredient" => {
            let medication = first(b, "Medication").as_object_mut().unwrap();
            medication.remove("code");
            medication.remove("ingredient");
        }
        "ele-1" => first(b, "MedicationRequest")["groupIdentifier"] = json!({ "id": "a" }),
        "ext-1" => {
            first(b, "Patient")["extension"] =
                json!([{ "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason" }]);
        }
        "per-1" => {
            first(b, "Patient")["identifier"][0]["period"] =
                json!({ "start": "2026-05-02", "end": "2026-05-01" })
        }
        "qty-3" => drop(
            first(b, "MedicationAdministration")
                .pointer_mut(quantity)?
                .as_object_mut()?
                .remove("system"),
        ),
        "sqty-1" => {
            first(b, "MedicationAdministration").pointer_mut(quantity)?["comparator"] = json!("<")
        }
        "rat-1" => drop(
            first(b, "MedicationAdministration")
                .pointer_mut("/dosage/rateRatio")?
                .as_object_mut()?
                .remove("denominator"),
        ),
        "mad-1" => {
            first(b, "MedicationAdministration")["dosage"] = json!({ "method": { "text": "x" } })
        }
        "con-1" => first(b, "Condition")["stage"] = json!([{ "type": { "text": "x" } }]),
        "con-5" => {
            first(b, "Condition")["verificationStatus"]["coding"][0]["code"] =
                json!("entered-in-error");
        }
        "org-2" => first(b, "Organization")["address"][0]["use"] = json!("home"),
        "dom-2" => {
            let request = first(b, "MedicationRequest");
            request["contained"] = json!([{ "resourceType": "Basic", "id": "c", "code": { "text": "x" },
                "contained": [{ "resourceType": "Basic", "id": "d", "code": { "text": "x" } }] }]);
            request["reasonReference"][0] = json!({ "reference": "#c" });
        }
        "dom-3" => {
            first(b, "MedicationRequest")["contained"] =
                json!([{ "resourceType": "Basic", "id": "c", "code": { "text": "x" } }]);
        }
        "dom-4" | "dom-5" => {
            let meta = if key == "dom-4" {
                json!({ "versionId": "1" })
            } else {
                json!({ "security": [{ "code": "R" }] })
            };
            let request = first(b, "MedicationRequest");
            request["contained"] = json!([{ "resourceType": "Basic", "id": "c", "meta": meta, "code": { "text": "x" } }]);
            request["basedOn"] = json!([{ "reference": "#c" }]);
        }
        "ref-1" => {
            first(b, "MedicationRequest")["subject"] = json!({ "reference": "#finnes-ikke" })
        }
        "bdl-1" => b["total"] = json!(1),
        "bdl-2" => b["entry"][0]["search"] = json!({ "mode": "match" }),
        "bdl-3" => drop(b["entry"][0].as_object_mut()?.remove("request")),
        "bdl-4" => b["entry"][0]["response"] = json!({ "status": "200" }),
        "bdl-5" => b["entry"][0] = json!({ "fullUrl": sample::uuid(0) }),
        "bdl-7" => b["entry"][1]["fullUrl"] = json!(sample::uuid(0)),
        "bdl-8" => b["entry"][3]["fullUrl"] = json!("https://a.example/Practitioner/r3/_history/1"),
        _ => {
            let repeat = match key {
                "tim-1" => json!({ "duration": 1 }),
                "tim-2" => json!({ "period": 1 }),
                "tim-4" => json!({ "duration": -1, "durationUnit": "d" }),
                "tim-5" => json!({ "period": -1, "periodUnit": "d" }),
                "tim-6" => json!({ "periodMax": 1 }),
                "tim-7" => json!({ "durationMax": 1 }),
                "tim-8" => json!({ "countMax": 1 }),
                "tim-9" => json!({ "offset": 1 }),
                "tim-10" => json!({ "timeOfDay": ["08:00:00"], "when": ["HS"] }),
                _ => return None,
            };
            first(b, "MedicationRequest")["dosageInstruction"] =
                json!([{ "timing": { "repeat": repeat } }]);
        }
    }
    Some(bundle)
}

/// Invariants of the types in use that no instance of a bundle of the register can break alone.
pub(crate) const OUT_OF_REACH: &[(&str, &str)] = &[
    ("bdl-9", "documents only"),
    ("bdl-10", "documents only"),
    ("bdl-11", "documents only"),
    ("bdl-12", "messages only"),
    ("con-3", "a warning, and about category, which is forbidden"),
    ("con-4", "about abatement, which is forbidden"),
    ("dom-6", "a recommendation the guide itself forbids to follow"),
    ("org-1", "the name is mandatory"),
    ("org-3", "about telecom, which is forbidden"),
    ("pat-1", "about contact, which is forbidden"),
];

/// What finds it: the invariant itself, or the rule of the register that says the same with a place.
pub(crate) fn expected(key: &str) -> &'static [Code] {
    match key {
        "lr-allowed-resources" => &[EntryProfileMissing, ResourceKindNotAllowed],
        "time-required" => &[TimeOfDayRequired],
        "lmdi-org-identifier" => &[OrganisationIdentifierRequired],
        "npr-episode-at-least-one" => &[EpisodeIdentifierRequired],
        "lmdi-medication-code-or-ingredient" => &[MedicationCodeOrIngredient],
        "ele-1" => &[ElementEmpty],
        "ext-1" => &[ExtensionInvalid],
        "per-1" => &[PeriodReversed],
        "dom-2" | "dom-3" | "dom-4" | "dom-5" => &[ContainedInvalid],
        "ref-1" => &[ContainedInvalid, ReferenceDangling],
        "bdl-1" | "bdl-2" | "bdl-4" => &[BundleInvalid],
        "bdl-3" => &[EntryRequestMissing],
        "bdl-5" => &[EntryResourceMissing],
        "bdl-7" => &[FullUrlDuplicate],
        "bdl-8" => &[FullUrlInvalid],
        _ => &[InvariantFailed],
    }
}
