//! Messages: invariants, profiles, limits.

/// Passes its rows on; see `messages.rs`.
macro_rules! invariant_messages {
    ($next:ident $($rest:tt)*) => {
        $next! { $($rest)*
            ConstraintCannotEvaluate { rule: Defined, reason: Text }
                "LMRV_CONSTRAINT_NOT_EVALUATED" Error Exception
                en "The constraint {rule} could not be evaluated ({reason}); this is our fault, not the sender's"
                nb "Regelen {rule} kunne ikke evalueres ({reason}); feilen er vår, ikke avsenderens";
            ConstraintMalformed { rule: Defined }
                "LMRV_CONSTRAINT_MALFORMED_DATA" Error Invariant
                en "The constraint {rule} cannot be validated, since a date, time or number in the element is malformed"
                nb "Regelen {rule} kan ikke vurderes, fordi en dato, et klokkeslett eller et tall i elementet er feil skrevet";
            ConstraintDoubtful { rule: Defined, profile: Defined, reason: Defined }
                "LMRV_CONSTRAINT_UNKNOWN_NAME" Warning NotSupported
                en "The constraint {rule} of {profile} speaks of something that is not defined, so it may say nothing: {reason}"
                nb "Regelen {rule} i {profile} nevner noe som ikke er definert, og sier kanskje ingenting: {reason}";
            ConstraintSyntax { rule: Defined, profile: Defined, reason: Defined }
                "Problem_processing_expression__in_profile__path__" Error Invariant
                en "The constraint {rule} of {profile} is not valid FHIRPath: {reason}"
                nb "Regelen {rule} i {profile} er ikke gyldig FHIRPath: {reason}";
            ProfileUnknown { profile: Canonical }
                "VALIDATION_VAL_PROFILE_UNKNOWN_NOT_POLICY" Warning Structure
                en "The profile {profile} is not known, so the resource was not checked against it"
                nb "Profilen {profile} er ukjent, så ressursen ble ikke kontrollert mot den";
            ProfileImposedUnknown { profile: Defined, imposed: Defined }
                "VALIDATION_VAL_PROFILE_DEPENDS_NOT_RESOLVED" Warning BusinessRule
                en "The profile {profile} asks that {imposed} is met too, which is not known, so the resource was not checked against it"
                nb "Profilen {profile} krever at {imposed} også er oppfylt, men den er ukjent, så ressursen ble ikke kontrollert mot den";
            ProfileUnknownHard { profile: Defined }
                "Validation_VAL_Unknown_Profile" Error Structure
                en "The profile {profile} is not known"
                nb "Profilen {profile} er ikke kjent";
            ProfileNoSnapshot { profile: Defined, reason: Reason }
                "LMRV_PROFILE_NOT_USABLE" Error Exception
                en "The profile {profile} cannot be used: {reason}"
                nb "Profilen {profile} kan ikke brukes: {reason}";
            ProfileLinesIgnored { profile: Defined, elements: Defined }
                "LMRV_PROFILE_LINES_IGNORED" Warning BusinessRule
                en "The profile {profile} was applied without what it says of elements that do not exist, and without rules that cannot be applied: {elements}"
                nb "Profilen {profile} ble brukt uten det den sier om elementer som ikke finnes, og uten regler som ikke kan brukes: {elements}";
            ProfileLinesLooser { profile: Defined, rules: Defined }
                "LMRV_PROFILE_LINES_LOOSER" Warning BusinessRule
                en "The profile {profile} was applied without rules that would allow more than the profile or type it is based on: {rules}"
                nb "Profilen {profile} ble brukt uten regler som ville tillatt mer enn profilen eller typen den bygger på: {rules}";
            SignpostObs { profile: Defined, title: Defined, code: Value }
                "VALIDATION_VAL_PROFILE_SIGNPOST_OBS" Information Informational
                en "The code {code} makes this Observation a vital sign: checked against {profile} ({title})"
                nb "Koden {code} gjør denne observasjonen til et vitaltegn: kontrolleres mot {profile} ({title})";
            BestSubject
                "All_observations_should_have_a_subject" Warning Invalid
                en "An Observation should have a subject (best practice)"
                nb "En Observation bør ha subject (god praksis)";
            BestPerformer
                "All_observations_should_have_a_performer" Warning Invalid
                en "An Observation should have a performer (best practice)"
                nb "En Observation bør ha performer (god praksis)";
            BestEffective
                "All_observations_should_have_an_effectiveDateTime_or_an_effectivePeriod" Warning Invalid
                en "An Observation should have effectiveDateTime or effectivePeriod (best practice)"
                nb "En Observation bør ha effectiveDateTime eller effectivePeriod (god praksis)";
            TooManyIssues { limit: usize }
                "LMRV_TOO_MANY_ISSUES" Error Processing
                en "More than {limit} issues: the rest is left out"
                nb "Mer enn {limit} funn: resten er utelatt";
            Stopped
                "LMRV_STOPPED" Error Processing
                en "The check was stopped before its end: what is reported is not all"
                nb "Kontrollen ble stanset før den var ferdig: det som er meldt, er ikke alt";
            TooDeep { limit: usize }
                "LMRV_TOO_DEEP" Error Processing
                en "Nested deeper than {limit} levels: the content below was not checked"
                nb "Nøstet dypere enn {limit} nivåer: innholdet under ble ikke kontrollert";
        }
    };
}
pub(crate) use invariant_messages;
