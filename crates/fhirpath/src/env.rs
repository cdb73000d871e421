//! What an evaluation gets from outside.

use smallvec::SmallVec;

use crate::error::Unavailable;
use crate::item::{Collection, Item};
use crate::model::{Model, Typed};
use crate::value::DateTime;

/// What only the surroundings can answer. Every method that is not overridden refuses, so that an
/// expression that needs it fails instead of passing.
pub trait Host<'a> {
    /// The resource that a reference (relative, absolute, `urn:` or `#fragment`) refers to, seen from
    /// the element that holds it. `Ok(None)` when there is no such resource: the item is dropped, as the
    /// specification has it.
    ///
    /// # Errors
    /// [`Unavailable`] when the host cannot decide.
    fn resolve(
        &self,
        reference: &str,
        from: Option<Typed<'a>>,
    ) -> Result<Option<Typed<'a>>, Unavailable> {
        let _ = (reference, from);
        Err(Unavailable::Unsupported)
    }

    /// Whether a code, Coding or CodeableConcept is in a value set.
    ///
    /// # Errors
    /// [`Unavailable`] when the value set or its content is not known.
    fn member_of(&self, item: &Item<'a>, value_set: &str) -> Result<bool, Unavailable> {
        let _ = (item, value_set);
        Err(Unavailable::Unsupported)
    }

    /// Whether an element conforms to a profile.
    ///
    /// # Errors
    /// [`Unavailable`] when the profile is not known.
    fn conforms_to(&self, item: &Item<'a>, profile: &str) -> Result<bool, Unavailable> {
        let _ = (item, profile);
        Err(Unavailable::Unsupported)
    }

    /// Whether the left code subsumes the right one.
    ///
    /// # Errors
    /// [`Unavailable`] when the code system is not known.
    fn subsumes(&self, left: &Item<'a>, right: &Item<'a>) -> Result<bool, Unavailable> {
        let _ = (left, right);
        Err(Unavailable::Unsupported)
    }

    /// A `%name` that neither the language nor [`Env::define`] knows.
    fn constant(&self, name: &str) -> Option<Collection<'a>> {
        let _ = name;
        None
    }

    /// `trace(name)` was met with so many items. Data never leaves through here.
    fn trace(&self, name: &str, items: usize) {
        let _ = (name, items);
    }
}

/// Steps that one evaluation may take; a step is an item looked at, 16 bytes of a long value
/// made or copied, or as much arithmetic on long decimals as takes the time of one. With
/// [`Env::with_resource`] a document of many values raises it to fifty per value.
pub const DEFAULT_STEPS: u64 = 10_000_000;

/// What an expression that looks at every value of a document a few times needs.
const STEPS_PER_VALUE: u64 = 50;

/// Surroundings of evaluations, made once per resource and shared by all its expressions.
#[derive(Clone)]
pub struct Env<'a> {
    pub(crate) model: Option<&'a dyn Model>,
    pub(crate) host: Option<&'a (dyn Host<'a> + 'a)>,
    pub(crate) resource: Option<Typed<'a>>,
    pub(crate) root_resource: Option<Typed<'a>>,
    pub(crate) context: Option<Typed<'a>>,
    pub(crate) now: Option<DateTime>,
    pub(crate) steps: u64,
    pub(crate) lenient_as: bool,
    pub(crate) constants: SmallVec<[(&'a str, Collection<'a>); 0]>,
}

impl<'a> Env<'a> {
    /// Without types, clock or host: elements are read by their JSON form alone.
    pub fn new() -> Self {
        Self {
            model: None,
            host: None,
            resource: None,
            root_resource: None,
            context: None,
            now: None,
            steps: DEFAULT_STEPS,
            lenient_as: false,
            constants: SmallVec::new(),
        }
    }

    /// With the types of a model.
    #[must_use]
    pub fn with_model(mut self, model: &'a dyn Model) -> Self {
        self.model = Some(model);
        self
    }

    /// With a host for what only the caller can answer.
    #[must_use]
    pub fn with_host(mut self, host: &'a (dyn Host<'a> + 'a)) -> Self {
        self.host = Some(host);
        self
    }

    /// With `%resource`, and `%rootResource` where that is another one (the container of a contained
    /// resource).
    #[must_use]
    pub fn with_resource(mut self, resource: Typed<'a>, root: Typed<'a>) -> Self {
        self.resource = Some(resource);
        self.root_resource = Some(root);
        if self.steps == DEFAULT_STEPS {
            let values = u64::try_from(root.element.document().node_count()).unwrap_or(u64::MAX);
            self.steps = DEFAULT_STEPS.max(values.saturating_mul(STEPS_PER_VALUE));
        }
        self
    }

    /// With a `%context` that differs from the focus.
    #[must_use]
    pub fn with_context(mut self, context: Typed<'a>) -> Self {
        self.context = Some(context);
        self
    }

    /// With the moment that `now()` and `today()` return, in the time zone they return it in.
    #[must_use]
    pub fn with_now(mut self, now: DateTime) -> Self {
        self.now = Some(now);
        self
    }

    /// With another step budget than [`DEFAULT_STEPS`].
    #[must_use]
    pub fn with_steps(mut self, steps: u64) -> Self {
        self.steps = steps;
        self
    }

    /// With `as` as HL7's engine evaluates R4's own invariants.
    ///
    /// N1 makes `as` on several items an error. Invariants that R4 publishes use it so
    /// (`%resource.descendants().as(uri)` in dom-3): here it filters, and type names may be written
    /// in another case. Published profiles also name one type of a choice as JSON does (`valueQuantity`),
    /// which R4 excludes (<https://hl7.org/fhir/R4/fhirpath.html>): here it is what is meant, as with HL7's
    /// engine; [`Expression::check`](crate::Expression::check) says so.
    #[must_use]
    pub fn with_lenient_as(mut self) -> Self {
        self.lenient_as = true;
        self
    }

    /// Defines `%name`.
    pub fn define(&mut self, name: &'a str, value: Collection<'a>) {
        self.constants.retain(|(n, _)| *n != name);
        self.constants.push((name, value));
    }
}

impl Default for Env<'_> {
    fn default() -> Self {
        Self::new()
    }
}
