//! How answers and bundles are compressed before they are sealed. Both repeat the same texts message by message, so each
//! kind has a dictionary of them: of eight entries a bundle takes some 1,200 bytes where a gzip stream takes 1,600.

use crate::prepared::{ANSWER, BUNDLE};
use flate2::{
    Compress, Compression, Decompress, DecompressError, FlushDecompress, Status,
    write::{GzEncoder, ZlibEncoder},
};
use lmr_intake::{BundleContent, StoreError};
use std::io::Write as _;

/// `message.answer_coding`.
const IDENTITY: &str = "identity";
const GZIP: &str = "gzip";
/// zlib with [`ANSWERS`].
const DEFLATE_1: &str = "deflate-1";

/// The texts that answers are made of. What is stored can be read with these very bytes only: they never change, and
/// another dictionary gets another name.
const ANSWERS: &[u8] = include_bytes!("answer.dictionary");
/// The texts that bundles are made of: trained on bundles of the sandbox and of `lmr example`, without numbers that
/// could be somebody's. It never changes either; a zlib stream names its dictionary by a checksum.
const BUNDLES: &[u8] = include_bytes!("bundle.dictionary");

/// How hard deflate tries. Against the least it takes some 20 µs more for a bundle or an answer of eight entries, which
/// becomes a third shorter; the next steps gain nothing more.
const LEVEL: u32 = 5;

/// Answers and bundles shorter than this hardly become shorter.
const MIN_CODED: usize = 200;
/// Larger bundles have their own repetitions, and are kept as the sender compressed them.
const MAX_WITH_DICTIONARY: usize = 32 << 10;

/// How a bundle is coded shows in how it begins: so do gzip streams (RFC 1952 section 2.3.1), and zlib streams with
/// [`ZLIB_MAGIC`] (RFC 1950 section 2.2).
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// RFC 1951's largest window, 32 KiB.
const WINDOW_BITS: u8 = 15;
const ZLIB_MAGIC: u8 = 0x78;

/// Compresses an answer; gives its coding with it.
pub(crate) fn code_answer(body: Vec<u8>) -> Result<(&'static str, Vec<u8>), StoreError> {
    if body.len() < MIN_CODED {
        return Ok((IDENTITY, body));
    }
    Ok((DEFLATE_1, deflate(&body, ANSWERS)?))
}

/// The answer as it was sent.
pub(crate) fn decode_answer(coding: &str, stored: Vec<u8>) -> Result<Vec<u8>, StoreError> {
    const DAMAGED: StoreError = StoreError::Damaged { what: ANSWER };
    match coding {
        IDENTITY => Ok(stored),
        GZIP => gunzip(&stored, usize::MAX).ok_or(DAMAGED),
        DEFLATE_1 => inflate(&stored, ANSWERS).ok_or(DAMAGED),
        _ => Err(StoreError::Damaged { what: "message.answer_coding" }),
    }
}

/// Compresses a bundle, or leaves it as the sender did.
pub(crate) fn code_bundle(content: BundleContent) -> Result<Vec<u8>, StoreError> {
    match content {
        BundleContent::Plain(text) => code_text(&text),
        BundleContent::Gzip(stream) => match short_text(&stream)? {
            Some(text) => code_text(&text),
            None => Ok(stream),
        },
    }
}

/// Compresses a bundle's text.
pub(crate) fn code_text(text: &[u8]) -> Result<Vec<u8>, StoreError> {
    if (MIN_CODED..=MAX_WITH_DICTIONARY).contains(&text.len()) {
        return deflate(text, BUNDLES);
    }
    let mut encoder = GzEncoder::new(Vec::with_capacity(text.len() / 8), Compression::fast());
    encoder.write_all(text).map_err(failed)?;
    encoder.finish().map_err(failed)
}

/// A bundle as it was before it was compressed.
pub(crate) fn decode_bundle(stored: &[u8]) -> Result<Vec<u8>, StoreError> {
    let read = match stored.first_chunk() {
        Some(&GZIP_MAGIC) => gunzip(stored, usize::MAX),
        Some(&[ZLIB_MAGIC, _]) => inflate(stored, BUNDLES),
        _ => None,
    };
    read.ok_or(StoreError::Damaged { what: BUNDLE })
}

/// The text of a gzip stream where the dictionary is for texts of its length. It is inflated no further than that shows:
/// the length at the end of a stream is its last member's only, and whatever the sender wrote there.
fn short_text(stream: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
    let text = gunzip(stream, MAX_WITH_DICTIONARY).ok_or(StoreError::Damaged { what: BUNDLE })?;
    Ok((text.len() <= MAX_WITH_DICTIONARY).then_some(text))
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Unavailable(Box::new(error))
}

/// Inflates a gzip stream until it ends, or until there is more than `most` bytes of text. It is one member or several,
/// one after the other (RFC 1952 section 2.2), as the receiver reads it when it comes.
fn gunzip(stored: &[u8], most: usize) -> Option<Vec<u8>> {
    let mut body = Vec::with_capacity(stored.len().saturating_mul(4).min(most));
    let mut rest = stored;
    loop {
        let mut member = Decompress::new_gzip(WINDOW_BITS);
        loop {
            body.reserve(8 << 10);
            let status = step(&mut member, rest, &mut body)?.ok()?;
            if body.len() > most {
                return Some(body);
            }
            if status == Status::StreamEnd {
                break;
            }
        }
        rest = rest.get(usize::try_from(member.total_in()).ok()?..)?;
        if rest.is_empty() {
            return Some(body);
        }
    }
}

fn deflate(body: &[u8], dictionary: &[u8]) -> Result<Vec<u8>, StoreError> {
    let mut compress = Compress::new(Compression::new(LEVEL), true);
    compress.set_dictionary(dictionary).map_err(failed)?;
    let mut encoder = ZlibEncoder::new_with_compress(Vec::with_capacity(body.len() / 8), compress);
    encoder.write_all(body).map_err(failed)?;
    encoder.finish().map_err(failed)
}

fn inflate(stored: &[u8], dictionary: &[u8]) -> Option<Vec<u8>> {
    let mut inflate = Decompress::new(true);
    let mut body = Vec::with_capacity(8 * stored.len());
    loop {
        body.reserve(8 << 10);
        match step(&mut inflate, stored, &mut body)? {
            Ok(Status::StreamEnd) => return Some(body),
            Ok(Status::Ok | Status::BufError) => {}
            Err(error) => {
                error.needs_dictionary()?;
                inflate.set_dictionary(dictionary).ok()?;
            }
        }
    }
}

/// Inflates as much as `body` has room for. `None` for a stream that is cut off: more input would be needed, and there
/// is none.
fn step(
    inflate: &mut Decompress,
    stored: &[u8],
    body: &mut Vec<u8>,
) -> Option<Result<Status, DecompressError>> {
    let read = usize::try_from(inflate.total_in()).ok()?;
    let result = inflate.decompress_vec(stored.get(read..)?, body, FlushDecompress::Finish);
    let is_cut = matches!(result, Ok(Status::Ok | Status::BufError))
        && usize::try_from(inflate.total_in()).ok()? == stored.len()
        && body.len() < body.capacity();
    (!is_cut).then_some(result)
}

#[cfg(test)]
mod tests {
    use super::*;
    use lmr_intake::ReceiptDigest;
    use proptest::prelude::*;

    /// A gzip stream as a sender makes it.
    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn answers_are_read_back_as_they_were_coded() {
        let answer = br#"{"response":{"status":"422 Unprocessable Entity"}},"#;
        for body in [
            Vec::new(),
            b"kort".to_vec(),
            answer.repeat(5),
            answer.repeat(5_000),
            (0..200_000_u32).flat_map(u32::to_be_bytes).collect(),
        ] {
            let (coding, stored) = code_answer(body.clone()).unwrap_or_else(|_| panic!("coded"));
            let read = decode_answer(coding, stored.clone());
            assert!(read.is_ok_and(|read| read == body), "{} bytes", body.len());
            for cut in [1, stored.len() / 2, stored.len().saturating_sub(1)] {
                if coding == DEFLATE_1 {
                    assert!(decode_answer(coding, stored[..cut].to_vec()).is_err(), "cut at {cut}");
                }
            }
        }
        let before = gzip(&answer.repeat(9));
        assert!(
            decode_answer(GZIP, before).is_ok_and(|read| read == answer.repeat(9)),
            "of before"
        );
        assert!(decode_answer("unknown", Vec::new()).is_err());
    }

    #[test]
    fn streams_of_several_members_are_kept_whole() {
        let entry =
            br#"{"fullUrl":"urn:uuid:1","resource":{"resourceType":"Patient","id":"p-1"}},"#;
        let repeated = |bytes: usize| entry.repeat(bytes / entry.len() + 1)[..bytes].to_vec();
        for length in [0, 2, 500, MAX_WITH_DICTIONARY, MAX_WITH_DICTIONARY + 1, 700_000] {
            let text = repeated(length);
            let near = |at: usize| at.min(length);
            for splits in [
                // An empty member before, within and after the text.
                vec![0],
                vec![near(250), near(250)],
                vec![length],
                // A short last member after a long one, and the other way round.
                vec![length - length / 50],
                vec![length / 50],
                vec![near(MAX_WITH_DICTIONARY)],
                (1..8).map(|nth| length * nth / 8).collect(),
            ] {
                assert_is_kept_in_members(&text, &splits);
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_in_any_members_is_read_back(
            piece in proptest::collection::vec(any::<u8>(), 1..400),
            times in 0_usize..300,
            mut shares in proptest::collection::vec(0.0..=1.0_f64, 0..5),
        ) {
            let text = piece.repeat(times);
            shares.sort_by(f64::total_cmp);
            let splits: Vec<usize> =
                shares.iter().map(|share| (text.len() as f64 * share) as usize).collect();
            assert_is_kept_in_members(&text, &splits);
        }
    }

    /// A stream with a member for each part of `text` between `splits` is stored so that all of it is read back.
    fn assert_is_kept_in_members(text: &[u8], splits: &[usize]) {
        let ends = splits.iter().copied().chain([text.len()]);
        let mut sent = Vec::new();
        let mut start = 0;
        for end in ends {
            sent.extend(gzip(&text[start..end]));
            start = end;
        }
        let what = format!("{} bytes in members that end at {splits:?}", text.len());
        assert!(decode_bundle(&sent).is_ok_and(|read| read == text), "{what}: as it came");
        let stored = code_bundle(BundleContent::Gzip(sent.clone())).unwrap();
        assert_eq!(stored == sent, text.len() > MAX_WITH_DICTIONARY, "{what}");
        assert!(decode_bundle(&stored).is_ok_and(|read| read == text), "{what}: as it is kept");
        let mut longer = sent;
        longer.extend_from_slice(b"tail");
        assert!(decode_bundle(&longer).is_err(), "{what}: something else behind it");
    }

    #[test]
    fn bundles_are_read_back_whoever_compressed_them() {
        let entry =
            br#"{"fullUrl":"urn:uuid:1","resource":{"resourceType":"Patient","id":"p-1"}},"#;
        let random: Vec<u8> =
            (0..9_000_u32).flat_map(|n| n.wrapping_mul(0x9e37_79b9).to_be_bytes()).collect();
        for text in [
            Vec::new(),
            b"{}".to_vec(),
            entry.repeat(3),
            entry.repeat(MAX_WITH_DICTIONARY / entry.len()),
            entry.repeat(MAX_WITH_DICTIONARY / entry.len() + 1),
            entry.repeat(9_000),
            random,
        ] {
            let sent = gzip(&text);
            for content in [BundleContent::Plain(text.clone()), BundleContent::Gzip(sent.clone())] {
                let stored = code_bundle(content).unwrap();
                let most = text.len() + text.len() / 16 + 20;
                assert!(stored.len() <= most, "{} of {}", stored.len(), text.len());
                let is_changed = stored.first() == Some(&ZLIB_MAGIC);
                assert_eq!(is_changed, (MIN_CODED..=MAX_WITH_DICTIONARY).contains(&text.len()));
                for cut in [0, 1, 2, stored.len() / 2, stored.len() - 1] {
                    assert!(decode_bundle(&stored[..cut]).is_err(), "cut at {cut}");
                }
                assert!(decode_bundle(&stored).is_ok_and(|read| read == text), "{}", text.len());
            }
            // As it is stored by programs from before the dictionary.
            assert!(decode_bundle(&sent).is_ok_and(|read| read == text), "{}", text.len());
        }
        // Of another dictionary than this one.
        let other = deflate(&entry.repeat(9), ANSWERS).unwrap();
        assert!(decode_bundle(&other).is_err());
    }

    /// The dictionaries are part of the format: with other bytes nothing that is stored could be read.
    #[test]
    fn the_dictionaries_never_change() {
        for (dictionary, length, expected) in [
            (ANSWERS, 32_000, "d33506b141e2328388301e43ee755239c5dc7990a9ec8779f6d15b8f8be5fc3c"),
            (BUNDLES, 12_139, "305ba09deccf7e652feba006f900592bf27f3f1d883a0acf84be4afd3fc1be20"),
        ] {
            let digest = ReceiptDigest::of(dictionary).to_string();
            assert_eq!((dictionary.len(), digest.as_str()), (length, expected));
        }
    }
}
