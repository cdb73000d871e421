//! A small model for tests: a part of R4 in a table of a few lines.

use std::collections::HashMap;

use lmr_fhir::{Name, hash_name};
use lmr_fhirpath::{Child, Model, TypeId, TypeKind};

/// `Type < Base kind: element type, element type*, choice[x] type|type, ...`
const TABLE: &str = "
Element < - complex: id string, extension Extension*
BackboneElement < Element complex: modifierExtension Extension*
Resource < - resource: id id, meta Meta, language code
DomainResource < Resource resource: text Narrative, contained Resource*, extension Extension*
boolean < Element boolean:
integer < Element integer:
positiveInt < integer integer:
decimal < Element decimal:
string < Element string:
code < string string:
id < string string:
markdown < string string:
xhtml < Element string:
uri < Element string:
url < uri string:
canonical < uri string:
uuid < uri string:
instant < Element dateTime:
date < Element date:
dateTime < Element dateTime:
time < Element time:
Extension < Element complex: url uri, value[x] boolean|integer|decimal|string|code|uri|date|dateTime|Quantity|Age|Duration|Period|Coding|CodeableConcept|Reference
Meta < Element complex: profile canonical*, tag Coding*
Narrative < Element complex: status code, div xhtml
Quantity < Element quantity: value decimal, comparator code, unit string, system uri, code code
Age < Quantity quantity:
Duration < Quantity quantity:
Period < Element complex: start dateTime, end dateTime
Coding < Element complex: system uri, version string, code code, display string
CodeableConcept < Element complex: coding Coding*, text string
Identifier < Element complex: use code, type CodeableConcept, system uri, value string, period Period, assigner Reference
Reference < Element complex: reference string, type uri, identifier Identifier, display string
HumanName < Element complex: use code, text string, family string, given string*, period Period
ContactPoint < Element complex: system code, value string, use code, rank positiveInt, period Period
Address < Element complex: use code, type code, text string, line string*, city string, period Period
Bundle < Resource resource: type code, entry Bundle.entry*
Bundle.entry < BackboneElement complex: fullUrl uri, resource Resource, request Bundle.request
Bundle.request < BackboneElement complex: method code, url uri
Patient < DomainResource resource: identifier Identifier*, active boolean, name HumanName*, telecom ContactPoint*, gender code, birthDate date, deceased[x] boolean|dateTime, address Address*, contact Patient.contact*, managingOrganization Reference, link Patient.link*
Patient.contact < BackboneElement complex: relationship CodeableConcept*, name HumanName, telecom ContactPoint*
Patient.link < BackboneElement complex: other Reference, type code
Organization < DomainResource resource: name string
Encounter < DomainResource resource: status code
Observation < DomainResource resource: status code, category CodeableConcept*, code CodeableConcept, subject Reference, encounter Reference, effective[x] dateTime|Period|instant, issued instant, value[x] Quantity|CodeableConcept|string|boolean|integer|time|dateTime|Period
Parameters < Resource resource: parameter Parameters.parameter*
Parameters.parameter < BackboneElement complex: name string, value[x] string|integer|uuid|decimal|uri
Questionnaire < DomainResource resource: url uri, code Coding*, status code, date dateTime, subjectType code*, item Questionnaire.item*
Questionnaire.item < BackboneElement complex: linkId string, code Coding*, prefix string, text string, type code, required boolean, repeats boolean, item Questionnaire.item*
ValueSet < DomainResource resource: url uri, version string, name string, status code, expansion ValueSet.expansion
ValueSet.expansion < BackboneElement complex: identifier uri, total integer
CodeSystem < DomainResource resource: url uri
Appointment < DomainResource resource: identifier Identifier*, status code
ExplanationOfBenefit < DomainResource resource: identifier Identifier*
Person < DomainResource resource: name HumanName*
";

enum Entry {
    Element(TypeId, bool),
    Choice(Vec<TypeId>),
    Variant(TypeId),
}

struct Type {
    name: String,
    base: Option<TypeId>,
    kind: TypeKind,
    children: HashMap<u32, Entry>,
    child_names: Vec<String>,
}

pub(crate) struct SmallModel {
    types: Vec<Type>,
    names: HashMap<u32, TypeId>,
}

impl SmallModel {
    pub(crate) fn new() -> Self {
        let lines: Vec<&str> = TABLE.lines().filter(|l| !l.is_empty()).collect();
        let names: Vec<&str> = lines.iter().map(|l| l.split(' ').next().unwrap()).collect();
        let id = |name: &str| TypeId(names.iter().position(|n| *n == name).expect(name) as u32);
        let mut types: Vec<Type> = Vec::new();
        for line in &lines {
            let (head, body) = line.split_once(':').unwrap();
            let head: Vec<&str> = head.split(' ').collect();
            let kind = match head[3] {
                "boolean" => TypeKind::Boolean,
                "integer" => TypeKind::Integer,
                "decimal" => TypeKind::Decimal,
                "string" => TypeKind::String,
                "date" => TypeKind::Date,
                "dateTime" => TypeKind::DateTime,
                "time" => TypeKind::Time,
                "quantity" => TypeKind::Quantity,
                "resource" => TypeKind::Resource,
                _ => TypeKind::Complex,
            };
            let mut children = HashMap::new();
            let mut child_names = Vec::new();
            for child in body.split(',').map(str::trim).filter(|c| !c.is_empty()) {
                let (name, ty) = child.split_once(' ').unwrap();
                let hash = |n: &str| hash_name(n.as_bytes());
                child_names.push(name.trim_end_matches("[x]").to_owned());
                if let Some(name) = name.strip_suffix("[x]") {
                    for ty in ty.split('|') {
                        let json = format!("{name}{}{}", ty[..1].to_uppercase(), &ty[1..]);
                        children.insert(hash(&json), Entry::Variant(id(ty)));
                    }
                    children.insert(hash(name), Entry::Choice(ty.split('|').map(id).collect()));
                } else {
                    let (ty, many) = ty.strip_suffix('*').map_or((ty, false), |t| (t, true));
                    children.insert(hash(name), Entry::Element(id(ty), many));
                }
            }
            let base = (head[2] != "-").then(|| id(head[2]));
            types.push(Type { name: head[0].to_owned(), base, kind, children, child_names });
        }
        let names = names
            .iter()
            .enumerate()
            .map(|(i, n)| (hash_name(n.as_bytes()), TypeId(i as u32)))
            .collect();
        Self { types, names }
    }
}

impl Model for SmallModel {
    fn type_named(&self, name: &Name) -> Option<TypeId> {
        self.names.get(&name.hash()).copied()
    }

    fn type_name(&self, ty: TypeId) -> &str {
        let name = &self.types[ty.0 as usize].name;
        if name.contains('.') { "BackboneElement" } else { name }
    }

    fn kind(&self, ty: TypeId) -> TypeKind {
        self.types[ty.0 as usize].kind
    }

    fn child(&self, parent: TypeId, name: &Name) -> Option<Child<'_>> {
        self.child_by_hash(parent, name.hash(), name.as_str())
    }

    fn child_by_hash(&self, parent: TypeId, hash: u32, _: &str) -> Option<Child<'_>> {
        let mut at = Some(parent);
        while let Some(ty) = at {
            let ty = &self.types[ty.0 as usize];
            if let Some(entry) = ty.children.get(&hash) {
                return Some(match entry {
                    Entry::Element(ty, many) => Child::Element { ty: *ty, many: *many },
                    Entry::Choice(types) => Child::Choice { types, many: false },
                    Entry::Variant(ty) => Child::Variant { ty: *ty },
                });
            }
            at = ty.base;
        }
        None
    }

    fn child_names(&self, parent: TypeId) -> Vec<&str> {
        let mut names = Vec::new();
        let mut at = Some(parent);
        while let Some(ty) = at {
            let ty = &self.types[ty.0 as usize];
            names.extend(ty.child_names.iter().map(String::as_str));
            at = ty.base;
        }
        names
    }

    fn is_subtype(&self, ty: TypeId, base: TypeId) -> bool {
        let mut at = Some(ty);
        while let Some(ty) = at {
            if ty == base {
                return true;
            }
            at = self.types[ty.0 as usize].base;
        }
        false
    }
}
