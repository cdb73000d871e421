//! Reading packages that strangers wrote, and using every definition in them.
//! The first byte chooses: `z` a .tgz as it is, `f` files (name, NUL, content, NUL, ...) that are
//! packed into one, else one JSON file with a definition or a Bundle of them.
#![no_main]

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use lmr_validator::definitions::Definitions;
use lmr_validator::package::{Package, PackageError, ResourceKind};

/// A folder of this process alone, in memory where the system has such.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let memory = PathBuf::from("/dev/shm");
    let base = if memory.is_dir() { memory } else { std::env::temp_dir() };
    let folder = base.join(format!("lmr-fuzz-packages-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder to write to");
    folder
});

fuzz_target!(|data: &[u8]| {
    let Some((&kind, rest)) = data.split_first() else { return };
    let read = match kind {
        b'z' => open("package.tgz", rest),
        b'f' => open("package.tgz", &packed(rest)),
        _ => open("definition.json", data),
    };
    let package = match read {
        Ok(package) => package,
        Err(error) => {
            assert!(error.to_string().len() < 2000, "a long error: {}", error.to_string().len());
            return;
        }
    };
    let found: Vec<(ResourceKind, String)> =
        package.definitions().map(|(kind, url)| (kind, url.to_owned())).collect();
    let definitions = Definitions::builder().package(package).build();
    for (kind, url) in found.iter().take(20) {
        match kind {
            ResourceKind::Structure => {
                if let Ok(Some(structure)) = definitions.structure(url) {
                    assert!(structure.root().is_none_or(|root| !root.path.contains('.')));
                }
            }
            ResourceKind::ValueSet => {
                let set = definitions.terminology().value_set(url);
                let _ = (set.codes(1000), set.systems(), set.missing_content());
                let _ = definitions.terminology().validate(url, Some("http://example.org/s"), "a");
            }
            ResourceKind::CodeSystem => {
                if let Some(system) = definitions.terminology().code_system(url) {
                    let _ = (system.concept("a"), system.concepts().len(), system.is_complete());
                }
            }
        }
    }
});

fn open(name: &str, bytes: &[u8]) -> Result<Package, PackageError> {
    let path = FOLDER.join(name);
    std::fs::write(&path, bytes).expect("our own folder can be written to");
    Package::open(&path)
}

/// A .tgz whose entries carry any name, those that lead out of the package included.
fn packed(data: &[u8]) -> Vec<u8> {
    let mut parts = data.split(|byte| *byte == 0);
    let mut tar = Vec::new();
    while let (Some(name), Some(content)) = (parts.next(), parts.next()) {
        let mut header = tar::Header::new_ustar();
        let bytes = header.as_mut_bytes();
        let len = name.len().min(100);
        bytes[..len].copy_from_slice(&name[..len]);
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        tar.extend_from_slice(header.as_bytes());
        tar.extend_from_slice(content);
        tar.resize(tar.len().next_multiple_of(512), 0);
    }
    tar.resize(tar.len() + 1024, 0);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    gzip.write_all(&tar).expect("writing to memory");
    gzip.finish().expect("writing to memory")
}
