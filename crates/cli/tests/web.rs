//! `lmr web`: the page given out, and written as a folder of files.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};

fn lmr() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lmr"));
    command.env("LMR_LANG", "en");
    command
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Ends the server with the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("answered");
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn the_page_is_given_out_with_its_policy_and_written_as_the_same_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let module = folder.path().join("module.wasm");
    std::fs::write(&module, b"\0asm\x01\0\0\0").expect("written");
    let site = folder.path().join("site");
    let output = lmr()
        .args(["web", "--module"])
        .arg(&module)
        .arg("--export")
        .arg(&site)
        .output()
        .expect("lmr");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let page = std::fs::read_to_string(site.join("index.html")).expect("the page");
    // Everything that the page names is there.
    for name in page.split(['"']).filter(|text| text.ends_with(".js") || text.ends_with(".css")) {
        assert!(site.join(name).is_file(), "{name} is not there");
    }
    assert_eq!(std::fs::read(site.join("lmr.wasm.gz")).expect("the module"), b"\0asm\x01\0\0\0");

    let mut child = lmr()
        .args(["web", "--listen", "127.0.0.1:0", "--module"])
        .arg(&module)
        .stdout(Stdio::piped())
        .spawn()
        .expect("lmr web");
    let out = child.stdout.take().expect("a pipe");
    let _server = Server(child);
    let mut line = String::new();
    BufReader::new(out).read_line(&mut line).expect("the address");
    let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next());
    let address = address.expect("an address");
    let answer = get(address, "/");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let policy = answer.lines().find(|line| line.starts_with("content-security-policy: "));
    let policy = policy.expect("a policy");
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe-inline"), "{policy}");
    assert!(answer.ends_with(&page), "another page than the one written");
    assert!(!get(address, "/lmr.wasm.gz").contains("content-encoding"), "there is no other form");
    assert!(get(address, "/page.js").contains("content-type: text/javascript"));
    for path in ["/nothing", "/..%2F..%2Fetc/passwd", "/page.js/"] {
        assert!(get(address, path).starts_with("HTTP/1.1 404"), "{path}");
    }
}

#[test]
fn the_folder_has_the_smaller_module_beside_the_other_and_none_of_an_earlier_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("lmr.wasm.gz"), [0x1f, 0x8b, 1]).expect("written");
    std::fs::write(at("lmr.wasm.br"), b"brotli").expect("written");
    let export = || {
        let site = at("site");
        let mut command = lmr();
        command.args(["web", "--module"]).arg(at("lmr.wasm.gz")).arg("--export").arg(&site);
        let output = command.output().expect("lmr");
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        assert_eq!(std::fs::read(site.join("lmr.wasm.gz")).expect("the module"), [0x1f, 0x8b, 1]);
        std::fs::read(site.join("lmr.wasm.gz.br")).ok()
    };
    assert_eq!(export().as_deref(), Some(&b"brotli"[..]));
    std::fs::remove_file(at("lmr.wasm.br")).expect("removed");
    assert_eq!(export(), None);
}

#[test]
fn what_is_not_a_module_is_refused_and_a_program_without_one_says_how_to_make_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let wrong = folder.path().join("wrong.wasm");
    std::fs::write(&wrong, b"<html>").expect("written");
    let output = lmr().args(["web", "--module"]).arg(&wrong).output().expect("lmr");
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("is not a WebAssembly module"), "{}", said(&output));
    if cfg!(not(feature = "web")) {
        let output = lmr().args(["web"]).output().expect("lmr");
        assert_eq!(output.status.code(), Some(2));
        assert!(said(&output).contains("scripts/build-web"), "{}", said(&output));
    }
}
