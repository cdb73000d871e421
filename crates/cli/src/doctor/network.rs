//! Connections and clocks: made with the run's own client, so that authorities and proxies are the same.

use async_trait::async_trait;
use jiff::Timestamp;
use lmr_auth::{
    Clock, Discovery, Environment, Fetcher, HttpFetcher, IssuerKind, Network, RequestHeaders,
    SecretString,
};
use lmr_sender::attempt::AttemptFailure;
use lmr_sender::transport::{
    AuthorizationError, Authorizer, HttpSettings, HttpTransport, PostOutcome, Transport as _,
};
use std::sync::Arc;
use std::time::Duration;

use super::Checks;
use crate::clock;
use crate::text::{Text, text};

/// From here on a clock is pointed out, in seconds.
const ODD: i64 = 60;
/// From here on tokens and messages are refused, in seconds.
const WRONG: i64 = 300;

/// No token: for asking whether anybody answers.
pub(super) struct WithoutToken;

#[async_trait]
impl Authorizer for WithoutToken {
    async fn headers(
        &self,
        _: &str,
        _: &str,
        _: Option<&str>,
    ) -> Result<RequestHeaders, AuthorizationError> {
        Ok(RequestHeaders { authorization: SecretString::new(String::new()), proof: None })
    }

    async fn refused(&self) {}
}

/// Tries an issuer: the connection, its metadata, the clock. `true` when it can be used.
pub(super) async fn issuer(
    kind: IssuerKind,
    address: &str,
    environment: Environment,
    network: &Network,
    checks: &mut Checks,
) -> bool {
    let name = kind.name();
    let what = text!("{name} {address}", "{name} {address}");
    let connection = kind.metadata_url(address);
    let mut settings = HttpSettings::new(connection);
    settings.timeout = Duration::from_secs(15);
    settings.network = network.clone();
    match HttpTransport::new(&settings, WithoutToken) {
        Ok(transport) => {
            if let Some(failure) = failure_of(&transport.post(Vec::new()).await) {
                // The sentences are about the register; only the reason counts here.
                let reason = match failure {
                    AttemptFailure::NoConnection { reason } => {
                        Text::of(|language| reason.text(language).to_owned())
                    }
                    other => Text::of(|language| other.text(language)),
                };
                let text = Text {
                    nb: format!("{}: {}", what.nb, reason.nb),
                    en: format!("{}: {}", what.en, reason.en),
                };
                checks.fail("helseid.connection", text, None);
                return false;
            }
            compare_clocks(&text!("{name}", "{name}"), transport.server_time(), checks);
        }
        Err(error) => {
            checks.error("helseid.connection", &what, &error.into());
            return false;
        }
    }
    let metadata = async {
        let clock: Clock = Arc::new(clock::now);
        let fetcher: Arc<dyn Fetcher> =
            Arc::new(HttpFetcher::by(network, Duration::from_secs(15))?);
        Discovery::new(kind, address, environment == Environment::Local, fetcher, clock)
            .metadata()
            .await?;
        Ok(())
    };
    checks.note("helseid.metadata", &what, metadata.await).is_some()
}

/// Why nothing came back, where nothing did.
pub(super) fn failure_of(outcome: &PostOutcome) -> Option<AttemptFailure> {
    outcome.failure().cloned()
}

/// Compares the clock here with that of a server, by the `Date` of its answer.
pub(super) fn compare_clocks(server: &Text, theirs: Option<Timestamp>, checks: &mut Checks) {
    let Some(theirs) = theirs else { return };
    let ahead = clock::now().duration_since(theirs).as_secs();
    let size = ahead.abs();
    if size <= ODD {
        checks.ok(
            "clock",
            Text {
                nb: format!("klokken her går som hos {}", server.nb),
                en: format!("the clock here agrees with that of {}", server.en),
            },
        );
        return;
    }
    let (side_nb, side_en) = if ahead > 0 { ("foran", "ahead of") } else { ("etter", "behind") };
    let found = Text {
        nb: format!("klokken her er {size} sekunder {side_nb} den hos {}", server.nb),
        en: format!("the clock here is {size} seconds {side_en} that of {}", server.en),
    };
    let remedy = text!(
        "still klokken, helst automatisk (NTP): tokener og meldinger blir avvist når den går feil",
        "set the clock, best by NTP: tokens and messages are refused when it is wrong"
    );
    if size > WRONG {
        checks.fail("clock", found, Some(remedy));
    } else {
        checks.warn("clock", found, remedy);
    }
}
