//! Time and memory of a run over a large source of which the register has everything already.
//!
//! ```sh
//! cargo run --release -p lmr-sender --example large_source -- /tmp/large 1000000   # makes and sends it
//! cargo run --release -p lmr-sender --example large_source -- /tmp/large           # nothing has changed
//! ```
//!
//! The register and the check are simulated, so that only the sender is measured.
#![allow(clippy::disallowed_methods, reason = "an example reads the clock itself")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use lmr_envelope::{SealError, SystemRandom};
use lmr_lmdi::RuleSetId;
use lmr_sender::check::{CheckContext, CheckError, CheckFinding, Checker};
use lmr_sender::outbox::Outbox;
use lmr_sender::schedule::RetrySchedule;
use lmr_sender::seal::Sealer;
use lmr_sender::source::{FolderSource, SourceLimits};
use lmr_sender::transport::{PostOutcome, Transport};
use lmr_sender::{Agent, BundleLimits, HashKey, Parts, Settings, StopSignal};

/// Takes everything.
struct Register;

#[async_trait]
impl Transport for Register {
    async fn post(&self, message: Vec<u8>) -> PostOutcome {
        let entries = String::from_utf8_lossy(&message).trim().parse().unwrap_or(0);
        let entry = r#"{"response":{"status":"201 Created"}}"#;
        let entries = vec![entry; entries].join(",");
        let body =
            format!(r#"{{"resourceType":"Bundle","type":"batch-response","entry":[{entries}]}}"#);
        PostOutcome::Answered {
            status: 200,
            retry_after: None,
            receipt: None,
            body: body.into_bytes(),
        }
    }
}

/// A message that holds nothing but the number of its entries.
struct Count;

impl Sealer for Count {
    fn seal(&self, bundle: &[u8], _: &str, _: &CheckContext) -> Result<Vec<u8>, SealError> {
        let text = String::from_utf8_lossy(bundle);
        Ok(text.matches(r#""request":"#).count().to_string().into_bytes())
    }

    fn verify_receipt(
        &self,
        _: &str,
    ) -> Result<lmr_envelope::VerifiedReceipt, lmr_envelope::ReceiptError> {
        Err(lmr_envelope::ReceiptError::Malformed { part: "the payload" })
    }
}

struct NoCheck;

impl Checker for NoCheck {
    fn check(&self, _: &str, _: &CheckContext) -> Result<Vec<CheckFinding>, CheckError> {
        Ok(Vec::new())
    }

    fn fingerprint(&self) -> String {
        String::new()
    }

    fn is_resource_type(&self, _: &str) -> bool {
        true
    }
}

/// Administrations, each with a patient for every ten, an episode and a medicine.
fn make(folder: &Path, resources: usize) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let open = |name: &str| std::fs::File::create(folder.join(name)).map(std::io::BufWriter::new);
    let mut patients = open("Patient.ndjson")?;
    let mut given = open("MedicationAdministration.ndjson")?;
    let mut medicines = open("Medication.ndjson")?;
    for n in 0..100 {
        writeln!(
            medicines,
            r#"{{"resourceType":"Medication","id":"med-{n}","code":{{"text":"medicine {n}"}}}}"#
        )?;
    }
    for n in 0..resources / 11 {
        writeln!(
            patients,
            r#"{{"resourceType":"Patient","id":"pat-{n}","gender":"female","birthDate":"1950-01-01"}}"#
        )?;
        for k in 0..10 {
            let medicine = (n + k) % 100;
            writeln!(
                given,
                r#"{{"resourceType":"MedicationAdministration","id":"adm-{n}-{k}","identifier":[{{"system":"urn:oid:1.2.3.4","value":"A{n}-{k}"}}],"status":"completed","medicationReference":{{"reference":"Medication/med-{medicine}"}},"subject":{{"reference":"Patient/pat-{n}"}},"effectiveDateTime":"2026-03-01T12:00:00+01:00","dosage":{{"route":{{"coding":[{{"system":"urn:oid:2.16.578.1.12.4.1.1.7477","code":"53"}}]}},"dose":{{"value":500,"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"}}}}}}"#
            )?;
        }
    }
    Ok(())
}

/// The most memory the process has had, in MiB, where the system says.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib / 1024)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("a folder is needed")?);
    if let Some(resources) = arguments.next() {
        make(&folder.join("source"), resources.parse()?)?;
    }
    let began = std::time::Instant::now();
    let agent = Agent::new(Parts {
        settings: Settings {
            own_addresses: Vec::new(),
            incremental: false,
            incremental_sources: Vec::new(),
            start: jiff::civil::date(2026, 1, 1),
            rule_set: RuleSetId::Lmdi094,
            bundle_limits: BundleLimits { entries: 5000, bytes: 32 << 20 },
            retry: RetrySchedule::default(),
            configuration: String::new(),
            lock: folder.join("lock"),
            organisation: "310000007".to_owned(),
            environment: "local".to_owned(),
            receiver: "http://register".to_owned(),
        },
        source: Arc::new(FolderSource::new(folder.join("source"), SourceLimits::default())),
        key: HashKey::new(&[7; 32].into()),
        outbox: Outbox::open(&folder.join("outbox.sqlite")).await?,
        checker: Arc::new(NoCheck),
        sealer: Arc::new(Count),
        transport: Arc::new(Register),
        clock: Arc::new(jiff::Timestamp::now),
        random: Arc::new(SystemRandom),
        stop: StopSignal::default(),
    })
    .await?;
    let report = agent.run().await?;
    agent.outbox().close().await;
    let size = std::fs::metadata(folder.join("outbox.sqlite"))?.len();
    writeln!(
        std::io::stdout(),
        "{} resources, {} new, {} messages, {:?}: {:.1} s, peak {} MiB, outbox {} MiB ({} B a resource)",
        report.resources,
        report.new,
        report.messages.len(),
        report.status(),
        began.elapsed().as_secs_f64(),
        peak().unwrap_or_default(),
        size >> 20,
        size / report.resources.max(1) as u64,
    )?;
    Ok(())
}
