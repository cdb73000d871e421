//! Messages: slices, and which of several profiles an element fits.

/// Passes its rows on; see `messages.rs`.
macro_rules! slicing_messages {
    ($next:ident $($rest:tt)*) => {
        $next! { $($rest)*
            NotSlice { element: Defined, by: Defined, found: Text, allowed: Defined, profile: Defined }
                "Validation_VAL_Profile_NotSlice" Error Invalid
                en "{element} is sliced by {by} and closed: found {found}, allowed: {allowed} ({profile})"
                nb "{element} er delt i utsnitt etter {by} og lukket: fant {found}, tillatt: {allowed} ({profile})";
            NoSliceHint { profile: Defined }
                "This_element_does_not_match_any_known_slice_" Information Informational
                en "This element fits none of the slices of {profile}"
                nb "Elementet passer ikke i noen av utsnittene i {profile}";
            MatchMultiple { profile: Defined, first: Defined, second: Defined }
                "Validation_VAL_Profile_MatchMultiple" Error Invalid
                en "This element fits both the slice {first} and the slice {second} of {profile}"
                nb "Elementet passer både i utsnittet {first} og i utsnittet {second} i {profile}";
            SliceOrder { profile: Defined, slice: Defined }
                "Validation_VAL_Profile_SliceOrder" Error Invalid
                en "The slices of {profile} must be in their order: {slice} is out of order"
                nb "Utsnittene i {profile} må stå i rekkefølge: {slice} er på feil plass";
            SliceOrderOpenAtEnd { profile: Defined }
                "Validation_VAL_Profile_NotSlice_AtEnd" Error Invalid
                en "Elements outside the slices of {profile} must stand last"
                nb "Elementer utenfor utsnittene i {profile} må stå til slutt";
            Details { reference: Value, profile: Defined }
                "Details_for__matching_against_Profile_" Information Structure
                en "{reference} does not fit the profile {profile}"
                nb "{reference} passer ikke med profilen {profile}";
            NoMatch { profiles: Defined, because: Because }
                "Validation_VAL_Profile_NoMatch" Error Structure
                en "The element fits none of the profiles {profiles}{because}"
                nb "Elementet passer ikke med noen av profilene {profiles}{because}";
            MultipleMatches { count: usize, profiles: Defined }
                "Validation_VAL_Profile_MultipleMatches" Warning Structure
                en "The element fits {count} profiles: {profiles}"
                nb "Elementet passer med {count} profiler: {profiles}";
            SliceCannotEvaluate { discriminator: Defined, slice: Defined, profile: Defined }
                "Discriminator__is_based_on_element_existence_but_slice__neither_sets_min1_or_max0" Error Processing
                en "The discriminator {discriminator} of the slice {slice} in {profile} cannot be evaluated"
                nb "Skillekriteriet {discriminator} for utsnittet {slice} i {profile} kan ikke avgjøres";
            SliceNoElement { discriminator: Defined, slice: Defined, profile: Defined, name: Defined }
                "LMRV_DISCRIMINATOR_UNKNOWN_ELEMENT" Error Processing
                en "The discriminator {discriminator} of the slice {slice} in {profile} cannot be evaluated: no element there has the name {name}"
                nb "Skillekriteriet {discriminator} for utsnittet {slice} i {profile} kan ikke avgjøres: ikke noe element der har navnet {name}";
        }
    };
}
pub(crate) use slicing_messages;
