//! Links, files and tests.

use std::path::{Path, PathBuf};

use super::{Page, files, none, pages, root};
use crate::findings::tests_of_the_repository;

/// Pages that `scripts/site` makes beside those that are here.
const MADE: [&str; 2] = ["cli.md", "http.md"];

/// The addresses of a page's links outside of code, with their lines.
fn links(page: &Page) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut is_block = false;
    for (number, line) in page.text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            is_block = !is_block;
        } else if !is_block {
            // Every second part is code; what a link's text has of it is of no use here.
            let text: Vec<&str> = line.split('`').step_by(2).collect();
            let text = text.join("");
            let addresses = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
            found.extend(addresses.map(|address| (number + 1, address.to_owned())));
        }
    }
    found
}

/// The anchors of a page's headings, as GitHub and the site make them.
fn anchors(text: &str) -> Vec<String> {
    let mut is_block = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_block = !is_block;
        } else if !is_block && line.starts_with('#') {
            let heading = line.trim_start_matches('#').trim().to_lowercase();
            let kept =
                heading.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
            found.push(kept.map(|c| if c == ' ' { '-' } else { c }).collect());
        }
    }
    found
}

/// A path without `..` in it.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    plain
}

#[test]
fn every_link_of_the_documentation_leads_to_a_file_and_a_heading() {
    let (mut wrong, mut count) = (Vec::new(), 0);
    for page in pages() {
        for (line, address) in links(&page) {
            if address.contains("://") || address.starts_with("mailto:") {
                continue;
            }
            count += 1;
            let (file, anchor) = address.split_once('#').unwrap_or((&address, ""));
            let folder = Path::new(&page.path).parent().expect("a folder");
            let target = match file {
                "" => PathBuf::from(&page.path),
                file => plain(&folder.join(file)),
            };
            let is_made = page.path.starts_with("docs/site/") && MADE.contains(&file);
            if !root().join(&target).exists() && !is_made {
                wrong.push(format!("{}:{line}: there is no {address}", page.path));
            } else if !anchor.is_empty() {
                let text = std::fs::read_to_string(root().join(&target)).expect("UTF-8");
                if !anchors(&text).iter().any(|known| known == anchor) {
                    wrong.push(format!("{}:{line}: {file} has no heading {anchor}", page.path));
                }
            }
        }
    }
    none(&wrong);
    assert!(count > 200, "only {count} links were looked at");
}

/// A path as pages write it: from the root, from the page, or the end of one (`walk/long.rs`).
fn is_a_file(named: &str, page: &str, all: &[String]) -> bool {
    let beside = plain(&Path::new(page).parent().expect("a folder").join(named));
    let end = format!("/{}", named.trim_end_matches('/'));
    root().join(named).exists()
        || root().join(beside).exists()
        || all.iter().any(|file| file.ends_with(&end))
}

#[test]
fn every_file_that_the_documentation_names_is_there() {
    let all: Vec<String> = files(&root()).iter().map(|path| path.display().to_string()).collect();
    let folders = ["crates", "docs", "scripts", "bench", "tools", "fuzz", "bindings", "packaging"];
    let (pages, mut wrong, mut count) = (pages(), Vec::new(), 0);
    for code in pages.iter().flat_map(Page::codes).filter(|code| !code.is_block) {
        let first = code.text.split(' ').next().unwrap_or_default();
        let is_plain = first.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
        let is_of_the_repository = folders
            .iter()
            .any(|folder| first.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')));
        // `rules/<rule>.rs`, `releases/VERSION` and folders that a build or a bench makes are of no file here.
        let is_made = ["VERSION", "target/", "results"].iter().any(|part| first.contains(part));
        let is_source = first.ends_with(".rs") && first.len() > 3;
        if is_plain && !is_made && (is_of_the_repository || is_source) {
            count += 1;
            if !is_a_file(first, code.page, &all) {
                wrong.push(code.at("there is no such file"));
            }
        }
    }
    none(&wrong);
    assert!(count > 300, "only {count} files were looked at");
}

/// Names of tests are sentences; a member of a report is not one.
const NO_TESTS: [&str; 1] = ["times_reading_by_serde_json"];

/// A claim that names a test is shown by one that runs, and not by a function that only has the name.
#[test]
fn every_test_that_the_documentation_names_is_one() {
    let known = tests_of_the_repository();
    let (pages, mut wrong, mut count) = (pages(), Vec::new(), 0);
    for code in pages.iter().flat_map(Page::codes).filter(|code| !code.is_block) {
        let name = code.text;
        let is_sentence = name.matches('_').count() > 3
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
            && !name.starts_with("lmr_");
        if is_sentence && !NO_TESTS.contains(&name) {
            count += 1;
            if !known.contains_key(name) {
                wrong.push(code.at("there is no such test"));
            }
        }
    }
    none(&wrong);
    assert!(count > 200, "only {count} tests are named");
}
