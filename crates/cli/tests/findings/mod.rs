//! The findings of docs/findings.md, each replayed where people meet it: the program's commands, real files, real
//! processes. A test's name begins with the numbers that it replays.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "the programs under test run by the real clock and are waited for; what is left out is said"
)]

mod agents;
mod breaker;
mod inputs;
mod newcomer;
mod operators;
mod page;
mod signals;

pub(crate) use page::tests_of_the_repository;

use crate::world::{Process, World};

/// The file of administrations in a world's source.
const GIVEN: &str = "MedicationAdministration.ndjson";

/// A world with its HelseID and receiver running.
struct Served {
    world: World,
    _helseid: Process,
    receiver: Process,
}

impl Served {
    fn new() -> Self {
        let world = World::make("lmdi-0.9.4", 12, 1000);
        let (helseid, receiver) = (world.helseid(), world.receiver());
        Self { world, _helseid: helseid, receiver }
    }
}

impl std::ops::Deref for Served {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

/// Variables with which a program sees another time, as libfaketime reads it from a file; none where it is not
/// installed.
fn other_clock(file: &std::path::Path) -> Option<Vec<(&'static str, String)>> {
    let library = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64"]
        .into_iter()
        .map(|folder| std::path::Path::new(folder).join("faketime/libfaketimeMT.so.1"))
        .find(|library| library.exists());
    let Some(library) = library else {
        println!("left out: libfaketime is not installed");
        return None;
    };
    Some(vec![
        ("LD_PRELOAD", library.display().to_string()),
        ("FAKETIME_TIMESTAMP_FILE", file.display().to_string()),
        ("FAKETIME_NO_CACHE", "1".to_owned()),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
    ])
}

/// The same as pairs of texts.
fn pairs<'e>(environment: &'e [(&'static str, String)]) -> Vec<(&'e str, &'e str)> {
    environment.iter().map(|(name, value)| (*name, value.as_str())).collect()
}
