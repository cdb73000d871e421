//! What ends in the middle of a day: certificates that were made for seconds, and the key by which the issuer knows the
//! client. The operator renews it in the evening; until then nothing may be taken, and nothing may be lost.

use std::collections::BTreeSet;
use std::fs;
use std::thread;
use std::time::Duration;

use anyhow::Result;

use crate::history::Play;
use crate::oracle;
use crate::plan::Ending;
use crate::world::CLIENT_KEY;

/// How long a certificate is good for that ends in mid-run, in seconds.
const SHORT: i64 = 3;
/// And one that does not.
const LONG: i64 = 30 * 24 * 3600;

impl Play<'_> {
    /// From now on it has an end.
    pub fn begin_to_end(&mut self, ending: Ending) -> Result<()> {
        if ending == Ending::ClientKey {
            return self.site.change_client();
        }
        self.change(ending, SHORT)
    }

    fn change(&mut self, ending: Ending, seconds: i64) -> Result<()> {
        let (world, ca) = (&mut self.world, &self.site.ca);
        match ending {
            Ending::SenderCertificate => {
                let new = world.configuration.certificate(ca, true, seconds)?;
                world.credentials.change_sender(&world.folder, &new)?;
            }
            Ending::RegisterCertificate => {
                let new = world.configuration.certificate(ca, false, seconds)?;
                world.credentials.change_register(&world.folder, &new)?;
            }
            Ending::TlsCertificate => {
                world.credentials.change_proxy(ca, seconds)?;
                self.site.proxy.seen().tls = world.credentials.tls(ca)?;
                return Ok(());
            }
            Ending::ClientKey => {
                fs::copy(self.site.client_key(), world.path(CLIENT_KEY))?;
                return Ok(());
            }
        }
        world.configuration.write(&world.folder, None, &world.credentials)?;
        // As whoever renews does: the receiver reads its files again, and goes on.
        world.reload_receivers();
        thread::sleep(Duration::from_millis(100));
        Ok(())
    }

    /// It has ended; nothing goes until the operator has renewed it.
    pub fn renew(&mut self, ending: Ending) -> Result<()> {
        if ending != Ending::ClientKey {
            thread::sleep(Duration::from_secs(u64::try_from(SHORT + 1)?));
        }
        let mut known: BTreeSet<String> =
            self.site.proxy.seen().acknowledged.keys().cloned().collect();
        if ending == Ending::RegisterCertificate {
            // What was encrypted for it before it ended may still be opened with its key.
            known.extend(oracle::sealed_messages(&self.world.path("sender.sqlite"))?);
        }
        let status = self.one_run()?;
        let taken =
            self.site.proxy.seen().acknowledged.keys().filter(|id| !known.contains(*id)).count();
        // A token may have been got before, and a source may have nothing new: then nothing is noticed.
        if taken > 0 && ending != Ending::ClientKey {
            let what = format!("{taken} messages were taken though {} had ended", ending.kind());
            self.outcome.violations.push(what);
        }
        if status.is_none_or(|status| status > 1) {
            self.count(format!("ended in mid-run: {}, and a transfer failed of it", ending.kind()));
        } else {
            self.count(format!("ended in mid-run: {}", ending.kind()));
        }
        self.change(ending, LONG)
    }
}
