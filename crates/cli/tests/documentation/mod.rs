//! Every name that the documentation gives, held against what has the name: commands and options, metrics, keys, codes,
//! addresses, files, tests, links. What a page says of them other tests look at: guides are followed, limits compared.

mod commands;
mod links;
mod names;

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A page: its path in the repository, and its text.
struct Page {
    path: String,
    text: String,
}

/// Code of a page, in a sentence or in a block.
struct Code<'p> {
    page: &'p str,
    line: usize,
    text: &'p str,
    is_block: bool,
}

/// The pages for readers of both languages. The changelog is about former versions too and not among them.
fn pages() -> Vec<Page> {
    let mut pages = Vec::new();
    let mut add = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).expect("UTF-8");
        let path = path.strip_prefix(root()).expect("in the repository").display().to_string();
        pages.push(Page { path, text });
    };
    for name in ["README.md", "SECURITY.md", "CONTRIBUTING.md"] {
        add(root().join(name));
    }
    for path in files(&root().join("docs")) {
        if path.extension().is_some_and(|ending| ending == "md") {
            add(path);
        }
    }
    assert!(pages.len() > 50, "{} pages", pages.len());
    pages
}

/// All files below a folder, in order, without what is built and fetched.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("a file").path())
        .collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if !path.is_dir() {
            found.push(path);
        } else if !["target", "node_modules", ".git", "__pycache__", "results"]
            .contains(&name.as_str())
        {
            found.extend(files(&path));
        }
    }
    found
}

impl Page {
    fn codes(&self) -> Vec<Code<'_>> {
        let mut codes = Vec::new();
        let mut is_block = false;
        for (number, text) in self.text.lines().enumerate() {
            let code = |text| Code { page: &self.path, line: number + 1, text, is_block };
            if text.trim_start().starts_with("```") {
                is_block = !is_block;
            } else if is_block {
                codes.push(code(text));
            } else {
                codes.extend(text.split('`').skip(1).step_by(2).map(code));
            }
        }
        codes
    }
}

impl Code<'_> {
    /// What a failure says.
    fn at(&self, wrong: &str) -> String {
        format!("{}:{}: {wrong}: {}", self.page, self.line, self.text)
    }
}

/// Fails with all that is wrong, a line each.
fn none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
