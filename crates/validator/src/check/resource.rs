//! Checks that belong to a resource as a whole, done once however many
//! profiles it is judged against.

use std::collections::HashSet;

use lmr_fhir::{Element, Severity};

use crate::messages::Message;
use crate::options::BestPractice;
use crate::validate::job::{Found, Role};
use crate::validate::walk::{Walker, name};

/// Codes that make an Observation a vital sign, and the profile it must meet.
/// Rule: <https://hl7.org/fhir/R4/observation-vitalsigns.html>.
const VITAL_SIGNS: &[(&str, &str, &str)] = &[
    ("http://loinc.org", "85353-1", "vitalspanel"),
    ("http://loinc.org", "9279-1", "resprate"),
    ("http://loinc.org", "8867-4", "heartrate"),
    ("http://loinc.org", "2708-6", "oxygensat"),
    ("http://loinc.org", "59408-5", "oxygensat"),
    ("http://loinc.org", "8310-5", "bodytemp"),
    ("http://loinc.org", "8302-2", "bodyheight"),
    ("http://loinc.org", "9843-4", "headcircum"),
    ("http://loinc.org", "29463-7", "bodyweight"),
    ("http://loinc.org", "39156-5", "bmi"),
    ("http://loinc.org", "85354-9", "bp"),
    ("http://snomed.info/sct", "86290005", "resprate"),
    ("http://snomed.info/sct", "364075005", "heartrate"),
    ("http://snomed.info/sct", "431314004", "oxygensat"),
    ("http://snomed.info/sct", "276885007", "bodytemp"),
    ("http://snomed.info/sct", "386725007", "bodytemp"),
    ("http://snomed.info/sct", "50373000", "bodyheight"),
    ("http://snomed.info/sct", "363812007", "headcircum"),
    ("http://snomed.info/sct", "27113001", "bodyweight"),
    ("http://snomed.info/sct", "60621009", "bmi"),
    ("http://snomed.info/sct", "75367002", "bp"),
];

impl<'a> Walker<'a> {
    /// Does them.
    pub(crate) fn resource_checks(&mut self, role: Role) {
        let type_name = self.resource.resource_type().unwrap_or_default();
        let Some(base) =
            self.validator.type_profile(&type_name).and_then(|id| self.validator.get(id))
        else {
            return;
        };
        self.double_ids(role, base);
        if role == Role::Root
            && self.options.ids_required
            && self.resource.child(&name("id")).is_none()
        {
            self.issue(Message::ResourceIdMissing, self.resource.node(), base);
        }
        match &*type_name {
            "Bundle" => self.bundle(base),
            "Observation" => {
                self.vital_sign(role, base);
                self.best_practice(base);
            }
            _ => {}
        }
        self.narrative_language(base);
    }

    /// An id stands once in a resource; that of the document's own resource counts too, as with
    /// the reference validator.
    fn double_ids(&mut self, role: Role, base: &'a crate::compile::Profile) {
        let own =
            self.resource.value().and_then(|node| node.member("id")).filter(|_| role == Role::Root);
        if self.ids().len() + usize::from(own.is_some()) < 2 {
            return;
        }
        // Several rules may have looked at the same id.
        let mut places = HashSet::new();
        let mut seen = HashSet::new();
        let doubles: Vec<_> = own
            .into_iter()
            .chain(self.ids().iter().copied())
            .filter(|n| places.insert(n.index()))
            .filter(|n| !seen.insert(n.raw()))
            .collect();
        for id in doubles {
            let at = id.parent().unwrap_or(id);
            self.issue(
                Message::DuplicateId { id: id.as_str().unwrap_or_default().into_owned().into() },
                at,
                base,
            );
        }
    }

    fn vital_sign(&mut self, role: Role, base: &'a crate::compile::Profile) {
        let Some(code) = self.resource.child(&name("code")) else { return };
        let hit = code.children_named(&name("coding")).find_map(|coding| {
            let (system, code) = super::binding::system_and_code(coding);
            let (system, code) = (system?, code?);
            VITAL_SIGNS.iter().find(|(s, c, _)| *s == &*system && *c == &*code)
        });
        let Some((system, code, profile)) = hit else { return };
        let canonical = format!("http://hl7.org/fhir/StructureDefinition/{profile}");
        let Ok(Some(id)) = self.validator.profile(&canonical) else { return };
        let title = self.validator.get(id).map_or(String::new(), |p| p.definition.name.to_string());
        self.issue(
            Message::SignpostObs {
                profile: canonical.into(),
                title: title.into(),
                code: format!("{system}#{code}").into(),
            },
            self.resource.node(),
            base,
        );
        self.out.found.push(Found {
            element: self.resource,
            role,
            around: self.around,
            profiles: smallvec::smallvec![id],
        });
    }

    fn best_practice(&mut self, base: &'a crate::compile::Profile) {
        let severity = match self.options.best_practice {
            BestPractice::Ignore => return,
            BestPractice::Hint => Severity::Information,
            BestPractice::Warning => Severity::Warning,
            BestPractice::Error => Severity::Error,
        };
        let has = |n: &str| self.resource.children_named(&name(n)).next().is_some();
        let missing = [
            (has("subject"), Message::BestSubject),
            (has("performer"), Message::BestPerformer),
            (has("effectiveDateTime") || has("effectivePeriod"), Message::BestEffective),
        ];
        for (there, message) in missing {
            if !there {
                self.issue(message, self.resource.node(), base).severity = severity;
            }
        }
    }
}

/// Text of a child, for rare look-ups.
pub(crate) fn text_of<'a>(item: Element<'a>, child: &str) -> Option<std::borrow::Cow<'a, str>> {
    item.child(&name(child))?.text()
}
