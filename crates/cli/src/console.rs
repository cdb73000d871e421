//! The operator's console beside the receiver, where the configuration has one.

use std::path::Path;
use std::sync::Arc;

use jiff::SignedDuration;
use lmr_intake::{AllowList, Database};
use lmr_server::{PageSettings, ServeError, Services, serve_pages};
use lmr_validator::package::{Package, ResourceKind};
use lmr_validator::terminology::CodeList;
use lmr_web::{CodeListInfo, Console, ConsoleParts};
use tokio::net::TcpListener;

use crate::clock;
use crate::config::receiver::ReceiverConfig;
use crate::serve::{interrupted, tls_of};
use crate::text::{Explain, text};

/// What the console works with; nothing where there is none.
pub(crate) fn console(
    config: &ReceiverConfig,
    folder: &Path,
    receiver: &Services,
    store: &Arc<dyn Database>,
) -> anyhow::Result<Option<(Console, PageSettings)>> {
    let Some(section) = &config.console else { return Ok(None) };
    let console = Console::new(ConsoleParts {
        store: Arc::clone(store),
        receiver: receiver.receiver.clone(),
        clock: Arc::clone(&receiver.clock),
        random: Arc::clone(&receiver.random),
        zone: clock::oslo_zone(),
        public_url: section.public_url_if_needed()?,
        operators: section.operators(folder)?,
        open_id: section.open_id(
            config.environment,
            folder,
            (Arc::clone(&receiver.clock), clock::fresh_ids()),
        )?,
        secure: section.is_secure(config.environment)?,
        idle: SignedDuration::from_mins(i64::from(section.session_minutes.max(1))),
        has_outlet: config.outlet.is_some(),
        code_lists: code_lists(config, folder)?,
    });
    let settings = PageSettings {
        addresses: AllowList::parse(&section.addresses)
            .explain(|| text!("console.addresses", "console.addresses"))?,
        trusted_proxies: AllowList::parse(&config.trusted_proxies)
            .explain(|| text!("trusted_proxies", "trusted_proxies"))?,
        proxy_header: config.proxy_header.into(),
        tls: match &section.tls {
            Some(files) => Some(tls_of(files, folder)?),
            None => None,
        },
    };
    Ok(Some((console, settings)))
}

/// Takes the console's port and gives what serves it until the process is interrupted: nothing where there is none.
pub(crate) async fn serve(
    config: &ReceiverConfig,
    console: Option<(Console, PageSettings)>,
) -> anyhow::Result<impl Future<Output = Result<(), ServeError>>> {
    let listening = match (&config.console, console) {
        (Some(section), Some((console, settings))) => {
            let listener = TcpListener::bind(section.listen).await.explain(|| {
                text!(
                    "console: kan ikke lytte på {address}",
                    "console: cannot listen on {address}",
                    address = section.listen
                )
            })?;
            tracing::info!(address = %listener.local_addr()?, "the console is listening");
            Some((listener, console, settings))
        }
        _ => None,
    };
    Ok(async {
        match listening {
            Some((listener, console, settings)) => {
                serve_pages(listener, console.router(), settings, interrupted()).await
            }
            None => Ok(()),
        }
    })
}

/// What the packages of `terminology` have.
fn code_lists(config: &ReceiverConfig, folder: &Path) -> anyhow::Result<Vec<CodeListInfo>> {
    let mut lists = Vec::new();
    for file in &config.terminology {
        let path = folder.join(file);
        let package = Package::open(&path).explain(|| {
            text!("terminology: {path}", "terminology: {path}", path = path.display())
        })?;
        for text in package.texts(ResourceKind::CodeSystem) {
            let list = CodeList::from_code_system(text).explain(|| {
                text!("terminology: {path}", "terminology: {path}", path = path.display())
            })?;
            lists.push(CodeListInfo {
                url: list.url.clone(),
                name: list.title.clone(),
                version: list.version.clone(),
                codes: list.concepts().count(),
            });
        }
    }
    Ok(lists)
}
