//! LMR-6020 to 6026: times that cannot be.

macro_rules! register_times {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => { $next! { [$($rest)*] $($before)*
    Register {
        AdministeredInFuture = 6020 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "business-rule",
            raised_in: "lmdi/src/rules/administered_in_future.rs",
            title: { nb: "Administrert fram i tid", en: "Administered in the future" },
            explanation: {
                nb: "Administreringen kan ikke ha skjedd etter at meldingen kom.",
                en: "The administration cannot have happened after the message came.",
            },
            cause: {
                nb: "Planlagt administrering er sendt som gjennomført, eller klokken er feil.",
                en: "A planned administration was sent as completed, or the clock is wrong.",
            },
            wrong: r#"{"resourceType": "MedicationAdministration", "effectiveDateTime": "9999-12-31T23:59:59+01:00"}"#,
            right: r#"{"resourceType": "MedicationAdministration", "effectiveDateTime": "2026-05-01T08:00:00+02:00"}"#,
            remedy: {
                nb: "Send administreringen når den er gjennomført.",
                en: "Send the administration once it has happened.",
            },
        }
        AdministeredBeforeBirth = 6021 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "business-rule",
            raised_in: "lmdi/src/rules/administered_before_birth.rs",
            title: {
                nb: "Administrert før pasienten ble født",
                en: "Administered before the patient was born",
            },
            explanation: {
                nb: "Administreringen er før pasientens fødselsdato.",
                en: "The administration is before the patient's birth date.",
            },
            cause: {
                nb: "Feil pasient eller feil dato.",
                en: "The wrong patient or the wrong date.",
            },
            wrong: r#"{"resourceType": "MedicationAdministration", "effectiveDateTime": "1950-01-01T08:00:00+01:00"}"#,
            right: r#"{"resourceType": "MedicationAdministration", "effectiveDateTime": "2026-05-01T08:00:00+02:00"}"#,
            remedy: { nb: "Kontroller pasient og tidspunkt.", en: "Check patient and time." },
        }
        BirthDateInFuture = 6022 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "business-rule",
            raised_in: "lmdi/src/rules/birth_date_in_future.rs",
            title: { nb: "Fødselsdato fram i tid", en: "Birth date in the future" },
            explanation: {
                nb: "birthDate kan ikke være etter i dag.",
                en: "birthDate cannot be after today.",
            },
            cause: { nb: "Tastefeil.", en: "A misprint." },
            wrong: r#"{"resourceType": "Patient", "birthDate": "2058-05-12"}"#,
            right: r#"{"resourceType": "Patient", "birthDate": "1958-05-12"}"#,
            remedy: { nb: "Rett datoen.", en: "Correct the date." },
        }
        OutsideReportingPeriod = 6023 {
            severity: Warning, status: none, retry: AfterCorrection, issue_type: "business-rule",
            raised_in: "lmdi/src/rules/outside_reporting_period.rs",
            title: { nb: "Utenfor rapporteringsperioden", en: "Outside the reporting period" },
            explanation: {
                nb: "Administreringen ligger utenfor perioden i konvolutten.",
                en: "The administration lies outside the envelope's period.",
            },
            cause: {
                nb: "Etterregistrering, eller feil periode.",
                en: "A late entry, or the wrong period.",
            },
            wrong: "administrert i januar, periode februar",
            right: "administrert i februar",
            remedy: {
                nb: "Ingen ting ved etterregistrering; ellers rett perioden.",
                en: "Nothing for late entries; else correct the period.",
            },
        }
        OrderedInFuture = 6025 {
            severity: Warning, status: none, retry: AfterCorrection, issue_type: "business-rule",
            raised_in: "lmdi/src/rules/ordered_in_future.rs",
            title: { nb: "Rekvirert fram i tid", en: "Ordered in the future" },
            explanation: {
                nb: "authoredOn er etter at meldingen kom.",
                en: "authoredOn is after the message came.",
            },
            cause: {
                nb: "Feil klokke eller planlagt dato.",
                en: "A wrong clock or a planned date.",
            },
            wrong: r#"{"resourceType": "MedicationRequest", "authoredOn": "2062-04-30"}"#,
            right: r#"{"resourceType": "MedicationRequest", "authoredOn": "2026-04-30"}"#,
            remedy: {
                nb: "Bruk tidspunktet rekvireringen ble skrevet.",
                en: "Use the time the order was written.",
            },
        }
        BundleTimestampInFuture = 6026 {
            severity: Warning, status: none, retry: AfterCorrection, issue_type: "business-rule",
            raised_in: "lmdi/src/rules/bundle_timestamp.rs",
            title: { nb: "Bundle.timestamp er fram i tid", en: "Bundle.timestamp in the future" },
            explanation: {
                nb: "Bundlen er merket med et tidspunkt etter nå.",
                en: "The bundle is marked with a time after now.",
            },
            cause: {
                nb: "Feil klokke eller feil forskyvning.",
                en: "A wrong clock or a wrong offset.",
            },
            wrong: r#"{"resourceType": "Bundle", "timestamp": "2062-05-02T06:00:00+02:00"}"#,
            right: r#"{"resourceType": "Bundle", "timestamp": "2026-05-02T06:00:00+02:00"}"#,
            remedy: { nb: "Rett klokken.", en: "Correct the clock." },
        }
    }
    } };
}

pub(in crate::codes) use register_times;
