//! The page's files, as a server gives them out and `lmr web --export` writes them.

/// The page's name for the module. It is packed, so that every server of static files sends the two megabytes and
/// not the five; the page unpacks it.
pub const MODULE_NAME: &str = "lmr.wasm.gz";

/// The module, in a program built with the feature `module`: packed with gzip, and unpacked and packed with brotli,
/// which is a sixth smaller and which servers may give to browsers that take it.
pub const MODULE: Option<(&[u8], &[u8])> = module();

#[cfg(feature = "module")]
const fn module() -> Option<(&'static [u8], &'static [u8])> {
    Some((include_bytes!(env!("LMR_WEB_MODULE")), include_bytes!(env!("LMR_WEB_MODULE_BR"))))
}

#[cfg(not(feature = "module"))]
const fn module() -> Option<(&'static [u8], &'static [u8])> {
    None
}

/// What goes with every answer. The page asks for nothing outside its own folder, which the policy holds it to: what
/// is dropped on it cannot leave the browser.
pub const SECURITY_HEADERS: [(&str, &str); 4] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; \
         connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
];

/// One file of the page.
#[derive(Clone, Copy, Debug)]
pub struct PageFile {
    /// Its name in the page's folder.
    pub name: &'static str,
    /// Its media type.
    pub media_type: &'static str,
    /// What it holds.
    pub bytes: &'static [u8],
}

macro_rules! page_file {
    ($name:literal, $media_type:literal) => {
        PageFile {
            name: $name,
            media_type: $media_type,
            bytes: include_bytes!(concat!("../page/", $name)),
        }
    };
}

/// The files without the module; the first is the page itself.
pub static FILES: [PageFile; 13] = [
    page_file!("index.html", "text/html; charset=utf-8"),
    PageFile {
        name: "look.css",
        media_type: "text/css; charset=utf-8",
        bytes: lmr_report::LOOK.as_bytes(),
    },
    page_file!("style.css", "text/css; charset=utf-8"),
    page_file!("icon.svg", "image/svg+xml"),
    page_file!("page.js", "text/javascript; charset=utf-8"),
    page_file!("document.js", "text/javascript; charset=utf-8"),
    page_file!("findings.js", "text/javascript; charset=utf-8"),
    page_file!("input.js", "text/javascript; charset=utf-8"),
    page_file!("texts.js", "text/javascript; charset=utf-8"),
    page_file!("verdict.js", "text/javascript; charset=utf-8"),
    page_file!("worker.js", "text/javascript; charset=utf-8"),
    page_file!("engine.js", "text/javascript; charset=utf-8"),
    page_file!("example.json", "application/fhir+json"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_asks_for_nothing_outside_its_folder() {
        for file in FILES {
            let text = std::str::from_utf8(file.bytes).expect("text");
            for outside in ["http://", "https://", "src=\"//", "url("] {
                // The address of SVG is a name; the example is a resource, whose systems are names too.
                let rest = text.replace("http://www.w3.org/2000/svg", "");
                let is_example = file.name == "example.json";
                assert!(is_example || !rest.contains(outside), "{} has {outside}", file.name);
            }
            assert!(!text.contains("innerHTML") && !text.contains("eval("), "{}", file.name);
        }
        let page = std::str::from_utf8(FILES[0].bytes).expect("text");
        assert!(
            !page.contains("style=\"") && !page.contains("<style") && !page.contains(" onclick")
        );
    }

    #[test]
    fn the_page_has_the_policy_where_no_server_sends_it() {
        let page = std::str::from_utf8(FILES[0].bytes).expect("text");
        let (_, policy) = SECURITY_HEADERS[0];
        // Frames can only be forbidden by a header.
        let policy = policy.replace("; frame-ancestors 'none'", "");
        assert!(page.contains(&format!("content=\"{policy}\"")), "index.html lacks {policy}");
    }
}
