//! What pages show of days, periods, receipts and code lists, in both languages.

use super::{SENDER, World, world, world_of};
use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use lmr_intake::{Answer, BackgroundTask, Counts, Outcome};
use lmr_web::CodeListInfo;
use std::sync::{Arc, Mutex};

/// Those that the console of these tests has.
pub(crate) fn code_lists() -> Vec<CodeListInfo> {
    let list = |url: &str, name: &str, version: Option<&str>, codes| CodeListInfo {
        url: url.to_owned(),
        name: name.to_owned(),
        version: version.map(str::to_owned),
        codes,
    };
    vec![
        list("http://www.whocc.no/atc", "Legemidler <ATC>", Some("2026-01-15"), 12_345),
        list("urn:oid:2.16.578.1.12.4.1.1.9999", "Liksom-kodeverk", None, 7),
    ]
}

/// A page in a language.
async fn shown(world: &World, cookie: &str, path: &str, language: &str) -> String {
    let page = world.get(path, &format!("{cookie}; lmr-language={language}")).await;
    assert_eq!(page.status, StatusCode::OK, "{path} {language}");
    page.text
}

/// What is between two texts.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let after = text.split_once(from).unwrap_or_else(|| panic!("no {from} in {text}")).1;
    after.split_once(to).unwrap_or_else(|| panic!("no {to} after {from}")).0
}

#[tokio::test]
async fn code_lists_are_rows_with_their_versions_and_how_many_codes_they_have() {
    let world = world().await;
    let cookie = world.sign_in("leser").await;
    for (language, heads, many) in [
        ("nb", ["Kodelister", "Navn", "Adresse", "Versjon", "Koder"], "12\u{a0}345"),
        ("en", ["Code lists", "Name", "Address", "Version", "Codes"], "12,345"),
    ] {
        let text = shown(&world, &cookie, "/konsoll/operation", language).await;
        let table = between(&text, "<h2 id=\"lists\">", "</table>");
        for head in heads {
            assert!(table.contains(&format!(">{head}</th>")) || table.starts_with(head), "{head}");
        }
        let rows: Vec<&str> = between(table, "<tbody>", "</tbody>").split("<tr>").skip(1).collect();
        let wanted = [
            ["Legemidler &#60;ATC&#62;", "http://www.whocc.no/atc", "2026-01-15", many],
            ["Liksom-kodeverk", "urn:oid:2.16.578.1.12.4.1.1.9999", "–", "7"],
        ];
        assert_eq!(rows.len(), wanted.len(), "{table}");
        for (row, wanted) in rows.iter().zip(wanted) {
            let cells: Vec<&str> = row
                .split("</t")
                .filter_map(|cell| Some(cell.rsplit_once('>')?.1))
                .filter(|cell| !cell.is_empty())
                .collect();
            assert_eq!(cells, wanted, "{row}");
        }
    }
    let now = *world.now.lock().unwrap();
    let without = world_of(Arc::new(Mutex::new(now)), None, Vec::new()).await;
    let cookie = without.sign_in("leser").await;
    for (language, words) in [
        ("nb", "Ingen kodelister er lastet ut over dem"),
        ("en", "No code lists are loaded beyond"),
    ] {
        let text = shown(&without, &cookie, "/konsoll/operation", language).await;
        assert!(text.contains(words) && text.contains("lmr terminology import"), "{text}");
    }
}

#[tokio::test]
async fn what_the_receiver_cannot_do_by_itself_is_on_the_page_of_the_operation() {
    let world = world().await;
    let cookie = world.sign_in("leser").await;
    let now = *world.now.lock().unwrap();
    let words = [
        (
            "nb",
            [
                "Konfigurasjonen kunne ikke leses på nytt",
                "lenge nok, kunne ikke fjernes",
                "Partisjonene for de neste månedene kunne ikke lages",
                "Venter på omstart",
            ],
        ),
        (
            "en",
            [
                "The configuration could not be read again",
                "could not be removed",
                "The partitions of the coming months could not be made",
                "Wait for a restart",
            ],
        ),
    ];
    let background = world.receiver.background();
    for is_failing in [false, true, false] {
        match is_failing {
            true => {
                BackgroundTask::ALL.iter().for_each(|task| background.failed(*task, now));
                background.set_waiting_for_restart(vec!["listen".to_owned()]);
            }
            false => {
                BackgroundTask::ALL.iter().for_each(|task| background.done(*task));
                background.set_waiting_for_restart(Vec::new());
            }
        }
        for (language, words) in words {
            let text = shown(&world, &cookie, "/konsoll/operation", language).await;
            for word in words {
                assert_eq!(text.contains(word), is_failing, "{language}: {word}: {text}");
            }
        }
    }
}

#[tokio::test]
async fn a_message_has_its_receipt_taken_or_refused() {
    let world = world().await;
    let cookie = world.sign_in("leser").await;
    let now = *world.now.lock().unwrap();
    for id in ["melding-1", "melding-2"] {
        let stored = world.store.message(SENDER.parse().unwrap(), id, now).await.unwrap().unwrap();
        let receipt = stored.receipt.unwrap();
        assert!(receipt.contains(&format!("\"{id}\"")), "{receipt}");
        for (language, word) in [("nb", "Kvittering"), ("en", "Receipt")] {
            let path = format!("/konsoll/messages/{SENDER}/{id}");
            let text = shown(&world, &cookie, &path, language).await;
            let (_, after) = text.split_once(&format!("<h2>{word}</h2>")).unwrap();
            let shown = between(after, &format!("aria-label=\"{word}\">"), "</pre>");
            assert_eq!(shown.replace("&#34;", "\""), receipt, "{id} {language}");
        }
    }
}

impl World {
    /// A message whose entries were stored, were as before, or were refused.
    async fn deliver_counted(
        &self,
        n: u8,
        outcome: Outcome,
        (created, unchanged, refused): (u32, u32, u32),
        period: (Timestamp, Timestamp),
        at: Timestamp,
    ) {
        let entries = created + unchanged + refused;
        let counts = Counts { entries, created, unchanged, refused, ..Counts::default() };
        self.deliver(n, Answer { outcome, body: b"{}".to_vec(), counts }, period, at).await;
    }
}

#[tokio::test]
async fn gaps_and_overlaps_of_reporting_periods_are_on_calendar_and_sender() {
    let world = world().await;
    let now = *world.now.lock().unwrap();
    let ago = |hours| now - SignedDuration::from_hours(hours);
    let cookie = world.sign_in("leser").await;
    let sender = format!("/konsoll/senders/{SENDER}");
    for (language, none) in [("nb", "Ingen."), ("en", "None.")] {
        let text = shown(&world, &cookie, &sender, language).await;
        assert_eq!(text.matches(&format!("<p>{none}</p>")).count(), 2, "one period: {text}");
        let text = shown(&world, &cookie, "/konsoll/calendar", language).await;
        assert!(!text.contains("nowrap warn"), "{text}");
    }
    // The first period ends 24 hours ago: two hours of which nothing was reported, and two that were reported twice.
    for (n, from, to) in [(3, 22, 12), (4, 14, 6)] {
        let period = (ago(from), ago(to));
        world.deliver_counted(n, Outcome::Accepted, (1, 0, 0), period, ago(1)).await;
    }
    for (language, gap, overlap, words) in [
        (
            "nb",
            "25.11.2026 11:00 – 25.11.2026 13:00",
            "25.11.2026 21:00 – 25.11.2026 23:00",
            ["Hull i rapporteringen", "Overlapp i rapporteringen", "Overlapp"],
        ),
        (
            "en",
            "2026-11-25 11:00 – 2026-11-25 13:00",
            "2026-11-25 21:00 – 2026-11-25 23:00",
            ["Gaps in the reporting", "Overlaps in the reporting", "Overlaps"],
        ),
    ] {
        let text = shown(&world, &cookie, &sender, language).await;
        for (word, span) in words[..2].iter().zip([gap, overlap]) {
            let list = between(&text, &format!("<h3>{word}</h3>"), "</ul>");
            assert_eq!(list.matches("<li").count(), 1, "{list}");
            assert!(list.contains(&format!(">{span}</li>")), "{language}: {list}");
        }
        let text = shown(&world, &cookie, "/konsoll/calendar", language).await;
        let head = between(&text, "<thead>", "</thead>");
        assert!(head.ends_with(&format!(">{}</th></tr>", words[2])), "{head}");
        assert!(head.contains(words[0]), "{head}");
        let row = between(&text, &format!("/senders/{SENDER}\">"), "</tr>");
        let cells: Vec<&str> = row.split("<td").collect();
        let [.., gaps, overlaps] = &*cells else { panic!("{row}") };
        assert!(gaps.contains(&format!("warn\">{gap}</span>")), "{gaps}");
        assert!(overlaps.contains(&format!(">{overlap}</span>")), "{overlaps}");
        assert!(!gaps.contains(overlap) && !overlaps.contains(gap), "{row}");
    }
}

/// Whether a transaction was refused or each entry of a batch: the day has its own mark and words on every page, and is
/// neither a delivery nor a day without one.
#[tokio::test]
async fn a_day_of_which_everything_was_refused_is_called_so_everywhere() {
    let world = world().await;
    let now = *world.now.lock().unwrap();
    let ago = |days: i64| now - SignedDuration::from_hours(24 * days);
    let period = (ago(9), ago(8));
    world.deliver_counted(3, Outcome::Refused, (0, 0, 2), period, ago(3)).await;
    world.deliver_counted(4, Outcome::Accepted, (0, 0, 2), period, ago(2)).await;
    world.deliver_counted(5, Outcome::Accepted, (0, 1, 1), period, ago(1)).await;
    let cookie = world.sign_in("leser").await;
    for (language, strip, words, days) in [
        (
            "nb",
            "alt ble avvist: 23.11.2026, 24.11.2026",
            "der alt ble avvist",
            "23.11.2026, 24.11.2026",
        ),
        (
            "en",
            "everything was refused: 2026-11-23, 2026-11-24",
            "of which everything was refused",
            "2026-11-23, 2026-11-24",
        ),
    ] {
        let text = shown(&world, &cookie, "/konsoll/calendar?days=14", language).await;
        let row = between(&text, &format!("/senders/{SENDER}\">"), "</tr>");
        assert!(row.contains(strip), "{language}: {row}");
        let both = "<title>2026-11-23 – 2026-11-24</title>";
        let (before, _) = row.split_once(both).expect("two days that are alike");
        let (_, mark) = before.rsplit_once("<path class=\"").expect("their mark");
        assert!(mark.starts_with("refused\""), "{mark}");
        assert!(row.contains("2 / 14"), "yesterday and today of all: {row}");
        let text = shown(&world, &cookie, &format!("/konsoll/senders/{SENDER}"), language).await;
        let list = between(&text, &format!("<summary>2 {}", plural(language, words)), "</details>");
        assert!(list.contains(&format!("<p>{days}</p>")), "{list}");
        let text = shown(&world, &cookie, "/konsoll?days=7", language).await;
        let row = between(&text, &format!("/senders/{SENDER}\">"), "</tr>");
        assert!(row.contains("<td class=\"n warn\">3</td>"), "of seven, three without: {row}");
    }
    // Nobody is silent whose messages come.
    let text = shown(&world, &cookie, "/konsoll/alerts", "nb").await;
    assert!(!text.contains("id=\"silent-310000019\""), "{text}");
}

fn plural(language: &str, words: &str) -> String {
    format!("{} {words}", if language == "nb" { "dager" } else { "days" })
}
