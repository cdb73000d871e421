//! `lmr web`: the page that checks files in the browser.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bytes::Bytes;
use clap::Args;
use lmr_browser::{FILES, MODULE, MODULE_NAME, SECURITY_HEADERS};
use lmr_server::{SmallerFile, StaticFile, StaticFiles};
use tokio::net::TcpListener;

use crate::output::{self, Language};
use crate::text::{Explain, fail, text};

/// Serve the page that checks files in the browser, or write it as a folder of files.
///
/// Nothing that is dropped on the page leaves the browser. Exit status: 0 when interrupted or written; 2 for
/// arguments or files that cannot be used.
#[derive(Args)]
pub(crate) struct Web {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:8390")]
    listen: SocketAddr,
    /// Write the page into this folder, for any server of static files, instead of serving it
    #[arg(long, value_name = "FOLDER", conflicts_with = "listen")]
    export: Option<PathBuf>,
    /// The WebAssembly module that scripts/build-web makes; needed where the program was built without one
    #[arg(long, value_name = "FILE")]
    module: Option<PathBuf>,
}

impl Web {
    pub(crate) fn run(self, lang: Language) -> anyhow::Result<ExitCode> {
        let module = module(self.module.as_deref())?;
        if let Some(folder) = &self.export {
            export(folder, &module)?;
            let done = text!(
                "siden er skrevet i {folder}; en tjener for statiske filer kan gi den ut\n",
                "the page is in {folder}; any server of static files can give it out\n",
                folder = folder.display()
            );
            output::print(done.get(lang))?;
            return Ok(ExitCode::SUCCESS);
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(async {
            let listener = TcpListener::bind(self.listen).await.explain(|| {
                text!(
                    "kan ikke lytte på {address}",
                    "cannot listen on {address}",
                    address = self.listen
                )
            })?;
            let said = text!(
                "http://{address}/ (avbryt med Ctrl-C)\n",
                "http://{address}/ (stop with Ctrl-C)\n",
                address = listener.local_addr()?
            );
            output::print(said.get(lang))?;
            lmr_server::serve_files(listener, files(module), crate::serve::interrupted()).await?;
            Ok(ExitCode::SUCCESS)
        })
    }
}

/// The WebAssembly module as it is given out.
pub(crate) struct Module {
    /// Packed with gzip, or not packed.
    bytes: Bytes,
    /// Packed with brotli, where there is such a file.
    brotli: Option<Bytes>,
}

/// The page with the module, to be given out.
pub(crate) fn files(module: Module) -> StaticFiles {
    let page = FILES.iter().map(|file| StaticFile {
        name: file.name,
        media_type: file.media_type,
        bytes: Bytes::from_static(file.bytes),
        smaller: None,
    });
    // Gzip is not a `Content-Encoding`: the page unpacks it itself, so that every server will do.
    let module = StaticFile {
        name: MODULE_NAME,
        media_type: "application/octet-stream",
        bytes: module.bytes,
        smaller: module.brotli.map(|brotli| SmallerFile { media_type: "application/wasm", brotli }),
    };
    StaticFiles::new(page.chain([module]), &SECURITY_HEADERS)
}

/// The module of a file, or the one that the program was built with.
///
/// Beside `lmr.wasm.gz` may be `lmr.wasm.br`.
pub(crate) fn module(file: Option<&Path>) -> anyhow::Result<Module> {
    let Some(file) = file else {
        let Some((gzip, brotli)) = MODULE else {
            fail!(
                "dette programmet er bygd uten WebAssembly-modulen: lag den med scripts/build-web og oppgi --module target/web/{MODULE_NAME}, eller bygg med --features web",
                "this program was built without the WebAssembly module: make it with scripts/build-web and give --module target/web/{MODULE_NAME}, or build with --features web"
            );
        };
        let (bytes, brotli) = (Bytes::from_static(gzip), Some(Bytes::from_static(brotli)));
        return Ok(Module { bytes, brotli });
    };
    let bytes = output::read(file)?;
    if !bytes.starts_with(&[0x1f, 0x8b]) && !bytes.starts_with(b"\0asm") {
        fail!(
            "{file} er ikke en WebAssembly-modul (heller ikke pakket med gzip)",
            "{file} is not a WebAssembly module (nor one packed with gzip)",
            file = file.display()
        );
    }
    let smaller = file.with_extension("br");
    let is_packed = file.extension().is_some_and(|ending| ending == "gz");
    let brotli = match is_packed && smaller.is_file() {
        true => Some(output::read(&smaller)?.into()),
        false => None,
    };
    Ok(Module { bytes: bytes.into(), brotli })
}

/// Writes the page. Servers that give out a file `NAME.br` instead of `NAME` to browsers that take brotli find one.
fn export(folder: &Path, module: &Module) -> anyhow::Result<()> {
    let cannot =
        || text!("kan ikke skrive {folder}", "cannot write {folder}", folder = folder.display());
    fs::create_dir_all(folder).explain(cannot)?;
    for file in FILES {
        fs::write(folder.join(file.name), file.bytes).explain(cannot)?;
    }
    fs::write(folder.join(MODULE_NAME), &module.bytes).explain(cannot)?;
    let brotli = folder.join(format!("{MODULE_NAME}.br"));
    match &module.brotli {
        Some(bytes) => fs::write(brotli, bytes).explain(cannot),
        // One of an earlier module would be given out instead of this one.
        None => match fs::remove_file(brotli) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).explain(cannot)
            }
            _ => Ok(()),
        },
    }
}
