//! LMR-9xxx: the register's own faults. One row a code; `codes!` in `codes.rs` names the fields.

macro_rules! own_codes {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => { $next! { [$($rest)*] $($before)*
    Own {
        InternalFault = 9001 {
            severity: Fatal, status: 500, retry: Later, issue_type: "exception",
            raised_in: "intake",
            title: { nb: "Feil hos registeret", en: "Fault at the register" },
            explanation: {
                nb: "Noe uventet skjedde. Ingenting er lagret.",
                en: "Something unexpected happened. Nothing was stored.",
            },
            cause: { nb: "Feilen ligger hos registeret.", en: "The fault is the register's." },
            wrong: "HTTP 500",
            right: "HTTP 200",
            remedy: {
                nb: "Send samme melding på nytt senere. Oppgi korrelasjonsid hvis du kontakter registeret.",
                en: "Send the same message again later. Give the correlation id if you contact the register.",
            },
        }
        StorageUnavailable = 9002 {
            severity: Fatal, status: 503, retry: Later, issue_type: "transient",
            raised_in: "intake",
            title: { nb: "Lageret er ikke tilgjengelig", en: "Storage unavailable" },
            explanation: {
                nb: "Registeret kan ikke lagre akkurat nå.",
                en: "The register cannot store right now.",
            },
            cause: {
                nb: "Vedlikehold eller feil i databasen.",
                en: "Maintenance or a database fault.",
            },
            wrong: "HTTP 503",
            right: "HTTP 200",
            remedy: {
                nb: "Send samme melding på nytt senere.",
                en: "Send the same message again later.",
            },
        }
        Overloaded = 9003 {
            severity: Fatal, status: 503, retry: Later, issue_type: "throttled",
            raised_in: "server",
            title: { nb: "Mottaket har for mye å gjøre", en: "Receiver overloaded" },
            explanation: { nb: "Køen er full.", en: "The queue is full." },
            cause: { nb: "Mange avsendere samtidig.", en: "Many senders at once." },
            wrong: "HTTP 503",
            right: "HTTP 200",
            remedy: {
                nb: "Vent så lenge Retry-After sier.",
                en: "Wait as long as Retry-After says.",
            },
        }
        ShuttingDown = 9004 {
            severity: Fatal, status: 503, retry: Later, issue_type: "transient",
            raised_in: "intake",
            title: { nb: "Mottaket stanses", en: "Receiver shutting down" },
            explanation: {
                nb: "Mottaket tar ikke imot nye meldinger før det er startet igjen.",
                en: "The receiver takes no new messages until it has started again.",
            },
            cause: { nb: "Planlagt oppgradering.", en: "A planned upgrade." },
            wrong: "HTTP 503",
            right: "HTTP 200",
            remedy: {
                nb: "Send samme melding på nytt senere.",
                en: "Send the same message again later.",
            },
        }
        AuthorityUnavailable = 9005 {
            severity: Fatal, status: 503, retry: Later, issue_type: "transient",
            raised_in: "server",
            title: { nb: "Tokenutstederen kan ikke nås", en: "Token issuer unreachable" },
            explanation: {
                nb: "Mottaket får ikke hentet utstederens nøkler.",
                en: "The receiver cannot fetch the issuer's keys.",
            },
            cause: {
                nb: "Driftsproblem hos utstederen eller i nettet.",
                en: "Trouble at the issuer or in the network.",
            },
            wrong: "HTTP 503",
            right: "HTTP 200",
            remedy: {
                nb: "Send samme melding på nytt senere.",
                en: "Send the same message again later.",
            },
        }
        RuleNotEvaluated = 9006 {
            severity: Error, status: 422, retry: Later, issue_type: "exception",
            raised_in: "lmdi/src/mapping.rs",
            title: { nb: "En regel kunne ikke vurderes", en: "A rule could not be evaluated" },
            explanation: {
                nb: "Mottaket kan ikke avgjøre om ressursen følger regelen, og godtar den derfor ikke.",
                en: "The receiver cannot decide whether the resource follows the rule, so it does not accept it.",
            },
            cause: {
                nb: "Feil hos registeret, ikke i ressursen.",
                en: "A fault of the register's, not of the resource.",
            },
            wrong: "regel uten resultat",
            right: "regel med resultat",
            remedy: {
                nb: "Meld fra til den som eier regelen, og send på nytt når den er rettet.",
                en: "Tell whoever owns the rule, and send again when it is corrected.",
            },
        }
        StepBudgetExhausted = 9007 {
            severity: Error, status: 422, retry: AfterCorrection, issue_type: "too-costly",
            raised_in: "lmdi/src/mapping.rs",
            title: {
                nb: "Ressursen er for krevende å kontrollere",
                en: "Resource too costly to check",
            },
            explanation: {
                nb: "Kontrollen ble stanset fordi den krevde for mange steg.",
                en: "The check was stopped because it needed too many steps.",
            },
            cause: {
                nb: "Uvanlig stor eller dyp ressurs.",
                en: "An unusually large or deep resource.",
            },
            wrong: "hundretusen gjentakelser i ett element",
            right: "vanlig størrelse",
            remedy: {
                nb: "Del ressursen eller fjern gjentakelser.",
                en: "Split the resource or remove repetitions.",
            },
        }
    }
    } };
}

pub(super) use own_codes;
