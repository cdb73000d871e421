//! Counters for Prometheus. Labels are routes, statuses and codes; never a person, an organisation
//! or a message.

use crate::call::Notes;
use lmr_intake::{Background, BackgroundTask, CertificateEnd, CertificateUse, Counts};
use lmr_lmdi::codes::Code;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Upper bounds of the duration histogram, in seconds.
const BOUNDS: [f64; 10] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0, 120.0];

#[derive(Default)]
pub(crate) struct Metrics {
    in_flight: AtomicU64,
    requests: AtomicU64,
    body_bytes: AtomicU64,
    connections: AtomicU64,
    panics: AtomicU64,
    refusals_without_room: AtomicU64,
    refusals_not_stored: AtomicU64,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    answers: BTreeMap<(&'static str, u16, &'static str), u64>,
    durations: BTreeMap<&'static str, Histogram>,
    /// Of deliveries, and of trials.
    delivered: Entries,
    tried: Entries,
    repeated: u64,
    connections_refused: BTreeMap<&'static str, u64>,
}

/// What became of entries.
#[derive(Default)]
struct Entries {
    by_outcome: BTreeMap<&'static str, u64>,
    /// Refused entries by code of the catalogue.
    by_code: BTreeMap<String, u64>,
}

#[derive(Default)]
struct Histogram {
    buckets: [u64; BOUNDS.len()],
    count: u64,
    sum: f64,
}

impl Metrics {
    pub(crate) fn started(&self) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn connection_started(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn connection_ended(&self) {
        self.connections.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn connection_refused(&self, reason: &'static str) {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        *table.connections_refused.entry(reason).or_default() += 1;
    }

    pub(crate) fn panicked(&self) {
        self.panics.fetch_add(1, Ordering::Relaxed);
    }

    /// Refused calls that found no room in the queue.
    pub(crate) fn refusals_without_room(&self, calls: u64) {
        self.refusals_without_room.fetch_add(calls, Ordering::Relaxed);
    }

    /// Refused calls that a database did not take.
    pub(crate) fn refusals_not_stored(&self, calls: u64) {
        self.refusals_not_stored.fetch_add(calls, Ordering::Relaxed);
    }

    pub(crate) fn requests_so_far(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    pub(crate) fn ended(&self, route: &'static str, status: u16, notes: &Notes, seconds: f64) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.body_bytes.fetch_add(notes.body_bytes.unwrap_or(0) as u64, Ordering::Relaxed);
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let code = notes.code.map_or("", Code::as_str);
        *table.answers.entry((route, status, code)).or_default() += 1;
        let histogram = table.durations.entry(route).or_default();
        histogram.count += 1;
        histogram.sum += seconds;
        for (bucket, bound) in histogram.buckets.iter_mut().zip(BOUNDS) {
            if seconds <= bound {
                *bucket += 1;
            }
        }
        if notes.repeated {
            table.repeated += 1;
            return;
        }
        let counts = notes.counts.unwrap_or_default();
        let (refused, dependent) = (counts.refused, counts.dependent);
        let (entries, outcomes) = match notes.is_trial {
            // Whether they would be new, only storing shows.
            true => {
                let correct = counts.entries.saturating_sub(refused).saturating_sub(dependent);
                (&mut table.tried, vec![("correct", correct)])
            }
            false => {
                let Counts { created, updated, unchanged, .. } = counts;
                let stored = [("created", created), ("updated", updated), ("unchanged", unchanged)];
                (&mut table.delivered, stored.to_vec())
            }
        };
        for count in &notes.codes {
            *entries.by_code.entry(count.code.clone()).or_default() += u64::from(count.entries);
        }
        if notes.counts.is_some() {
            for (outcome, count) in
                outcomes.into_iter().chain([("refused", refused), ("dependent", dependent)])
            {
                *entries.by_outcome.entry(outcome).or_default() += u64::from(count);
            }
        }
    }

    /// Prometheus text format 0.0.4. The places in use, the lost log lines and the certificates' ends are known
    /// elsewhere.
    pub(crate) fn render(
        &self,
        places_in_use: usize,
        lost_log_lines: u64,
        certificates: &[CertificateEnd],
        background: &Background,
    ) -> String {
        let mut out = String::new();
        let mut family = |name: &str, kind: &str, help: &str, lines: &[(String, String)]| {
            let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
            for (suffix, value) in lines {
                let _ = writeln!(out, "{name}{suffix} {value}");
            }
        };
        let table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let one = |value: u64| vec![(String::new(), value.to_string())];
        let answers: Vec<_> = table
            .answers
            .iter()
            .map(|((route, status, code), count)| {
                let labels = format!("{{route=\"{route}\",status=\"{status}\",code=\"{code}\"}}");
                (labels, count.to_string())
            })
            .collect();
        family("lmr_requests_total", "counter", "Answers by route, status and code.", &answers);
        let mut durations = Vec::new();
        for (route, histogram) in &table.durations {
            for (bucket, bound) in histogram.buckets.iter().zip(BOUNDS) {
                durations.push((
                    format!("_bucket{{route=\"{route}\",le=\"{bound}\"}}"),
                    bucket.to_string(),
                ));
            }
            durations.push((
                format!("_bucket{{route=\"{route}\",le=\"+Inf\"}}"),
                histogram.count.to_string(),
            ));
            durations.push((format!("_sum{{route=\"{route}\"}}"), histogram.sum.to_string()));
            durations.push((format!("_count{{route=\"{route}\"}}"), histogram.count.to_string()));
        }
        family("lmr_request_duration_seconds", "histogram", "Time to the answer.", &durations);
        for (entries, name, help) in [
            (
                &table.delivered,
                ["lmr_entries_total", "lmr_entries_refused_total"],
                [
                    "Entries of delivered bundles by what became of them.",
                    "Refused entries of delivered bundles by code; an entry counts under each of its codes.",
                ],
            ),
            (
                &table.tried,
                ["lmr_trial_entries_total", "lmr_trial_entries_refused_total"],
                [
                    "Entries of bundles that were checked on trial, of which nothing is stored.",
                    "Refused entries of trials by code; an entry counts under each of its codes.",
                ],
            ),
        ] {
            let outcomes: Vec<_> = entries
                .by_outcome
                .iter()
                .map(|(outcome, count)| (format!("{{outcome=\"{outcome}\"}}"), count.to_string()))
                .collect();
            family(name[0], "counter", help[0], &outcomes);
            let codes: Vec<_> = entries
                .by_code
                .iter()
                .map(|(code, count)| (format!("{{code=\"{code}\"}}"), count.to_string()))
                .collect();
            family(name[1], "counter", help[1], &codes);
        }
        family(
            "lmr_repeated_messages_total",
            "counter",
            "Messages answered a second time.",
            &one(table.repeated),
        );
        family(
            "lmr_body_bytes_total",
            "counter",
            "Bytes of bodies read.",
            &one(self.body_bytes.load(Ordering::Relaxed)),
        );
        family(
            "lmr_requests_in_flight",
            "gauge",
            "Requests being answered.",
            &one(self.in_flight.load(Ordering::Relaxed)),
        );
        family(
            "lmr_places_in_use",
            "gauge",
            "Messages in work, from the arrived body to the written answer.",
            &one(places_in_use as u64),
        );
        family(
            "lmr_connections",
            "gauge",
            "Open connections.",
            &one(self.connections.load(Ordering::Relaxed)),
        );
        let refused: Vec<_> = table
            .connections_refused
            .iter()
            .map(|(reason, count)| (format!("{{reason=\"{reason}\"}}"), count.to_string()))
            .collect();
        family(
            "lmr_connections_refused_total",
            "counter",
            "Connections that were hung up on, by reason.",
            &refused,
        );
        family(
            "lmr_panics_total",
            "counter",
            "Requests answered with 500 because of a panic.",
            &one(self.panics.load(Ordering::Relaxed)),
        );
        let lost = [
            ("queue", self.refusals_without_room.load(Ordering::Relaxed)),
            ("database", self.refusals_not_stored.load(Ordering::Relaxed)),
        ];
        family(
            "lmr_refused_calls_lost_total",
            "counter",
            "Refused calls that could not be kept for `lmr admin`, by what had no room or did not take them.",
            &lost.map(|(reason, count)| (format!("{{reason=\"{reason}\"}}"), count.to_string())),
        );
        family(
            "lmr_log_lines_lost_total",
            "counter",
            "Log lines that could not be written.",
            &one(lost_log_lines),
        );
        let states = BackgroundTask::ALL.map(|task| (task.as_str(), background.state(task)));
        let mut runs = Vec::new();
        for (task, state) in &states {
            for (outcome, count) in [("done", state.done), ("failed", state.failed)] {
                let labels = format!("{{task=\"{task}\",outcome=\"{outcome}\"}}");
                runs.push((labels, count.to_string()));
            }
        }
        family(
            "lmr_background_runs_total",
            "counter",
            "What the receiver does by itself (reload: reading certificates, keys and senders again), by how it ended.",
            &runs,
        );
        family(
            "lmr_background_failing",
            "gauge",
            "1 where the last attempt at what the receiver does by itself failed.",
            &states.map(|(task, state)| {
                let is_failing = u8::from(state.failing_since.is_some());
                (format!("{{task=\"{task}\"}}"), is_failing.to_string())
            }),
        );
        family(
            "lmr_configuration_keys_waiting",
            "gauge",
            "Keys of the configuration that have changed and take a restart, as the last reload found them.",
            &one(background.waiting_for_restart().len() as u64),
        );
        let ends: Vec<_> = certificates
            .iter()
            .map(|end| {
                let usage = match end.usage {
                    CertificateUse::Register => "register",
                    CertificateUse::Sender => "sender",
                };
                let thumbprint = &end.thumbprint;
                let labels = format!("{{use=\"{usage}\",thumbprint=\"{thumbprint}\"}}");
                (labels, end.days_left.to_string())
            })
            .collect();
        family(
            "lmr_certificate_days_left",
            "gauge",
            "Days until a certificate ends; negative afterwards.",
            &ends,
        );
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lmr_intake::CodeCount;

    #[test]
    fn a_repeated_answer_counts_as_repeated_and_its_entries_not_again() {
        let metrics = Metrics::default();
        let counts = Counts { entries: 3, created: 2, refused: 1, ..Counts::default() };
        let codes = vec![CodeCount { code: "LMR-4001".to_owned(), entries: 1 }];
        let first = Notes { counts: Some(counts), codes, ..Notes::default() };
        let again = Notes { counts: Some(counts), repeated: true, ..Notes::default() };
        for notes in [first, again.clone(), again] {
            metrics.started();
            metrics.ended("/fhirmottak/v1", 200, &notes, 0.01);
        }
        let text = metrics.render(0, 0, &[], &Background::default());
        for line in [
            "lmr_repeated_messages_total 2",
            "lmr_entries_total{outcome=\"created\"} 2",
            "lmr_entries_total{outcome=\"refused\"} 1",
            "lmr_entries_refused_total{code=\"LMR-4001\"} 1",
            "lmr_requests_in_flight 0",
        ] {
            assert!(text.lines().any(|known| known == line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn what_is_only_tried_counts_among_trials_and_never_among_deliveries() {
        let metrics = Metrics::default();
        let counts = Counts { entries: 5, refused: 2, dependent: 1, ..Counts::default() };
        let codes = vec![CodeCount { code: "LMR-4001".to_owned(), entries: 2 }];
        let notes = Notes { counts: Some(counts), codes, is_trial: true, ..Notes::default() };
        metrics.started();
        metrics.ended("/fhirmottak/v1/validate", 200, &notes, 0.01);
        let text = metrics.render(0, 0, &[], &Background::default());
        for line in [
            "lmr_trial_entries_total{outcome=\"correct\"} 2",
            "lmr_trial_entries_total{outcome=\"refused\"} 2",
            "lmr_trial_entries_total{outcome=\"dependent\"} 1",
            "lmr_trial_entries_refused_total{code=\"LMR-4001\"} 2",
        ] {
            assert!(text.lines().any(|known| known == line), "{line} is not in\n{text}");
        }
        let delivered = |line: &&str| line.starts_with("lmr_entries");
        assert_eq!(text.lines().filter(delivered).count(), 0, "{text}");
    }
}
