//! What the routes share.

use crate::metrics::Metrics;
use crate::openapi;
use crate::outlet::OutletService;
use crate::refusals::Refusals;
use crate::route::Route;
use crate::settings::HttpSettings;
use crate::slots::Slots;
use jiff::Timestamp;
use lmr_auth::{Clock, TokenVerifier};
use lmr_intake::{RandomSource, Receiver};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What a receiver's HTTP side is made of.
pub struct Services {
    /// The domain.
    pub receiver: Receiver,
    /// Who is let in.
    pub verifier: Arc<TokenVerifier>,
    /// The time.
    pub clock: Clock,
    /// Random bytes, for `intake` and for request ids.
    pub random: Arc<dyn RandomSource>,
    /// Limits and addresses.
    pub settings: HttpSettings,
}

/// The same for every request.
pub(crate) struct Shared {
    pub(crate) receiver: Receiver,
    pub(crate) verifier: Arc<TokenVerifier>,
    clock: Clock,
    pub(crate) random: Arc<dyn RandomSource>,
    pub(crate) settings: HttpSettings,
    /// Slots for messages in work.
    pub(crate) slots: Slots,
    pub(crate) metrics: Arc<Metrics>,
    /// Calls that are kept for the operator.
    pub(crate) refusals: Refusals,
    /// Set when the order to stop has come.
    pub(crate) stopping: AtomicBool,
    /// The interface's routes, and its description.
    pub(crate) routes: &'static [Route],
    pub(crate) openapi: String,
    /// Present on the outlet's listener only.
    pub(crate) outlet: Option<OutletService>,
}

impl Shared {
    pub(crate) fn new(
        services: Services,
        routes: &'static [Route],
        outlet: Option<OutletService>,
        refusals: Refusals,
    ) -> Self {
        let Services { receiver, verifier, clock, random, settings } = services;
        Self {
            receiver,
            verifier,
            clock,
            random,
            slots: Slots::new(&settings),
            settings,
            metrics: Arc::default(),
            refusals,
            stopping: AtomicBool::new(false),
            openapi: openapi::document(routes).to_string(),
            routes,
            outlet,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }
}
