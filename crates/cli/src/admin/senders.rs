//! The registered senders: listing, activating, removing.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use jiff::civil::Date;
use lmr_identifiers::OrganisationNumber;
use lmr_intake::{
    Act, Action, Activity, AllowList, AuditLog as _, Avsender, Certificate, CertificateUse,
    CodeCount, Database, Days, DeliveryFilter, RegisteredCertificate, RuleSetId, Span, Store as _,
    Sums, certificate_ends,
};
use lmr_storage::{Copied, MAIN, Opening};
use serde_json::{Value, json};

use super::deliveries::local;
use super::{Format, View, operator, organisation_number};
use crate::clock;
use crate::config::callers::{everybody, instead_of_everybody};
use crate::config::receiver::ReceiverConfig;
use crate::output::{Style, complain, print};
use crate::serve::warnings::odd_start_date;
use crate::serve::{check_database, open_placed};
use crate::text::{fail, text};

/// How often a change is made of what another one has left in the same moment.
const MOST_ATTEMPTS: usize = 20;

/// The senders of a receiver: those of its file, which go first, and those of its database.
pub(super) struct Senders {
    pub(super) configured: Vec<Avsender>,
    pub(super) store: Arc<dyn Database>,
    /// Whether the receiver's own list has addresses from which everybody may call.
    pub(super) has_own_addresses: bool,
    pub(super) view: View,
}

impl Senders {
    pub(super) async fn list(&self) -> anyhow::Result<ExitCode> {
        let list = self.all().await?;
        let mut out = String::new();
        for sender in &list {
            match self.view.format {
                Format::Json => writeln!(out, "{}", json_of(sender))?,
                Format::Text => out.push_str(&text_of(sender, self.view)),
            }
        }
        if list.is_empty() && self.view.format == Format::Text {
            out.push_str(self.no_senders());
        }
        print(&out)?;
        Ok(ExitCode::SUCCESS)
    }

    /// Says of a sender without addresses that nobody can call for it, where the receiver has none either; and of one
    /// with all addresses that everybody can.
    pub(super) fn warn_of_addresses(&self, addresses: &AllowList) {
        if addresses.has_everybody() {
            let (found, remedy) = (everybody("addresses"), instead_of_everybody());
            let lang = self.view.lang;
            complain(&format!("{}: {}", found.get(lang), remedy.get(lang)));
        }
        if addresses.is_empty() && !self.has_own_addresses {
            complain(self.view.say(
                "avsenderen kan ikke kalle ennå: den har ingen adresser, og addresses i konfigurasjonen er tom (lmr admin set-addresses)",
                "the sender cannot call yet: it has no addresses, and `addresses` of the configuration is empty (lmr admin set-addresses)",
            ));
        }
    }

    /// Says of a start date that it is most likely misspelt.
    pub(super) fn warn_of_start_date(&self, name: &str, start: Option<Date>) {
        if let Some(warning) = start.and_then(|start| odd_start_date(name, start)) {
            complain(warning.line().get(self.view.lang));
        }
    }

    fn no_senders(&self) -> &'static str {
        self.view.say(
            "ingen avsendere: legg til [[avsender]] i konfigurasjonen eller bruk «lmr admin register»\n",
            "no senders: add [[avsender]] to the configuration or use `lmr admin register`\n",
        )
    }

    pub(super) async fn all(&self) -> anyhow::Result<Vec<Avsender>> {
        let mut all = self.configured.clone();
        for stored in self.store.avsendere().await? {
            if all.iter().all(|known| known.organisation != stored.organisation) {
                all.push(stored);
            }
        }
        Ok(all)
    }

    /// Refuses a number that is neither registered nor has delivered: a slip would look like a sender of whom there is
    /// nothing.
    pub(super) async fn must_know(&self, number: Option<OrganisationNumber>) -> anyhow::Result<()> {
        let Some(number) = number else { return Ok(()) };
        let is_known = self.all().await?.iter().any(|one| one.organisation == number)
            || self.store.known_senders().await?.contains(&number);
        if !is_known {
            fail!(
                "{number} er verken registrert eller har levert noe; «lmr admin senders» viser dem som er registrert",
                "{number} is neither registered nor has delivered anything; `lmr admin senders` lists those that are registered"
            );
        }
        Ok(())
    }

    /// The sender that the database has, for a change. The configuration file goes first: a change in the
    /// database would look done and do nothing.
    pub(super) async fn registered(
        &self,
        number: OrganisationNumber,
    ) -> anyhow::Result<Option<Avsender>> {
        if self.configured.iter().any(|avsender| avsender.organisation == number) {
            fail!(
                "{number} er oppført i konfigurasjonsfilen, som går foran databasen: endre der",
                "{number} is in the configuration file, which goes before the database: change it there"
            );
        }
        let stored = self.store.avsendere().await?;
        Ok(stored.into_iter().find(|avsender| avsender.organisation == number))
    }

    /// Changes one registered sender and prints it before and after. What somebody else changes at the same time stays:
    /// the change is made again of what they have left.
    pub(super) async fn change(
        &self,
        organisation: &str,
        change: impl Fn(&mut Avsender) -> anyhow::Result<()>,
    ) -> anyhow::Result<ExitCode> {
        let number = organisation_number(organisation)?;
        let mut recorded = None;
        for _ in 0..MOST_ATTEMPTS {
            let Some(before) = self.registered(number).await? else {
                fail!(
                    "{number} er ikke registrert; «lmr admin senders» viser dem som er det",
                    "{number} is not registered; `lmr admin senders` lists those that are"
                );
            };
            let mut after = before.clone();
            change(&mut after)?;
            if after == before {
                self.report(Some(&before), None)?;
                return Ok(ExitCode::SUCCESS);
            }
            if self.save(Some(&before), &after, &mut recorded).await? {
                self.report(Some(&before), Some(&after))?;
                return Ok(ExitCode::SUCCESS);
            }
        }
        fail!(
            "{number} endres av andre i samme øyeblikk, og ingenting er endret herfra. Prøv igjen",
            "{number} is being changed by others at this moment, and nothing was changed from here. Try again"
        );
    }

    /// Registers a sender that was not registered a moment ago.
    pub(super) async fn register(&self, wanted: &Avsender) -> anyhow::Result<ExitCode> {
        if !self.save(None, wanted, &mut None).await? {
            fail!(
                "{number} ble registrert av andre i samme øyeblikk, og ingenting er endret herfra",
                "{number} was registered by others at this moment, and nothing was changed from here",
                number = wanted.organisation
            );
        }
        self.report(None, Some(wanted))?;
        Ok(ExitCode::SUCCESS)
    }

    /// Records a change and makes it, in this order: there is no change without an entry. What `recorded` has already is
    /// not recorded again. `false` when the sender is not as it was `before` any more; then nothing is changed.
    async fn save(
        &self,
        before: Option<&Avsender>,
        after: &Avsender,
        recorded: &mut Option<String>,
    ) -> anyhow::Result<bool> {
        let (old, new) = (before.map(json_of), json_of(after));
        let changed = new.as_object().into_iter().flatten().filter(|(name, value)| {
            old.as_ref().is_none_or(|old| old.get(name.as_str()) != Some(*value))
        });
        let changed: Vec<&str> = changed.map(|(name, _)| name.as_str()).collect();
        let verb = if before.is_some() { "changed" } else { "registered" };
        let detail = format!("{verb}: {}", changed.join(", "));
        if recorded.as_ref() != Some(&detail) {
            self.record(after.organisation, detail.clone()).await?;
            *recorded = Some(detail);
        }
        Ok(self.store.replace_avsender(before, after).await?)
    }

    async fn record(&self, number: OrganisationNumber, detail: String) -> anyhow::Result<()> {
        let act = Act {
            at: clock::now(),
            action: Action::Change,
            actor: operator(),
            subject: Some(number.to_string()),
            reason: None,
            detail: Some(detail),
        };
        self.store.record(act).await?;
        Ok(())
    }

    /// Prints a sender before and after a change; without `after` nothing was changed.
    pub(super) fn report(
        &self,
        before: Option<&Avsender>,
        after: Option<&Avsender>,
    ) -> anyhow::Result<()> {
        let view = self.view;
        if view.format == Format::Json {
            let unchanged = before.filter(|_| after.is_none());
            let line = json!({
                "changed": after.is_some(),
                "before": before.map(json_of),
                "after": after.or(unchanged).map(json_of),
            });
            return print(&format!("{line}\n"));
        }
        let mut out = String::new();
        match (before, after) {
            (Some(before), Some(after)) => {
                let style = Style::for_stdout();
                writeln!(out, "{}", style.faint(view.say("før:", "before:")))?;
                out.push_str(&text_of(before, view));
                writeln!(out, "{}", style.bold(view.say("nå:", "now:")))?;
                out.push_str(&text_of(after, view));
            }
            (None, Some(after)) => {
                writeln!(out, "{}", view.say("registrert:", "registered:"))?;
                out.push_str(&text_of(after, view));
            }
            (Some(before), None) => {
                writeln!(
                    out,
                    "{}",
                    view.say(
                        "ingenting er endret, det er slik fra før:",
                        "unchanged, it is so already:"
                    )
                )?;
                out.push_str(&text_of(before, view));
            }
            (None, None) => {}
        }
        print(&out)
    }

    pub(super) async fn set_active(
        &self,
        organisation: &str,
        active: bool,
    ) -> anyhow::Result<ExitCode> {
        self.change(organisation, |avsender| {
            avsender.active = active;
            Ok(())
        })
        .await
    }

    pub(super) async fn remove(&self, organisation: &str) -> anyhow::Result<ExitCode> {
        let number = organisation_number(organisation)?;
        let before = self.registered(number).await?;
        if before.is_none() {
            fail!(
                "{number} er ikke registrert i databasen",
                "{number} is not registered in the database"
            );
        }
        self.record(number, "removed".to_owned()).await?;
        self.store.remove_avsender(number).await?;
        if self.view.format == Format::Json {
            print(&format!("{}\n", json!({ "removed": before.as_ref().map(json_of) })))?;
        } else {
            let done = text!(
                "fjernet {number}; leveransene blir værende\n",
                "removed {number}; its deliveries stay\n"
            );
            print(done.get(self.view.lang))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    pub(super) async fn overview(&self, count: u16) -> anyhow::Result<ExitCode> {
        let days = Days { now: clock::now(), count, zone: clock::oslo_zone() };
        let registered = self.all().await?;
        // Who is not registered any more has delivered all the same.
        let mut numbers: Vec<_> = registered.iter().map(|one| one.organisation).collect();
        let known = self.store.known_senders().await?;
        numbers.extend(known.into_iter().filter(|one| !numbers.contains(one)).collect::<Vec<_>>());
        let mut out = String::new();
        for number in numbers {
            let sender = registered.iter().find(|one| one.organisation == number);
            let activity = self.activity(number, sender, &days).await?;
            match self.view.format {
                Format::Json => {
                    let mut line = serde_json::to_value(&activity)?;
                    line["organisation"] = number.to_string().into();
                    line["name"] = sender.map(|sender| sender.name.as_str()).into();
                    line["active"] = sender.is_some_and(|sender| sender.active).into();
                    line["days"] = count.into();
                    line["daysWithDelivery"] = activity.delivered_on.len().into();
                    writeln!(out, "{line}")?;
                }
                Format::Text => {
                    out.push_str(&activity_text(number, sender, &activity, &days, self.view));
                }
            }
        }
        if out.is_empty() && self.view.format == Format::Text {
            out.push_str(self.no_senders());
        }
        print(&out)?;
        Ok(ExitCode::SUCCESS)
    }

    /// What a sender has done within some days, by the sums that the console shows.
    async fn activity(
        &self,
        number: OrganisationNumber,
        sender: Option<&Avsender>,
        days: &Days,
    ) -> anyhow::Result<Activity> {
        let newest = DeliveryFilter {
            sender: Some(number),
            is_delivery: Some(true),
            limit: 1,
            ..DeliveryFilter::default()
        };
        let sums = Sums {
            days: &self.store.day_counts(&[number], days.range()).await?,
            codes: &self.store.code_counts(&[Some(number)], days.range()).await?.by_sender,
            periods: &self.store.periods(number, days.start()).await?,
            last_delivery: self.store.deliveries(&newest).await?.first().map(|one| one.received_at),
        };
        Ok(Activity::of(sender, &sums, days))
    }

    /// The register's certificates and the senders', the one that ends first on top.
    pub(super) async fn certificates(&self, own: &[Certificate]) -> anyhow::Result<ExitCode> {
        let style = Style::for_stdout();
        let mut out = String::new();
        for end in certificate_ends(own, &self.all().await?, clock::now()) {
            if self.view.format == Format::Json {
                writeln!(out, "{}", serde_json::to_string(&end)?)?;
                continue;
            }
            let whose = match end.usage {
                CertificateUse::Register => self.view.say("registeret ", "register  "),
                CertificateUse::Sender => end.organisation.as_deref().unwrap_or("-"),
            };
            let note = if end.is_succeeded {
                self.view.say("  (har en etterfølger)", "  (has a successor)")
            } else {
                ""
            };
            let (day, thumbprint) = (clock::oslo(end.ends).date(), &end.thumbprint);
            let line = match end.days_left {
                ..0 => text!(
                    "    utløpt    {day}  {whose}  {thumbprint}{note}",
                    "     ended    {day}  {whose}  {thumbprint}{note}"
                ),
                days => text!(
                    "{days:>6} dager  {day}  {whose}  {thumbprint}{note}",
                    "{days:>6} days  {day}  {whose}  {thumbprint}{note}"
                ),
            };
            let line = line.get(self.view.lang);
            let is_near = end.days_left <= 30 && !end.is_succeeded;
            writeln!(out, "{}", if is_near { style.bad(line) } else { line.clone() })?;
        }
        print(&out)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Moves a sender's data to another database.
pub(super) async fn move_sender(
    config: &ReceiverConfig,
    folder: &Path,
    organisation: &str,
    to: &str,
    view: View,
) -> anyhow::Result<ExitCode> {
    let number = organisation_number(organisation)?;
    check_database(config, to)?;
    // The new database may be one that no receiver has begun yet. The others are there: a mistyped address must not become
    // a database that nothing is in.
    let opening =
        |name: &str| if name == to && to != MAIN { Opening::BEGIN } else { Opening::PRESENT };
    let store = open_placed(config, folder, opening).await?;
    let senders = Senders {
        configured: config.avsendere(folder)?,
        store: Arc::new(store.clone()),
        has_own_addresses: !config.addresses.is_empty(),
        view,
    };
    // A slip would be reported as a move, and leave the right sender where it is.
    senders.must_know(Some(number)).await?;
    // Also then something of an earlier move may be left to clear away.
    let detail = if store.is_on(number, to).await? {
        format!("asked to move to the database {to}, where it is")
    } else {
        format!("moved to the database {to}")
    };
    let act = Act {
        at: clock::now(),
        action: Action::Change,
        actor: operator(),
        subject: Some(number.to_string()),
        reason: None,
        detail: Some(detail),
    };
    store.record(act).await?;
    let done = store.move_sender(number, to).await?;
    store.close().await;
    let is_configured =
        config.avsender.iter().find(|avsender| avsender.organisation == organisation);
    if is_configured.is_some_and(|avsender| avsender.database.as_deref().unwrap_or(MAIN) != to) {
        let note = text!(
            "Avsenderen står i konfigurasjonsfilen: skriv database = \"{to}\" i dens [[avsender]]",
            "The sender is in the configuration file: write database = \"{to}\" in its [[avsender]]"
        );
        complain(note.get(view.lang));
    }
    if view.format == Format::Json {
        let line = json!({
            "organisation": number.to_string(),
            "from": done.from,
            "to": to,
            "messages": done.copied.messages,
            "rows": done.copied.rows,
            "removed": done.removed,
        });
        print(&format!("{line}\n"))?;
        return Ok(ExitCode::SUCCESS);
    }
    let is_there = done.from == to && done.copied == Copied::default() && done.removed == 0;
    if is_there {
        let line = text!(
            "{number} er på {to} fra før; ingenting er flyttet\n",
            "{number} is on {to} already; nothing was moved\n"
        );
        print(line.get(view.lang))?;
        return Ok(ExitCode::SUCCESS);
    }
    let line = text!(
        "{number}: {messages} meldinger ({rows} rader) flyttet fra {from} til {to}, {removed} rader fjernet der de var\n",
        "{number}: {messages} messages ({rows} rows) moved from {from} to {to}, {removed} rows removed where they were\n",
        messages = done.copied.messages,
        rows = done.copied.rows,
        from = done.from,
        removed = done.removed,
    );
    print(line.get(view.lang))?;
    Ok(ExitCode::SUCCESS)
}

/// A line with a mark for each day, today last, and a line for each thing that is not as it should be.
fn activity_text(
    number: OrganisationNumber,
    sender: Option<&Avsender>,
    activity: &Activity,
    days: &Days,
    view: View,
) -> String {
    let style = Style::for_stdout();
    let mark = |day: &Date| {
        if activity.delivered_on.contains(day) {
            '■'
        } else if activity.refused_on.contains(day) {
            '×'
        } else {
            '·'
        }
    };
    let marks: String = days.all().iter().map(mark).collect();
    let last =
        activity.last_delivery.map_or_else(|| view.say("aldri", "nothing").to_owned(), local);
    let hours = match activity.hours_since {
        None => String::new(),
        // It came before it is: this machine's clock was wrong then, or is wrong now.
        Some(..0) => view.say(" (klokken går feil)", " (the clock is wrong)").to_owned(),
        Some(hours) => format!(" ({hours} h)"),
    };
    let line = text!(
        "{number}  {marks}  {messages} meldinger, {stored} lagret, {refused} avvist; sist: {last}{hours}  {name}",
        "{number}  {marks}  {messages} messages, {stored} stored, {refused} refused; last: {last}{hours}  {name}",
        messages = activity.messages,
        stored = activity.stored,
        refused = activity.refused,
        name = sender.map_or(view.say("(ikke registrert)", "(not registered)"), |one| &one.name),
    );
    let line = line.get(view.lang);
    let is_silent = activity.delivered_on.is_empty() && sender.is_some_and(|sender| sender.active);
    let mut out = if is_silent { style.bad(line) } else { line.clone() } + "\n";
    let mut add = |nb: &str, en: &str, what: Vec<String>| {
        if !what.is_empty() {
            let label = match view.lang {
                crate::output::Language::Bokmal => nb,
                crate::output::Language::English => en,
            };
            let _ = writeln!(out, "           {label} {}", what.join(", "));
        }
    };
    let spans = |list: &[Span]| -> Vec<String> {
        list.iter().map(|span| format!("{} – {}", local(span.from), local(span.to))).collect()
    };
    let counts = |list: &[CodeCount]| -> Vec<String> {
        list.iter().map(|count| format!("{} × {}", count.code, count.entries)).collect()
    };
    let dates = |list: &[Date]| -> Vec<String> { list.iter().map(ToString::to_string).collect() };
    add("alt ble avvist (×):", "everything was refused (×):", dates(&activity.refused_on));
    add("uten leveranse:", "without delivery:", dates(&activity.missing_on));
    add("hull i rapporteringen:", "gaps in the reporting:", spans(&activity.gaps));
    add("overlapp i rapporteringen:", "overlaps in the reporting:", spans(&activity.overlaps));
    add("avviste ressurser:", "refused entries:", counts(&activity.codes));
    add("avviste kall:", "refused calls:", counts(&activity.refused_calls));
    out
}

/// Two lines and one per certificate.
fn text_of(sender: &Avsender, view: View) -> String {
    let mut out = String::new();
    let state = if sender.active {
        view.say("aktiv  ", "active  ")
    } else {
        view.say("inaktiv", "inactive")
    };
    let addresses = if sender.addresses.is_empty() {
        view.say("mottakets egen liste", "the receiver's own list").to_owned()
    } else {
        sender.addresses.to_string()
    };
    let rule_set = sender
        .rule_set
        .map_or(view.say("etter bundlens type", "by the bundle's type"), RuleSetId::as_str);
    let start = sender.start_date.map_or_else(|| "-".to_owned(), |date| date.to_string());
    let lines = text!(
        "{number}  {state}  {name}\n    adresser: {addresses}; regelsett: {rule_set}; startdato: {start}\n",
        "{number}  {state}  {name}\n    addresses: {addresses}; rule set: {rule_set}; start date: {start}\n",
        number = sender.organisation,
        name = sender.name,
    );
    out.push_str(lines.get(view.lang));
    if let Some(name) = &sender.database {
        let _ = writeln!(out, "    database: {name}");
    }
    if sender.certificates.is_empty() {
        let _ = writeln!(out, "    {}", view.say("ingen sertifikater", "no certificates"));
    }
    for registered in &sender.certificates {
        let _ = writeln!(out, "    {}", certificate_line(registered, view));
    }
    out
}

fn certificate_line(registered: &RegisteredCertificate, view: View) -> String {
    let certificate = &registered.certificate;
    let until = registered
        .until
        .map_or(certificate.not_after(), |until| until.min(certificate.not_after()));
    let (thumbprint, day) = (certificate.thumbprint(), clock::oslo(until).date());
    let line = if registered.check_valid(clock::now()).is_ok() {
        text!(
            "sertifikat {thumbprint}, gyldig til {day}",
            "certificate {thumbprint}, valid until {day}"
        )
    } else if clock::now() > until {
        text!("sertifikat {thumbprint}, utløpt {day}", "certificate {thumbprint}, expired {day}")
    } else {
        let from =
            registered.from.unwrap_or(certificate.not_before()).max(certificate.not_before());
        let from = clock::oslo(from).date();
        text!(
            "sertifikat {thumbprint}, gyldig fra {from} til {day}",
            "certificate {thumbprint}, valid from {from} until {day}"
        )
    };
    line.get(view.lang).clone()
}

fn json_of(sender: &Avsender) -> Value {
    let now = clock::now();
    json!({
        "organisation": sender.organisation.to_string(), "name": sender.name, "active": sender.active,
        "certificates": sender.certificates.iter().map(|c| json!({
            "thumbprint": c.certificate.thumbprint().to_string(),
            "notAfter": c.certificate.not_after().to_string(),
            "valid": c.check_valid(now).is_ok(),
        })).collect::<Vec<_>>(),
        "addresses": sender.addresses.texts().collect::<Vec<_>>(),
        "ruleSet": sender.rule_set.map(RuleSetId::as_str),
        "startDate": sender.start_date.map(|d| d.to_string()),
        "database": sender.database,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

    use super::*;
    use crate::output::Language;
    use lmr_intake::{Answer, Counts, Delivery, MessageHead, Outcome, RefusedCall, Store};
    use lmr_storage::{SqliteStore, StorageKey};

    /// A hospital all of whose transactions are refused has not delivered, however often it calls; and all refused calls
    /// are counted, not only those whose rows are kept.
    #[tokio::test]
    async fn what_was_refused_is_not_a_delivery_and_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lmr.sqlite");
        let store = SqliteStore::open(&file, StorageKey::new(&[7; 32])).await.unwrap();
        let number = OrganisationNumber::parse("310000019").unwrap();
        let now = clock::now();
        let refused = Delivery {
            head: MessageHead {
                sender: number,
                message_id: "m1".into(),
                content_sha256: [1; 32],
                client_id: "klient".into(),
                reporting_from: now,
                reporting_to: now,
                generated_at: now,
                received_at: now,
            },
            bundle_identifier: None,
            rule_set: "lmdi-1.1.7",
            answer: Answer {
                outcome: Outcome::Refused,
                body: b"{}".to_vec(),
                counts: Counts { entries: 1, refused: 1, ..Counts::default() },
            },
            codes: Vec::new(),
            content: None,
            systems: Vec::new(),
            versions: Vec::new(),
        };
        store.commit(refused).await.unwrap();
        let call = |n: u32| RefusedCall {
            received_at: now,
            sender: Some(number),
            client_id: None,
            message_id: None,
            request_id: n.to_string(),
            code: "LMR-2002".to_owned(),
            counts: Counts::default(),
            calls: 1,
        };
        store.keep_refused((0..1_040).map(call).collect()).await.unwrap();
        let view = View { format: Format::Json, lang: Language::English };
        let senders = Senders {
            configured: Vec::new(),
            store: Arc::new(store),
            has_own_addresses: true,
            view,
        };
        let days = Days { now, count: 3, zone: clock::oslo_zone() };
        let activity = senders.activity(number, None, &days).await.unwrap();
        assert_eq!((activity.last_delivery, activity.messages, activity.refused), (None, 0, 1));
        assert_eq!(activity.refused_calls[0].entries, 1_040);
        assert!(activity.delivered_on.is_empty() && activity.missing_on.is_empty());
        assert_eq!(activity.refused_on, [lmr_intake::norwegian_date(now)]);
        for (lang, word) in [
            (Language::English, "everything was refused (×)"),
            (Language::Bokmal, "alt ble avvist (×)"),
        ] {
            let view = View { format: Format::Text, lang };
            let text = activity_text(number, None, &activity, &days, view);
            assert!(text.contains("··×") && text.contains(word), "{text}");
        }
    }
}
