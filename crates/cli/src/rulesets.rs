//! `lmr rulesets`: which guides this program checks against.

use std::fmt::Write;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use lmr_lmdi::RuleSetId;

use crate::output::{Language, Style, print};

/// List the rule sets with the guide's version and date, and the digest of their definitions.
#[derive(Args)]
pub(crate) struct RuleSets {
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum Format {
    #[default]
    Text,
    /// One JSON line per rule set
    Json,
}

impl RuleSets {
    pub(crate) fn run(self, lang: Language) -> anyhow::Result<ExitCode> {
        let mut out = String::new();
        for id in RuleSetId::ALL {
            match self.format {
                Format::Json => writeln!(out, "{}", json(id))?,
                Format::Text => text(id, lang, &mut out)?,
            }
        }
        print(&out)?;
        Ok(ExitCode::SUCCESS)
    }
}

fn text(id: RuleSetId, lang: Language, out: &mut String) -> std::fmt::Result {
    let say = |nb, en| if lang == Language::Bokmal { nb } else { en };
    let style = Style::for_stdout();
    let newest = if is_default(id) {
        say(" (nyeste for denne typen)", " (newest for this type)")
    } else {
        ""
    };
    writeln!(out, "{}", style.bold(id.as_str()))?;
    writeln!(
        out,
        "  {} {} {} {}",
        say("veiledningen", "guide"),
        id.version(),
        say("av", "of"),
        id.date()
    )?;
    writeln!(out, "  Bundle.type {}{newest}", id.bundle_type())?;
    writeln!(out, "  sha256:{}", id.digest())
}

fn json(id: RuleSetId) -> serde_json::Value {
    serde_json::json!({
        "id": id.as_str(),
        "version": id.version(),
        "date": id.date(),
        "bundleType": id.bundle_type(),
        "default": is_default(id),
        "digest": format!("sha256:{}", id.digest()),
        "resourceTypes": id.profiles().iter().map(|(name, _)| *name).collect::<Vec<_>>(),
    })
}

/// Whether a bundle of its type is checked against it where nothing says otherwise.
fn is_default(id: RuleSetId) -> bool {
    RuleSetId::for_bundle_type(id.bundle_type()) == Some(id)
}
