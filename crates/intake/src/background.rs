//! What a receiver does beside answering calls, and whether it works: nobody calls who would notice.

use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Something that a receiver does by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BackgroundTask {
    /// Reads certificates, keys, senders, operators and code lists again at SIGHUP.
    Reload,
    /// Removes what has been kept long enough, once an hour.
    Retention,
    /// Makes the partitions of this and the coming months, once a day.
    Partitions,
}

impl BackgroundTask {
    /// Every task.
    pub const ALL: [Self; 3] = [Self::Reload, Self::Retention, Self::Partitions];

    /// Its name in metrics and in the answer of the readiness probe.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reload => "reload",
            Self::Retention => "retention",
            Self::Partitions => "partitions",
        }
    }
}

/// How a task has gone since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TaskState {
    /// How often it was done.
    pub done: u64,
    /// How often it failed.
    pub failed: u64,
    /// Since when each attempt has failed; `None` where the last one did not.
    pub failing_since: Option<Timestamp>,
}

/// How all of them have gone.
#[derive(Debug, Default)]
pub struct Background {
    tasks: Mutex<BTreeMap<BackgroundTask, TaskState>>,
    /// Keys of the configuration that have changed and take a restart.
    waiting: Mutex<Vec<String>>,
}

impl Background {
    /// Notes an attempt that succeeded.
    pub fn done(&self, task: BackgroundTask) {
        self.change(task, |state| {
            state.done += 1;
            state.failing_since = None;
        });
    }

    /// Notes an attempt that failed.
    pub fn failed(&self, task: BackgroundTask, now: Timestamp) {
        self.change(task, |state| {
            state.failed += 1;
            state.failing_since.get_or_insert(now);
        });
    }

    fn change(&self, task: BackgroundTask, change: impl FnOnce(&mut TaskState)) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        change(tasks.entry(task).or_default());
    }

    /// How a task has gone.
    #[must_use]
    pub fn state(&self, task: BackgroundTask) -> TaskState {
        let tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.get(&task).copied().unwrap_or_default()
    }

    /// Notes which keys of the configuration take a restart to count, as the last reload found them.
    pub fn set_waiting_for_restart(&self, keys: Vec<String>) {
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = keys;
    }

    /// Those keys.
    #[must_use]
    pub fn waiting_for_restart(&self) -> Vec<String> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_fails_since_the_first_failure_after_the_last_success() {
        let at = |second| Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH);
        let background = Background::default();
        let reload = || background.state(BackgroundTask::Reload);
        assert_eq!(reload(), TaskState::default());
        background.failed(BackgroundTask::Reload, at(10));
        background.failed(BackgroundTask::Reload, at(20));
        let failing = TaskState { done: 0, failed: 2, failing_since: Some(at(10)) };
        assert_eq!(reload(), failing);
        background.done(BackgroundTask::Reload);
        assert_eq!(reload(), TaskState { done: 1, failed: 2, failing_since: None });
        assert_eq!(background.state(BackgroundTask::Retention), TaskState::default());
    }
}
