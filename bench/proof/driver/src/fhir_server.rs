//! A FHIR server with the hospital's record: searches by type in pages, by id, and by `_lastUpdated`.

use std::collections::{BTreeMap, VecDeque};
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use serde_json::{Value, json};
use socket2::SockRef;

use crate::faults::SourceFate;

#[derive(Default)]
pub struct Record {
    /// What it shows, and since when.
    resources: BTreeMap<String, (Timestamp, Value)>,
    fates: VecDeque<SourceFate>,
    /// Faults that happened, by kind.
    pub faults: BTreeMap<&'static str, u64>,
    pub requests: u64,
}

/// Listens; ends with the process.
pub struct FhirServer {
    pub port: u16,
    record: Arc<Mutex<Record>>,
}

impl FhirServer {
    pub fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let port = listener.local_addr()?.port();
        let record = Arc::new(Mutex::new(Record::default()));
        let shared = Arc::clone(&record);
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let record = Arc::clone(&shared);
                thread::spawn(move || {
                    // Who asks may be killed at any moment.
                    let _ = serve(&connection, port, &record);
                });
            }
        });
        Ok(Self { port, record })
    }

    pub fn record(&self) -> MutexGuard<'_, Record> {
        held(&self.record)
    }

    /// Forgets everything, for a new history.
    pub fn reset(&self) {
        *self.record() = Record::default();
    }

    pub fn plan(&self, fates: &[SourceFate]) {
        self.record().fates = fates.iter().copied().collect();
    }

    /// Shows these from now on; what is another one than before has changed now.
    pub fn show(&self, all: &BTreeMap<String, Value>) {
        let now = Timestamp::now();
        let mut record = self.record();
        for (name, resource) in all {
            if record.resources.get(name).is_none_or(|(_, shown)| shown != resource) {
                record.resources.insert(name.clone(), (now, resource.clone()));
            }
        }
    }
}

fn held(record: &Mutex<Record>) -> MutexGuard<'_, Record> {
    record.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(client: &TcpStream, port: u16, record: &Mutex<Record>) -> Result<()> {
    let mut client = client;
    client.set_read_timeout(Some(Duration::from_secs(10)))?;
    let (mut head, mut buffer) = (Vec::new(), [0; 8 << 10]);
    while !head.windows(4).any(|four| four == b"\r\n\r\n") {
        match client.read(&mut buffer)? {
            0 => return Ok(()),
            n => head.extend_from_slice(&buffer[..n]),
        }
    }
    let fate = {
        let mut record = held(record);
        record.requests += 1;
        let fate = record.fates.pop_front().unwrap_or(SourceFate::Pass);
        if fate != SourceFate::Pass {
            *record.faults.entry(fate.kind()).or_default() += 1;
        }
        fate
    };
    let head = String::from_utf8_lossy(&head).into_owned();
    let target = head.split(' ').nth(1).context("a request line")?;
    let (status, body) = match fate {
        SourceFate::Unavailable => ("503 Service Unavailable", json!({})),
        _ => ("200 OK", answer(target, port, &held(record))),
    };
    let body = body.to_string();
    let all = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/fhir+json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let length = match fate {
        SourceFate::Cut { part } => usize::try_from(all.len() as u64 * part / 1000)?,
        _ => all.len(),
    };
    if matches!(fate, SourceFate::Refuse | SourceFate::Cut { .. }) {
        SockRef::from(client).set_linger(Some(Duration::ZERO))?;
    }
    if fate != SourceFate::Refuse {
        client.write_all(&all.as_bytes()[..length])?;
    }
    if length == all.len() {
        client.shutdown(Shutdown::Write)?;
    }
    Ok(())
}

/// A page of a search.
fn answer(target: &str, port: u16, record: &Record) -> Value {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let kind = path.rsplit('/').next().unwrap_or_default();
    let query = query.replace("%3A", ":").replace("%2C", ",");
    let value =
        |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    let since: Option<Timestamp> =
        value("_lastUpdated").and_then(|text| text.strip_prefix("ge")?.parse().ok());
    let ids: Option<Vec<&str>> = value("_id").map(|ids| ids.split(',').collect());
    let count = value("_count").and_then(|text| text.parse().ok()).unwrap_or(100_usize).max(1);
    let page = value("_page").and_then(|text| text.parse().ok()).unwrap_or(0_usize);
    let found: Vec<&(Timestamp, Value)> = record
        .resources
        .values()
        .filter(|(changed, resource)| {
            resource["resourceType"] == kind
                && since.is_none_or(|since| *changed >= since)
                && ids.as_ref().is_none_or(|ids| ids.iter().any(|id| resource["id"] == *id))
        })
        .collect();
    let entries: Vec<Value> = found
        .iter()
        .skip(page * count)
        .take(count)
        .map(|(changed, resource)| {
            let mut resource = resource.clone();
            resource["meta"]["lastUpdated"] = json!(changed.to_string());
            json!({ "resource": resource, "search": { "mode": "match" } })
        })
        .collect();
    let mut bundle = json!({ "resourceType": "Bundle", "type": "searchset", "total": found.len(), "entry": entries });
    if found.len() > (page + 1) * count {
        let rest: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with("_page=")).collect();
        let next = format!("http://127.0.0.1:{port}{path}?{}&_page={}", rest.join("&"), page + 1);
        bundle["link"] = json!([{ "relation": "next", "url": next }]);
    }
    bundle
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_ids_and_changes_are_what_was_asked_for() {
        let server = FhirServer::start().unwrap();
        let patient = |n: u32| {
            (format!("Patient/{n}"), json!({ "resourceType": "Patient", "id": n.to_string() }))
        };
        server.show(&(0..5).map(patient).collect());
        let record = server.record();
        let ids = |target: &str| -> Vec<String> {
            let page = answer(target, 1, &record);
            let entries = page["entry"].as_array().unwrap();
            entries.iter().map(|one| one["resource"]["id"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(ids("/fhir/Patient?_count=2"), ["0", "1"]);
        assert_eq!(ids("/fhir/Patient?_count=2&_page=2"), ["4"]);
        assert_eq!(ids("/fhir/Patient?_id=1%2C3"), ["1", "3"]);
        assert_eq!(
            ids("/fhir/Patient?_lastUpdated=ge2999-01-01T00%3A00%3A00Z"),
            Vec::<String>::new()
        );
        assert_eq!(answer("/fhir/Patient?_count=2&_page=2", 1, &record)["link"], Value::Null);
    }
}
