//! The histories of the simulation: drawn from a seed, kept as data, made smaller.

use serde::{Deserialize, Serialize};

use crate::faults::{Accident, Fate};
use crate::plan::Edit;
use crate::rng::Rng;

/// A history of the simulation as data.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Scene {
    pub seed: u64,
    pub(super) batch: bool,
    pub(super) entries: usize,
    pub(super) administrations: usize,
    /// The sender checks by the register's rules before it sends; else only the register does.
    pub(super) checks: bool,
    pub(super) steps: Vec<Step>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Step {
    Edit(Edit),
    NextDay,
    Backup,
    Accident(Accident),
    Release,
    Run(Run),
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Run {
    pub(super) planned: bool,
    pub(super) network: Vec<Fate>,
    pub(super) sender: Option<MachineFault>,
    pub(super) receiver: Option<MachineFault>,
    /// Seconds that a clock is wrong by.
    pub(super) sender_clock: i64,
    pub(super) receiver_clock: i64,
    pub(super) chance: u64,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) enum MachineFault {
    /// No power any more at an operation of the disk.
    Crash { flush: bool, nth: u64, after: bool },
    /// The same at a request: before it leaves, or when its answer has come.
    CrashAtPost { nth: u64, after: bool },
    /// Operations of the disk fail.
    Fail { flush: bool, nth: u64, count: u64, full: bool },
}

fn machine_fault(rng: &mut Rng, is_sender: bool) -> MachineFault {
    let flush = rng.chance(40);
    let most = if flush { 30 } else { 200 };
    let most = if rng.chance(50) { most / 5 } else { most };
    match rng.below(10) {
        0..2 if is_sender => {
            MachineFault::CrashAtPost { nth: rng.between(1, 5), after: rng.chance(50) }
        }
        0..7 => MachineFault::Crash { flush, nth: rng.between(1, most), after: rng.chance(50) },
        _ => MachineFault::Fail {
            flush,
            nth: rng.between(1, most),
            count: rng.between(1, 20),
            full: !flush && rng.chance(50),
        },
    }
}

fn fate(rng: &mut Rng) -> Fate {
    let part = rng.below(1001);
    match rng.below(20) {
        0..3 => Fate::Pass,
        3 => Fate::Refuse,
        4 => Fate::CutRequest { part },
        5 => Fate::LoseRequest,
        6 | 7 => Fate::CutAnswer { part, reset: true },
        8 | 9 => Fate::LoseAnswer,
        10..13 => Fate::Late { ms: rng.between(1, 4) },
        13 | 14 => Fate::Twice { second: rng.chance(50) },
        15 => Fate::AtOnce,
        16 => Fate::Stale { delivered: rng.chance(60) },
        17 => Fate::Garbage { delivered: rng.chance(50) },
        _ => Fate::Page {
            status: *rng
                .pick(&[200, 400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504]),
            delivered: rng.chance(50),
        },
    }
}

impl Scene {
    pub fn of(seed: u64) -> Self {
        let mut rng = Rng::new(seed ^ 0x5151_5151);
        let mut steps = Vec::new();
        for day in 0..rng.between(2, 3) {
            if day > 0 {
                steps.push(Step::NextDay);
                steps.push(Step::Edit(Edit::New { administrations: 1 }));
            }
            for _ in 0..rng.between(2, 6) {
                if rng.chance(40) {
                    steps.push(Step::Edit(match rng.below(10) {
                        0..6 => Edit::Change { pick: rng.next() },
                        6 => Edit::Annul { pick: rng.next() },
                        7 | 8 => Edit::Faulty { kind: usize::try_from(rng.below(6)).unwrap_or(0) },
                        _ => Edit::Correct,
                    }));
                }
                if rng.chance(5) {
                    steps.push(Step::Backup);
                }
                if rng.chance(5) {
                    steps.push(Step::Accident(*rng.pick(&[
                        Accident::RegisterRestored,
                        Accident::LedgerDeleted,
                        Accident::LedgerRestored,
                    ])));
                }
                if rng.chance(3) {
                    steps.push(Step::Release);
                }
                let clock = |rng: &mut Rng| {
                    let wrong = rng.chance(8);
                    let seconds = *rng.pick(&[-172_800, -7_200, -400, 200, 400, 7_200, 172_800]);
                    if wrong { seconds } else { 0 }
                };
                steps.push(Step::Run(Run {
                    planned: rng.chance(70),
                    network: (0..rng.below(9)).map(|_| fate(&mut rng)).collect(),
                    sender: rng.chance(45).then(|| machine_fault(&mut rng, true)),
                    receiver: rng.chance(45).then(|| machine_fault(&mut rng, false)),
                    sender_clock: clock(&mut rng),
                    receiver_clock: clock(&mut rng),
                    chance: rng.next(),
                }));
            }
        }
        Self {
            seed,
            batch: rng.chance(50),
            entries: *rng.pick(&[3, 6, 12, 200]),
            administrations: usize::try_from(rng.between(1, 5)).unwrap_or(1),
            checks: rng.chance(30),
            steps,
        }
    }

    /// Scenes with one part less each.
    pub fn smaller(&self) -> Vec<Self> {
        let mut all = Vec::new();
        for at in (0..self.steps.len()).rev() {
            let mut less = self.clone();
            less.steps.remove(at);
            all.push(less);
            let Step::Run(run) = &self.steps[at] else { continue };
            let mut with = |change: &dyn Fn(&mut Run)| {
                let mut run = run.clone();
                change(&mut run);
                let mut less = self.clone();
                less.steps[at] = Step::Run(run);
                all.push(less);
            };
            if run.sender.is_some() {
                with(&|run| run.sender = None);
            }
            if run.receiver.is_some() {
                with(&|run| run.receiver = None);
            }
            if run.sender_clock != 0 {
                with(&|run| run.sender_clock = 0);
            }
            if run.receiver_clock != 0 {
                with(&|run| run.receiver_clock = 0);
            }
            for fate in (0..run.network.len()).rev() {
                with(&|run| {
                    run.network.remove(fate);
                });
                if run.network[fate] != Fate::Pass {
                    with(&|run| run.network[fate] = Fate::Pass);
                }
            }
        }
        if self.administrations > 1 {
            all.push(Self { administrations: self.administrations - 1, ..self.clone() });
        }
        all
    }
}
