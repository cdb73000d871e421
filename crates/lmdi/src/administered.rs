//! When a medicine was administered, as `MedicationAdministration.effective[x]` says.

use lmr_fhir::Element;

use crate::dates::Moment;

/// The time of an administration. A `dateTime` is begin and end at once.
pub(crate) struct AdministeredTime<'d> {
    /// `effectiveDateTime`, or `effectivePeriod.start`.
    pub(crate) begin: Option<Element<'d>>,
    /// `effectiveDateTime`, or `effectivePeriod.end`.
    pub(crate) end: Option<Element<'d>>,
}

impl<'d> AdministeredTime<'d> {
    /// Reads it. `None` for a resource of another type, and for one that was entered in error: an annulment
    /// must get through, whatever is wrong with what it annuls.
    pub(crate) fn of(resource: Element<'d>) -> Option<Self> {
        if resource.resource_type()? != "MedicationAdministration"
            || resource.child_text("status").as_deref() == Some("entered-in-error")
        {
            return None;
        }
        let period = resource.child_by_name("effectivePeriod");
        Some(match resource.child_by_name("effectiveDateTime") {
            Some(at) => Self { begin: Some(at), end: Some(at) },
            None => Self {
                begin: period.and_then(|period| period.child_by_name("start")),
                end: period.and_then(|period| period.child_by_name("end")),
            },
        })
    }

    /// The begin, or the end where only that is given.
    pub(crate) fn earliest(&self) -> Option<(Element<'d>, Moment)> {
        moment(self.begin.or(self.end)?)
    }

    /// The end, or the begin where only that is given.
    pub(crate) fn latest(&self) -> Option<(Element<'d>, Moment)> {
        moment(self.end.or(self.begin)?)
    }
}

fn moment(element: Element<'_>) -> Option<(Element<'_>, Moment)> {
    Some((element, Moment::read(&element.text()?)?))
}
