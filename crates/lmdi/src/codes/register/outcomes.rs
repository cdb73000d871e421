//! LMR-6080 to 6083: what became of an entry.

macro_rules! register_outcomes {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => { $next! { [$($rest)*] $($before)*
    Register {
        StoredNew = 6080 {
            severity: Information, status: none, retry: AfterCorrection, issue_type: "informational",
            reserved: { nb: "Status 201 sier det samme.", en: "Status 201 says the same." },
            title: { nb: "Lagret", en: "Stored" },
            explanation: {
                nb: "Ressursen er ny for registeret og lagret.",
                en: "The resource is new to the register and stored.",
            },
            cause: { nb: "-", en: "-" },
            wrong: "-",
            right: "201 Created",
            remedy: { nb: "Ingen ting.", en: "Nothing." },
        }
        StoredNewVersion = 6081 {
            severity: Information, status: none, retry: AfterCorrection, issue_type: "informational",
            raised_in: "lmdi/src/response.rs",
            title: { nb: "Lagret som ny versjon", en: "Stored as a new version" },
            explanation: {
                nb: "Ressursen var kjent med annet innhold; en ny versjon er lagret.",
                en: "The resource was known with other content; a new version is stored.",
            },
            cause: { nb: "-", en: "-" },
            wrong: "-",
            right: "200 OK",
            remedy: { nb: "Ingen ting.", en: "Nothing." },
        }
        AlreadyStored = 6082 {
            severity: Information, status: none, retry: AfterCorrection, issue_type: "informational",
            raised_in: "lmdi/src/response.rs",
            title: { nb: "Allerede lagret", en: "Already stored" },
            explanation: {
                nb: "Ressursen er lik den som er lagret; ingen ny versjon er laget.",
                en: "The resource equals the stored one; no new version was made.",
            },
            cause: {
                nb: "Uendret ressurs er sendt på nytt.",
                en: "An unchanged resource was sent again.",
            },
            wrong: "-",
            right: "200 OK",
            remedy: {
                nb: "Send bare det som er nytt eller endret.",
                en: "Send only what is new or changed.",
            },
        }
        CheckedOnly = 6083 {
            severity: Information, status: none, retry: AfterCorrection, issue_type: "informational",
            raised_in: "lmdi/src/response.rs",
            title: { nb: "Kontrollert, ikke lagret", en: "Checked, not stored" },
            explanation: { nb: "Endepunktet kontrollerer bare.", en: "The endpoint only checks." },
            cause: { nb: "-", en: "-" },
            wrong: "-",
            right: "200 OK",
            remedy: { nb: "Send til mottaket for å lagre.", en: "Send to the receiver to store." },
        }
    }
    } };
}

pub(in crate::codes) use register_outcomes;
