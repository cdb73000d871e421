//! Runs tests: each alone once, to learn how long it takes and which changes it reaches, then per change those that
//! reach it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Read as _,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};

use crate::tree::Executable;

/// Address space of a test process, in KiB: a change may make a loop that only fills memory.
const MAX_MEMORY_KIB: u64 = 12 * 1024 * 1024;
/// How many times longer than without a change tests may take, beyond the grace: the machine has others on it.
const TIMES: u32 = 8;
/// Tests are run in lots: the first takes about this long, each further one twice as long.
const FIRST_LOT: Duration = Duration::from_millis(400);

/// A test, with what is known of it.
#[derive(Clone, Debug)]
pub(crate) struct Test {
    pub(crate) executable: Executable,
    pub(crate) name: String,
    pub(crate) time: Duration,
    pub(crate) reaches: BTreeSet<u32>,
}

/// What tests make of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// By this test, or without a name where the process ended otherwise.
    Caught(String),
    TimedOut,
    Passed,
}

/// How a run of test processes is made.
pub(crate) struct Suite {
    /// Temporary files of the tests are below it.
    pub(crate) scratch: PathBuf,
    pub(crate) workers: usize,
    pub(crate) grace: Duration,
}

impl Suite {
    /// Runs every test once alone. Those that fail without any change are of no use and given back by name.
    ///
    /// # Errors
    ///
    /// When an executable does not list its tests.
    pub(crate) fn trace(&self, executables: &[Executable]) -> Result<(Vec<Test>, Vec<String>)> {
        let mut all = vec![];
        for executable in executables {
            let output = Command::new(&executable.path)
                .args(["--list", "--format", "terse"])
                .current_dir(&executable.folder)
                .output()
                .with_context(|| executable.name.clone())?;
            ensure!(output.status.success(), "{} does not list its tests", executable.name);
            let listed = String::from_utf8_lossy(&output.stdout).into_owned();
            all.extend(listed.lines().filter_map(|line| line.strip_suffix(": test")).map(|name| {
                Test {
                    executable: executable.clone(),
                    name: name.to_owned(),
                    time: Duration::ZERO,
                    reaches: BTreeSet::new(),
                }
            }));
        }
        let traced = self.all(&all, |worker, test| {
            let trace = self.scratch.join(format!("trace-{worker}"));
            let _ = fs::remove_file(&trace);
            let started = Instant::now();
            let environment = [("LMR_MUTANTS_TRACE", trace.to_string_lossy().into_owned())];
            let verdict = self.process(
                worker,
                &test.executable,
                &[&test.name],
                &environment,
                Duration::from_secs(300),
            );
            let reaches = fs::read_to_string(&trace).unwrap_or_default();
            let reaches = reaches.lines().filter_map(|line| line.parse().ok()).collect();
            verdict
                .map(|verdict| (verdict, Test { time: started.elapsed(), reaches, ..test.clone() }))
        })?;
        let (mut tests, mut useless) = (vec![], vec![]);
        for (verdict, test) in traced {
            match verdict {
                Verdict::Passed => tests.push(test),
                _ => useless.push(format!("{} {}", test.executable.name, test.name)),
            }
        }
        tests.sort_by_key(|test| test.time);
        Ok((tests, useless))
    }

    /// Runs the tests, the fastest first, until one fails.
    ///
    /// # Errors
    ///
    /// When a test cannot be started.
    pub(crate) fn try_change(
        &self,
        worker: usize,
        number: Option<u32>,
        tests: &[&Test],
    ) -> Result<Verdict> {
        let environment: Vec<_> =
            number.map(|number| ("LMR_MUTANT", number.to_string())).into_iter().collect();
        let mut lot_time = FIRST_LOT;
        let mut rest = tests;
        while !rest.is_empty() {
            let mut time = Duration::ZERO;
            let size = rest
                .iter()
                .take_while(|test| {
                    let fits = time < lot_time;
                    time += test.time;
                    fits
                })
                .count();
            let (lot, later) = rest.split_at(size);
            rest = later;
            lot_time *= 2;
            let mut by_executable: BTreeMap<&Executable, Vec<&Test>> = BTreeMap::new();
            for test in lot {
                by_executable.entry(&test.executable).or_default().push(test);
            }
            for (executable, tests) in by_executable {
                let names: Vec<_> = tests.iter().map(|test| test.name.as_str()).collect();
                let limit =
                    self.grace + tests.iter().map(|test| test.time).sum::<Duration>() * TIMES;
                match self.process(worker, executable, &names, &environment, limit)? {
                    Verdict::Passed => {}
                    verdict => return Ok(verdict),
                }
            }
        }
        Ok(Verdict::Passed)
    }

    /// Does something for each of many, with some workers, in order.
    ///
    /// # Errors
    ///
    /// The first that occurs.
    pub(crate) fn all<T: Sync, R: Send>(
        &self,
        items: &[T],
        work: impl Fn(usize, &T) -> Result<R> + Sync,
    ) -> Result<Vec<R>> {
        let next = AtomicUsize::new(0);
        let done = Mutex::new(vec![]);
        thread::scope(|scope| {
            for worker in 0..self.workers {
                let (next, done, work) = (&next, &done, &work);
                scope.spawn(move || {
                    while let Some((n, item)) =
                        Some(next.fetch_add(1, Relaxed)).and_then(|n| Some((n, items.get(n)?)))
                    {
                        let result = work(worker, item);
                        done.lock()
                            .expect("no worker panics while it holds the lock")
                            .push((n, result));
                    }
                });
            }
        });
        let mut done = done.into_inner().expect("no worker panics while it holds the lock");
        done.sort_by_key(|(n, _)| *n);
        done.into_iter().map(|(_, result)| result).collect()
    }

    fn process(
        &self,
        worker: usize,
        executable: &Executable,
        names: &[&str],
        environment: &[(&str, String)],
        limit: Duration,
    ) -> Result<Verdict> {
        let scratch = self.scratch.join(format!("worker-{worker}"));
        let _ = fs::remove_dir_all(&scratch);
        fs::create_dir_all(&scratch)?;
        let output = self.scratch.join(format!("output-{worker}"));
        let mut child = Command::new("sh")
            .args(["-c", &format!("ulimit -v {MAX_MEMORY_KIB}; exec \"$0\" \"$@\"")])
            .arg(&executable.path)
            .args(["--exact", "--test-threads=2"])
            .args(names)
            .current_dir(&executable.folder)
            .env("CARGO_MANIFEST_DIR", &executable.folder)
            .env("TMPDIR", &scratch)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(fs::File::create(&output)?)
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .with_context(|| executable.name.clone())?;
        let started = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break Some(status);
            }
            if started.elapsed() > limit {
                break None;
            }
            thread::sleep(Duration::from_millis(3));
        };
        // What a test has started and a failure left running.
        let _ = Command::new("kill")
            .args(["-KILL", "--", &format!("-{}", child.id())])
            .stderr(Stdio::null())
            .status();
        let Some(status) = status else {
            child.wait()?;
            return Ok(Verdict::TimedOut);
        };
        let _ = fs::remove_dir_all(&scratch);
        if status.success() {
            return Ok(Verdict::Passed);
        }
        Ok(Verdict::Caught(first_failure(&output)))
    }
}

/// The name of the first test that failed.
fn first_failure(output: &Path) -> String {
    let mut text = String::new();
    let _ = fs::File::open(output).and_then(|mut file| file.read_to_string(&mut text));
    text.lines()
        .find_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED"))
        .unwrap_or("(the process ended)")
        .to_owned()
}
