//! What a validation's time goes into: by profile, by check and by invariant.
//!
//! Measured only where [`Options::statistics`](crate::Options::statistics) asks for it; without it a check
//! costs one comparison more. Times are each check's own: what a slice spends on the invariants of an
//! element that it tries counts as invariants.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lmr_fhir::{Bilingual, Language};

/// Time since some moment, which never runs backwards.
type Clock = Box<dyn Fn() -> Duration + Send + Sync>;

/// Collects what the validations of any number of documents and threads spend their time on.
///
/// ```
/// use std::sync::Arc;
/// use lmr_validator::{Options, Validator, statistics::Statistics};
///
/// # #[allow(clippy::disallowed_methods)]
/// let start = std::time::Instant::now();
/// let statistics = Arc::new(Statistics::new(move || start.elapsed()));
/// let options = Options { statistics: Some(Arc::clone(&statistics)), ..Options::default() };
/// Validator::builder().build().validate_text(r#"{"resourceType":"Patient"}"#, &options);
///
/// let profiles = statistics.profiles();
/// assert_eq!(profiles[0].name, "http://hl7.org/fhir/StructureDefinition/Patient|4.0.1");
/// assert_eq!(profiles[0].count, 1);
/// ```
pub struct Statistics {
    clock: Clock,
    all: Mutex<Costs>,
}

/// A row of a table: what was done, how often, and the time it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// A profile (`url|version`), a check in words, or an invariant (`source#key`).
    pub name: String,
    /// How often: resources of a profile, elements of a check, evaluations of an invariant. A single primitive that
    /// is plainly right is decided by the walk and counted with it, not with the values of primitives.
    pub count: u64,
    /// In all, on all threads together.
    pub time: Duration,
}

/// A kind of check, or a part of the work around them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Measured {
    Primitive,
    Fixed,
    Limits,
    Binding,
    Coding,
    Reference,
    Extension,
    Narrative,
    Slicing,
    Invariants,
    Bundle,
    Resource,
    Walk,
    Reading,
    Plan,
}

impl Measured {
    fn words(self) -> &'static Bilingual {
        match self {
            Self::Reading => &Bilingual { en: "reading the text", nb: "lesing av teksten" },
            Self::Plan => &Bilingual {
                en: "index of entries, targets of references, order of findings",
                nb: "indeks over entryer, referansenes mål, funnenes rekkefølge",
            },
            Self::Primitive => {
                &Bilingual { en: "values of primitives", nb: "verdier av enkle typer" }
            }
            Self::Fixed => {
                &Bilingual { en: "fixed values and patterns", nb: "faste verdier og mønstre" }
            }
            Self::Limits => &Bilingual {
                en: "lengths, regular expressions, least and greatest values",
                nb: "lengder, regulære uttrykk, minste og største verdier",
            },
            Self::Binding => {
                &Bilingual { en: "bindings to value sets", nb: "bindinger til verdisett" }
            }
            Self::Coding => &Bilingual {
                en: "codes, units and identifiers by their systems",
                nb: "koder, enheter og identifikatorer etter systemene sine",
            },
            Self::Reference => &Bilingual { en: "references", nb: "referanser" },
            Self::Extension => &Bilingual { en: "extensions", nb: "utvidelser" },
            Self::Narrative => &Bilingual { en: "narratives", nb: "narrativer" },
            Self::Slicing => &Bilingual { en: "slices", nb: "slicer" },
            Self::Invariants => &Bilingual { en: "invariants", nb: "invarianter" },
            Self::Bundle => &Bilingual { en: "rules of bundles", nb: "regler for bundler" },
            Self::Resource => &Bilingual {
                en: "rules of single resource types",
                nb: "regler for enkelte ressurstyper",
            },
            Self::Walk => &Bilingual {
                en: "members, types and numbers of elements",
                nb: "elementers navn, type og antall",
            },
        }
    }
}

#[derive(Clone, Copy, Default)]
struct Cost {
    count: u64,
    time: Duration,
}

impl Cost {
    fn add(&mut self, other: Self) {
        self.count += other.count;
        self.time += other.time;
    }
}

#[derive(Default)]
struct Costs {
    profiles: HashMap<Arc<str>, Cost>,
    checks: HashMap<Measured, Cost>,
    invariants: HashMap<Arc<str>, Cost>,
}

impl Statistics {
    /// Begins with nothing. `clock` gives the time since any moment, the same for all threads.
    pub fn new(clock: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self { clock: Box::new(clock), all: Mutex::default() }
    }

    /// The profiles that resources were validated against, what took longest first. The base definition
    /// of a resource type is one of them.
    #[must_use]
    pub fn profiles(&self) -> Vec<Row> {
        rows(self.all.lock().unwrap_or_else(PoisonError::into_inner).profiles.iter())
    }

    /// The kinds of checks, what took longest first, with their names in a language.
    #[must_use]
    pub fn checks(&self, language: Language) -> Vec<Row> {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        rows(all.checks.iter().map(|(of, cost)| (of.words().in_language(language), cost)))
    }

    /// Counts the reading of a text.
    pub fn reading<T>(&self, read: impl FnOnce() -> T) -> T {
        self.measured(Measured::Reading, read)
    }

    /// Runs and counts a part that no resource is responsible for.
    pub(crate) fn measured<T>(&self, of: Measured, run: impl FnOnce() -> T) -> T {
        let mut meter = Meter::new(self);
        let mark = meter.begin();
        let done = run();
        meter.end(&mark, of);
        done
    }

    /// The invariants that were evaluated, what took longest first. Those that an element's members
    /// decide by their absence are not evaluated and not counted.
    #[must_use]
    pub fn invariants(&self) -> Vec<Row> {
        rows(self.all.lock().unwrap_or_else(PoisonError::into_inner).invariants.iter())
    }
}

impl fmt::Debug for Statistics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Statistics").finish_non_exhaustive()
    }
}

fn rows<'c, N: AsRef<str>>(of: impl Iterator<Item = (N, &'c Cost)>) -> Vec<Row> {
    let mut rows: Vec<Row> = of
        .map(|(name, cost)| Row {
            name: name.as_ref().to_owned(),
            count: cost.count,
            time: cost.time,
        })
        .collect();
    rows.sort_by(|a, b| b.time.cmp(&a.time).then_with(|| a.name.cmp(&b.name)));
    rows
}

/// What one thread measures of one resource; handed in when it is dropped.
pub(crate) struct Meter<'s> {
    of: &'s Statistics,
    /// Time that measured parts of the part at hand have taken.
    inside: Duration,
    costs: Costs,
    /// Parts that have begun and not ended: the time of one that never ends is lost, and with it that of the part
    /// around it is wrong.
    open: usize,
}

/// The beginning of a measured part.
pub(crate) struct Mark {
    began: Duration,
    /// What the part around had spent on parts of its own until then.
    outside: Duration,
}

impl<'s> Meter<'s> {
    pub(crate) fn new(of: &'s Statistics) -> Self {
        Self { of, inside: Duration::ZERO, costs: Costs::default(), open: 0 }
    }

    pub(crate) fn begin(&mut self) -> Mark {
        self.open += 1;
        Mark { outside: std::mem::take(&mut self.inside), began: (self.of.clock)() }
    }

    /// Ends a part. Returns its own time, without that of the parts within.
    fn end_of(&mut self, mark: &Mark) -> (Duration, Duration) {
        debug_assert!(self.open > 0, "a part ends that has not begun");
        self.open = self.open.saturating_sub(1);
        let whole = (self.of.clock)().saturating_sub(mark.began);
        let own = whole.saturating_sub(self.inside);
        self.inside = mark.outside + whole;
        (own, whole)
    }

    pub(crate) fn end(&mut self, mark: &Mark, of: Measured) {
        let (time, _) = self.end_of(mark);
        self.costs.checks.entry(of).or_default().add(Cost { count: 1, time });
    }

    /// Ends a part of which other meters measure what it consists of.
    pub(crate) fn end_elsewhere(&mut self, mark: &Mark) {
        self.end_of(mark);
    }

    /// Ends the evaluation of an invariant.
    pub(crate) fn end_invariant(&mut self, mark: &Mark, id: &Arc<str>) {
        let (time, _) = self.end_of(mark);
        let cost = Cost { count: 1, time };
        self.costs.checks.entry(Measured::Invariants).or_default().add(cost);
        self.costs.invariants.entry(Arc::clone(id)).or_default().add(cost);
    }

    /// Ends the validation of a resource against a profile: what no check has taken is the walk's.
    pub(crate) fn end_profile(&mut self, mark: &Mark, profile: &Arc<str>) {
        let (own, time) = self.end_of(mark);
        self.costs.checks.entry(Measured::Walk).or_default().add(Cost { count: 1, time: own });
        self.costs.profiles.entry(Arc::clone(profile)).or_default().add(Cost { count: 1, time });
    }
}

impl Drop for Meter<'_> {
    fn drop(&mut self) {
        // A panic on its way has left parts open, and a second one would end the process.
        debug_assert!(
            self.open == 0 || std::thread::panicking(),
            "{} measured parts have not ended",
            self.open
        );
        let mut all = self.of.all.lock().unwrap_or_else(PoisonError::into_inner);
        for (of, cost) in self.costs.checks.drain() {
            all.checks.entry(of).or_default().add(cost);
        }
        for (id, cost) in self.costs.invariants.drain() {
            all.invariants.entry(id).or_default().add(cost);
        }
        for (profile, cost) in self.costs.profiles.drain() {
            all.profiles.entry(profile).or_default().add(cost);
        }
    }
}
