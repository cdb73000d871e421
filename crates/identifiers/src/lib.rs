//! Norwegian identifiers that occur in messages to the register: organisation numbers, national
//! identity numbers, HPR numbers, RESH ids and FEST ids, with their check digits and systems; and Norwegian time, which
//! everything that has a date needs.
//!
//! A value of these types has passed the form and, where one is defined, the check digit; whether it
//! was ever issued is not known here. `Debug` does not show the digits of anything that identifies a
//! person. The crate imports no other of the workspace, so that every one may use it.
//!
//! ```
//! use lmr_identifiers::{NationalIdentityNumber, OrganisationNumber, OrganisationNumberError};
//!
//! let number = OrganisationNumber::from_wire("NTRNO-310000019")?;
//! assert_eq!(number.as_str(), "310000019");
//! assert_eq!(OrganisationNumber::parse("310000018"), Err(OrganisationNumberError::CheckDigit));
//!
//! // A synthetic number (month + 65) of somebody born on 12 May.
//! let person = NationalIdentityNumber::parse("12705825562").unwrap();
//! assert!(person.is_synthetic() && person.fits_birth_date(1958, 5, 12));
//! assert!(!format!("{person:?}").contains("12705825562"));
//! # Ok::<(), OrganisationNumberError>(())
//! ```

mod check_digit;
mod fest_id;
mod health_numbers;
mod national_identity_number;
mod norwegian_time;
mod organisation_number;
pub mod synthetic;
pub mod systems;

pub use fest_id::{FestId, FestIdError};
pub use health_numbers::{HprNumber, HprNumberError, ReshId, ReshIdError};
pub use national_identity_number::{
    FIRST_DAY_OF_2032_SCHEME, NationalIdentityNumber, NationalIdentityNumberError,
};
pub use norwegian_time::{
    NORWEGIAN_ZONE, norwegian_date, norwegian_zone, start_of_norwegian_day, time_zone,
};
pub use organisation_number::{OrganisationNumber, OrganisationNumberError};
