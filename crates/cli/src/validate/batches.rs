//! A file of one JSON text a line, read some lines at a time.

use std::io::{self, BufRead, BufReader, Read};

/// Bytes that a batch holds, unless one line is longer.
const BATCH: usize = 1 << 20;

/// Reads the lines of a file in batches.
pub(super) struct Batches<R> {
    from: BufReader<R>,
    /// Lines read so far.
    lines: u32,
    /// What ended the reading behind the lines that were handed out last.
    failed: Option<io::Error>,
}

/// Consecutive lines.
pub(super) struct Batch {
    bytes: Vec<u8>,
    /// The number of each line that is not blank, and where it is.
    lines: Vec<(u32, std::ops::Range<usize>)>,
}

impl<R: Read> Batches<R> {
    pub(super) fn of(file: R) -> Self {
        Self { from: BufReader::with_capacity(1 << 16, file), lines: 0, failed: None }
    }

    /// The next lines; `None` at the end.
    ///
    /// # Errors
    /// The file cannot be read further. The lines before were handed out.
    pub(super) fn next(&mut self) -> io::Result<Option<Batch>> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let mut batch = Batch { bytes: Vec::with_capacity(BATCH), lines: Vec::new() };
        while batch.bytes.len() < BATCH {
            let start = batch.bytes.len();
            match self.from.read_until(b'\n', &mut batch.bytes) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) if batch.lines.is_empty() => return Err(error),
                Err(error) => {
                    batch.bytes.truncate(start);
                    self.failed = Some(error);
                    break;
                }
            }
            self.lines = self.lines.saturating_add(1);
            let end = batch.bytes.len() - usize::from(batch.bytes.ends_with(b"\n"));
            if batch.bytes[start..end].trim_ascii().is_empty() {
                batch.bytes.truncate(start);
            } else {
                batch.lines.push((self.lines, start..end));
            }
        }
        Ok((!batch.lines.is_empty()).then_some(batch))
    }
}

impl Batch {
    /// The lines with their numbers in the file, from 1.
    pub(super) fn lines(&self) -> impl Iterator<Item = (u32, &[u8])> {
        self.lines.iter().map(|(number, at)| (*number, &self.bytes[at.clone()]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_their_numbers_across_batches() {
        let long = "x".repeat(BATCH);
        let text = format!("a\n\n  \nb\r\n{long}\nc\n\nd");
        let mut batches = Batches::of(text.as_bytes());
        let mut found = Vec::new();
        let mut count = 0;
        while let Some(batch) = batches.next().expect("readable") {
            found.extend(batch.lines().map(|(number, text)| (number, text.to_vec())));
            count += 1;
        }
        let expected = [(1, "a"), (4, "b\r"), (5, long.as_str()), (6, "c"), (8, "d")]
            .map(|(n, t)| (n, t.as_bytes().to_vec()));
        assert_eq!(found, expected);
        assert_eq!(count, 2);
    }

    #[test]
    fn the_lines_before_an_error_are_handed_out_before_it() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::UnexpectedEof.into())
            }
        }
        let mut batches = Batches::of("a\nb\nhalf".as_bytes().chain(Broken));
        let batch = batches.next().expect("readable").expect("lines");
        assert_eq!(batch.lines().collect::<Vec<_>>(), [(1, &b"a"[..]), (2, b"b")]);
        assert!(batches.next().is_err());
    }

    #[test]
    fn many_blank_lines_do_not_end_the_file() {
        let text = format!("{}a", "\n".repeat(3 * BATCH));
        let batch = Batches::of(text.as_bytes()).next().expect("readable").expect("a line");
        assert_eq!(
            batch.lines().map(|(number, _)| number).collect::<Vec<_>>(),
            [3 * BATCH as u32 + 1]
        );
    }
}
