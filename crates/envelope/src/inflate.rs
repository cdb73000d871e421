//! Gzip in both directions; inflating is bounded while it runs.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use thiserror::Error;

use crate::parse::Limits;

/// RFC 1951's largest window, 32 KiB.
const WINDOW_BITS: u8 = 15;

/// Why the decrypted content does not inflate. The sender's fault.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum InflateError {
    /// Not gzip, cut off, or its checksum does not hold.
    #[error("the decrypted content is not gzip, or is damaged")]
    NotGzip,
    /// Over [`Limits::inflated`].
    #[error("the content inflates to more than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// Over [`Limits::ratio`].
    #[error("the content inflates to more than {limit} times its compressed size")]
    RatioTooHigh {
        /// The limit, times the compressed size.
        limit: usize,
    },
}

pub(crate) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut gzip = Compress::new_gzip(Compression::default(), WINDOW_BITS);
    let mut out = Vec::with_capacity(content.len() / 4 + 256);
    loop {
        let done = usize::try_from(gzip.total_in()).unwrap_or(usize::MAX).min(content.len());
        // Compressing into memory ends in StreamEnd or asks for room; it has no errors of its own.
        match gzip.compress_vec(&content[done..], &mut out, FlushCompress::Finish) {
            Ok(Status::StreamEnd) => return out,
            _ => out.reserve(out.capacity().max(1024)),
        }
    }
}

/// Inflates gzip within the limits.
///
/// # Errors
/// [`InflateError`]: not gzip, or beyond a limit.
pub fn inflate(compressed: &[u8], limits: &Limits) -> Result<Vec<u8>, InflateError> {
    let by_ratio = compressed.len().saturating_mul(limits.ratio);
    let most = by_ratio.min(limits.inflated);
    let mut out = Vec::with_capacity(size_hint(compressed).min(most));
    let mut rest = compressed;
    // RFC 1952 2.2: a gzip file is one member or several, one after the other.
    loop {
        let mut gzip = Decompress::new_gzip(WINDOW_BITS);
        loop {
            let done = usize::try_from(gzip.total_in()).unwrap_or(usize::MAX).min(rest.len());
            let before = (done, out.len());
            let status = gzip
                .decompress_vec(&rest[done..], &mut out, FlushDecompress::None)
                .map_err(|_| InflateError::NotGzip)?;
            if out.len() > most {
                return Err(over(by_ratio, limits));
            }
            if status == Status::StreamEnd {
                break;
            }
            let done = usize::try_from(gzip.total_in()).unwrap_or(usize::MAX);
            if out.len() == out.capacity() {
                // One byte over the limit shows that there is more.
                let room = (most + 1 - out.len()).min(out.len().max(16 * 1024));
                out.reserve_exact(room);
            } else if (done, out.len()) == before {
                return Err(InflateError::NotGzip);
            }
        }
        let done = usize::try_from(gzip.total_in()).unwrap_or(usize::MAX).min(rest.len());
        rest = &rest[done..];
        if rest.is_empty() {
            return Ok(out);
        }
    }
}

fn over(by_ratio: usize, limits: &Limits) -> InflateError {
    if by_ratio < limits.inflated {
        InflateError::RatioTooHigh { limit: limits.ratio }
    } else {
        InflateError::TooLarge { limit: limits.inflated }
    }
}

/// The length the last member claims (RFC 1952 2.3.1 ISIZE): a hint only, and one byte more so that
/// reaching the end needs no further room.
fn size_hint(compressed: &[u8]) -> usize {
    match compressed.last_chunk::<4>() {
        Some(bytes) => usize::try_from(u32::from_le_bytes(*bytes)).unwrap_or(0) + 1,
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDE: Limits = Limits { body: 0, compressed: 0, inflated: 1 << 30, ratio: 2000 };

    #[test]
    fn what_was_compressed_inflates_to_the_same_bytes() {
        for len in [0, 1, 100, 70_000, 3_000_000] {
            let content: Vec<u8> =
                (0..len).map(|i: u32| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
            let packed = gzip(&content);
            assert_eq!(packed[..2], [0x1f, 0x8b]);
            assert_eq!(inflate(&packed, &WIDE).as_ref(), Ok(&content), "{len}");
        }
    }

    #[test]
    fn several_members_are_one_content() {
        let mut packed = gzip(b"first ");
        packed.extend(gzip(b"second"));
        assert_eq!(inflate(&packed, &WIDE), Ok(b"first second".to_vec()));
    }

    #[test]
    fn a_bomb_stops_at_the_limit_without_being_inflated() {
        let bomb = gzip(&vec![0; 50 << 20]);
        assert_eq!(
            inflate(&bomb, &Limits { ratio: 200, ..WIDE }),
            Err(InflateError::RatioTooHigh { limit: 200 })
        );
        let small = Limits { inflated: 1 << 20, ratio: 2000, ..WIDE };
        assert_eq!(inflate(&bomb, &small), Err(InflateError::TooLarge { limit: 1 << 20 }));
    }

    #[test]
    fn the_limit_itself_is_allowed_and_one_byte_more_is_not() {
        let packed = gzip(&[7; 5000]);
        assert!(inflate(&packed, &Limits { inflated: 5000, ..WIDE }).is_ok());
        assert!(inflate(&packed, &Limits { inflated: 4999, ..WIDE }).is_err());
    }

    #[test]
    fn damaged_cut_or_lengthened_content_is_refused() {
        let packed = gzip(b"a bundle of some length, a bundle of some length");
        let mut flipped = packed.clone();
        let last = flipped.len() - 6;
        flipped[last] ^= 1;
        let mut longer = packed.clone();
        longer.extend_from_slice(b"tail");
        for bad in [&packed[..packed.len() - 1], &packed[..5], b"", b"{}", &flipped, &longer] {
            assert_eq!(inflate(bad, &WIDE), Err(InflateError::NotGzip));
        }
    }
}
