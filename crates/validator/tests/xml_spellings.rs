//! One document in many spellings has the same findings, and a spelling with one fault is refused where the fault is.

use std::sync::LazyLock;

use lmr_fhir::xml::{Converted, XmlError};
use lmr_fhir::{Document, Kind, Node, ParseOptions};
use lmr_validator::xml::to_json;
use lmr_validator::{Options, Validator};
use proptest::prelude::*;

const FHIR: &str = "http://hl7.org/fhir";
const XHTML: &str = "http://www.w3.org/1999/xhtml";
const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| Validator::builder().build());

/// Choices from a seed.
struct Choices(u64);

impl Choices {
    fn below(&mut self, end: usize) -> usize {
        // Splitmix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }

    fn yes(&mut self) -> bool {
        self.below(2) == 0
    }

    fn rarely(&mut self) -> bool {
        self.below(6) == 0
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

/// What a document means.
enum Tree {
    Fhir(&'static str, Vec<(&'static str, String)>, Vec<Tree>),
    Xhtml(&'static str, Vec<(&'static str, String)>, Vec<Tree>),
    Text(String),
}

fn fhir(name: &'static str, children: Vec<Tree>) -> Tree {
    Tree::Fhir(name, Vec::new(), children)
}

fn value(name: &'static str, value: impl Into<String>) -> Tree {
    Tree::Fhir(name, vec![("value", value.into())], Vec::new())
}

fn words(choices: &mut Choices) -> String {
    const PIECES: [&str; 14] =
        ["Åse", " ", "&", "<", ">", "\"", "'", "\n", "\t", "😀", "]]>", "--", "\u{a0}", "b"];
    (0..1 + choices.below(5)).map(|_| choices.of(&PIECES)).collect()
}

fn extension(choices: &mut Choices) -> Tree {
    let url = choices.of(&["http://test.no/e", "relative", ""]);
    let inner = match choices.below(4) {
        0 => value("valueString", words(choices)),
        1 => value("valueDecimal", choices.of(&["1.50", "1,5", "-0", "1e3"])),
        2 => value("valueBoolean", choices.of(&["true", "TRUE"])),
        _ => Tree::Fhir("extension", vec![("url", "a".to_owned())], Vec::new()),
    };
    Tree::Fhir("extension", vec![("url", url.to_owned())], vec![inner])
}

fn markup(choices: &mut Choices, depth: usize) -> Vec<Tree> {
    (0..1 + choices.below(3))
        .map(|_| match choices.below(6) {
            0 if depth > 0 => {
                let class = choices.of(&["a", "a\"b", "<", "&amp;"]).to_owned();
                Tree::Xhtml(
                    "p",
                    vec![("class", class), ("title", words(choices))],
                    markup(choices, depth - 1),
                )
            }
            1 if depth > 0 => Tree::Xhtml("b", Vec::new(), markup(choices, depth - 1)),
            2 => Tree::Xhtml("br", Vec::new(), Vec::new()),
            3 if choices.rarely() => Tree::Xhtml("script", Vec::new(), Vec::new()),
            4 if choices.rarely() => Tree::Xhtml(
                "i",
                vec![("onclick", "x".to_owned())],
                vec![Tree::Text("x".to_owned())],
            ),
            _ => Tree::Text(words(choices)),
        })
        .collect()
}

fn patient(choices: &mut Choices) -> Tree {
    let mut children = Vec::new();
    if choices.yes() {
        children.push(value("id", choices.of(&["p1", "not an id", "æ"])));
    }
    if choices.yes() {
        let status = value("status", choices.of(&["generated", "nonsense"]));
        let div = Tree::Xhtml("div", Vec::new(), markup(choices, 2));
        children.push(fhir("text", vec![status, div]));
    }
    if choices.rarely() {
        let inner = fhir("Organization", vec![value("id", "o"), value("name", words(choices))]);
        children.push(fhir("contained", vec![inner]));
    }
    for _ in 0..choices.below(3) {
        children.push(extension(choices));
    }
    if choices.yes() {
        let more = if choices.yes() { vec![extension(choices)] } else { Vec::new() };
        let mut attributes = vec![("value", choices.of(&["true", "ja", " true", ""]).to_owned())];
        if choices.yes() {
            attributes.push(("id", choices.of(&["a", "b c"]).to_owned()));
        }
        children.push(Tree::Fhir("active", attributes, more));
    }
    for _ in 0..choices.below(3) {
        let mut parts = vec![value("use", choices.of(&["official", "unofficial"]))];
        parts.push(value("family", words(choices)));
        for _ in 0..choices.below(3) {
            parts.push(value("given", words(choices)));
        }
        children.push(Tree::Fhir("name", vec![("id", choices.of(&["n", "a"]).to_owned())], parts));
    }
    if choices.rarely() {
        children.push(value("nickname", words(choices)));
    }
    children.push(value("gender", choices.of(&["male", "m", "Female"])));
    if choices.yes() {
        children.push(value("birthDate", choices.of(&["1970-01-01", "1970-13-01", "1970"])));
    }
    if choices.rarely() {
        children.push(value("multipleBirthInteger", choices.of(&["2", "01", "x"])));
    }
    fhir("Patient", children)
}

fn document(choices: &mut Choices) -> Tree {
    if choices.yes() {
        return patient(choices);
    }
    let mut children = vec![value("type", choices.of(&["collection", "heap"]))];
    for number in 0..1 + choices.below(3) {
        let full_url = value("fullUrl", format!("http://test.no/Patient/{number}"));
        children.push(fhir("entry", vec![full_url, fhir("resource", vec![patient(choices)])]));
    }
    fhir("Bundle", children)
}

/// A document as one may write it.
struct Writer<'c> {
    choices: &'c mut Choices,
    out: String,
    /// Prefixes of FHIR and of narratives, empty for the default namespace.
    prefixes: [&'static str; 2],
    /// Whether nothing is chosen.
    is_plain: bool,
    /// Where each start tag begins.
    tags: Vec<usize>,
}

impl Writer<'_> {
    fn yes(&mut self) -> bool {
        !self.is_plain && self.choices.yes()
    }

    fn rarely(&mut self) -> bool {
        !self.is_plain && self.choices.rarely()
    }

    fn one(&mut self, all: &[&'static str]) {
        let chosen = if self.is_plain { all[0] } else { self.choices.of(all) };
        self.out.push_str(chosen);
    }

    fn document(&mut self, root: &Tree) {
        if self.rarely() {
            self.out.push('\u{feff}');
        }
        if self.yes() {
            self.one(&[
                "<?xml version=\"1.0\"?>",
                "<?xml version='1.0' encoding='utf8'?>",
                "<?xml version = \"1.0\"\n encoding=\"UTF-8\" standalone='yes' ?>",
                "<?xml version=\"1.1\" encoding=\"Utf-8\"?>",
            ]);
        }
        self.between();
        self.tree(root, true, "");
        self.between();
    }

    /// What means nothing between two tags.
    fn between(&mut self) {
        while self.yes() {
            self.one(&[" ", "\n", "\r\n\t", "<!-- a - <b> & ]]> -->", "<?a:b <c> & ?>", "<!---->"]);
        }
    }

    fn space(&mut self) {
        self.one(&[" ", "\n", "\t  ", "\r\n"]);
    }

    /// An element; `default` is the default namespace around it.
    fn tree(&mut self, tree: &Tree, is_root: bool, default: &'static str) {
        let (namespace, name, attributes, children) = match tree {
            Tree::Text(text) => return self.text(text),
            Tree::Fhir(name, attributes, children) => (FHIR, *name, attributes, children),
            Tree::Xhtml(name, attributes, children) => (XHTML, *name, attributes, children),
        };
        let is_fhir = namespace == FHIR;
        let prefix = self.prefixes[usize::from(!is_fhir)];
        let name = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}:{name}") };
        let mut all: Vec<(String, String)> =
            attributes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let mut default = default;
        if prefix.is_empty() && default != namespace {
            all.push(("xmlns".to_owned(), namespace.to_owned()));
            default = namespace;
        }
        if is_root {
            for (prefix, namespace) in self.prefixes.into_iter().zip([FHIR, XHTML]) {
                if !prefix.is_empty() {
                    all.push((format!("xmlns:{prefix}"), namespace.to_owned()));
                }
            }
        }
        if is_fhir && self.rarely() {
            all.push(("xmlns:s".to_owned(), INSTANCE.to_owned()));
            all.push(("s:schemaLocation".to_owned(), "a b".to_owned()));
        }
        self.tags.push(self.out.len());
        self.out.push('<');
        self.out.push_str(&name);
        while !all.is_empty() {
            let at = if self.is_plain { 0 } else { self.choices.below(all.len()) };
            let (name, value) = all.swap_remove(at);
            self.space();
            self.out.push_str(&name);
            self.one(&["=", " =", "= ", "\n=\t"]);
            let quote = if self.yes() { '\'' } else { '"' };
            self.out.push(quote);
            for character in value.chars() {
                self.character(character, Some(quote));
            }
            self.out.push(quote);
        }
        if self.yes() {
            self.space();
        }
        if children.is_empty() && !self.yes() {
            self.out.push_str("/>");
            return;
        }
        self.out.push('>');
        for child in children {
            if is_fhir {
                self.between();
            } else if self.rarely() {
                self.one(&["<!-- a -->", "<!---->", "<!-- <b> & ]]> -->"]);
            }
            self.tree(child, false, default);
        }
        if is_fhir {
            self.between();
        }
        self.out.extend(["</", &name]);
        if self.yes() {
            self.space();
        }
        self.out.push('>');
    }

    fn text(&mut self, text: &str) {
        if self.rarely() && !text.contains("]]>") {
            self.out.extend(["<![CDATA[", text, "]]>"]);
            return;
        }
        for character in text.chars() {
            self.character(character, None);
        }
    }

    fn character(&mut self, character: char, quote: Option<char>) {
        let named = match character {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '"' => "&quot;",
            '\'' => "&apos;",
            _ => "",
        };
        let must = matches!(character, '&' | '<')
            || quote == Some(character)
            // The end of a section in a text, and what becomes a blank in a value.
            || (quote.is_none() && character == '>')
            || (quote.is_some() && matches!(character, '\n' | '\t'));
        if !must && !self.rarely() {
            self.out.push(character);
        } else if !named.is_empty() && !self.yes() {
            self.out.push_str(named);
        } else if self.yes() {
            self.out.push_str(&format!("&#{};", u32::from(character)));
        } else {
            self.out.push_str(&format!("&#x{:x};", u32::from(character)));
        }
    }
}

/// A document in a spelling, and where its start tags begin.
fn spelled(meaning: u64, spelling: Option<u64>) -> (String, Vec<usize>) {
    let root = document(&mut Choices(meaning));
    let mut choices = Choices(spelling.unwrap_or_default());
    let is_plain = spelling.is_none();
    let prefixes = match choices.below(4) {
        _ if is_plain => ["", ""],
        0 => ["f", "h"],
        1 => ["", "h"],
        2 => ["å-1.", ""],
        _ => ["", ""],
    };
    let mut writer =
        Writer { choices: &mut choices, out: String::new(), prefixes, is_plain, tags: Vec::new() };
    writer.document(&root);
    (writer.out, writer.tags)
}

fn read(text: &str) -> Result<Converted, XmlError> {
    to_json(text.as_bytes(), 100)
}

/// The byte at a line and a column of a text, if it has them.
fn byte_at(text: &str, line: u32, column: u32) -> Option<usize> {
    let start = text.split_inclusive('\n').take(line as usize - 1).map(str::len).sum::<usize>();
    let rest = text.get(start..)?;
    let (mut at, mut left) = (0, column - 1);
    for character in rest.chars() {
        if left == 0 {
            break;
        }
        at += character.len_utf8();
        left -= 1;
    }
    (left == 0).then_some(start + at)
}

/// A byte offset without a byte order mark, which is not counted.
fn unmarked(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Everything but narratives, whose markup stays as written.
fn content(node: Node<'_>, is_narrative: bool) -> String {
    match node.kind() {
        Kind::Object => {
            let members: Vec<String> = node
                .members()
                .map(|member| {
                    let key = member.key().unwrap_or_default();
                    format!("{key}:{}", content(member, key == "div"))
                })
                .collect();
            format!("{{{}}}", members.join(","))
        }
        Kind::Array => {
            let members: Vec<String> = node.members().map(|node| content(node, false)).collect();
            format!("[{}]", members.join(","))
        }
        _ if is_narrative => String::new(),
        _ => node.raw().to_owned(),
    }
}

/// The JSON of a text, its findings, and where they are in the XML.
fn findings(text: &str) -> (String, Vec<String>, Vec<(u32, u32)>) {
    let converted = read(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let document = Document::parse(&*converted.json, &ParseOptions::strict()).expect("JSON");
    let issues = VALIDATOR.validate_text(&converted.json, &Options::default());
    let places = issues
        .iter()
        .map(|issue| converted.map.location(issue.span.start))
        .map(|location| (location.line, location.column))
        .collect();
    let mut shown: Vec<String> = issues
        .iter()
        .map(|issue| {
            format!(
                "{} {} {} {}",
                issue.severity,
                issue.code.as_str(),
                issue.id(),
                issue.expression
            )
        })
        .collect();
    shown.sort();
    (content(document.root(), false), shown, places)
}

proptest! {
    #[test]
    fn equal_documents_have_equal_findings_however_they_are_spelled(meaning: u64, spelling: u64) {
        let (plain, _) = spelled(meaning, None);
        let (other, _) = spelled(meaning, Some(spelling));
        let (json, wanted, _) = findings(&plain);
        let (same, found, places) = findings(&other);
        prop_assert_eq!(same, json, "{}\n{}", plain, other);
        prop_assert_eq!(found, wanted, "{}\n{}", plain, other);
        for (line, column) in places {
            let text = unmarked(&other);
            let at = byte_at(text, line, column).expect("a place of the text");
            prop_assert!(text[at..].starts_with('<'), "{line}:{column}\n{other}");
        }
    }

    /// A fault in a start tag is found at the tag.
    #[test]
    fn a_fault_in_a_tag_is_refused_at_the_tag(meaning: u64, spelling: u64, choice: u64) {
        let (text, tags) = spelled(meaning, Some(spelling));
        let mut choices = Choices(choice);
        let tag = tags[choices.below(tags.len())];
        let name = text[tag..].find(|c: char| c.is_whitespace() || "/>".contains(c)).expect("an end");
        let fault = choices.of(&[
            " a", " a=b", " a='<'", " a='&'", " a='&#0;'", " a='&nbsp;'", " a='1' a='2'", " 1='a'", " a:='b'",
            " a:b:c='d'", " undeclared:a='b'", " xmlns:xmlns='a'", " xmlns:xml='a'", " a='1'b='2'", "!",
            ":a:b", " =", " 'a'", " a='\u{1}'", "\u{0}",
        ]);
        let mut broken = text.clone();
        broken.insert_str(tag + name, fault);
        let error = match read(&broken) {
            Ok(converted) => panic!("{}\n{broken}", converted.json),
            Err(error) => error,
        };
        let (text, mark) = (unmarked(&broken), broken.len() - unmarked(&broken).len());
        let at = byte_at(text, error.location.line, error.location.column).expect("a place of the text");
        // A character that XML does not have is itself the place.
        let is_character = fault.contains(['\0', '\u{1}']);
        let place = if is_character { text[at..].starts_with(['\0', '\u{1}']) } else { at + mark == tag };
        prop_assert!(place, "{error} for {fault:?} at {tag}\n{broken}");
    }

    /// A text that ends too early, has a tag too many, or one that is not closed.
    #[test]
    fn a_part_of_a_document_is_refused_with_its_place(meaning: u64, spelling: u64, cut: u64) {
        let (text, tags) = spelled(meaning, Some(spelling));
        let mut choices = Choices(cut);
        let root = tags[0];
        let last = text.rfind("</").or_else(|| text.rfind('<')).expect("a tag");
        let end = (root..=last).filter(|at| text.is_char_boundary(*at)).nth(choices.below(last - root + 1));
        let end = end.unwrap_or(root);
        let tag = tags[choices.below(tags.len())];
        for broken in [
            text[..end].to_owned(),
            format!("{}<open>{}", &text[..tag], &text[tag..]),
            format!("{}</close>{}", &text[..tag], &text[tag..]),
            format!("{}<!-- a -- b -->{}", &text[..tag], &text[tag..]),
            format!("{}<!DOCTYPE a>{}", &text[..tag], &text[tag..]),
            format!("{}<?xml version='1.0'?>{}", &text[..tag], &text[tag..]).replacen("<?xml", " <?xml", 1),
            format!("{text}<a/>"),
            format!("{text}a"),
        ] {
            let error = match read(&broken) {
                Ok(converted) => panic!("{}\n{broken}", converted.json),
                Err(error) => error,
            };
            let (line, column) = (error.location.line, error.location.column);
            prop_assert!(byte_at(unmarked(&broken), line, column).is_some(), "{error}\n{broken}");
        }
    }

    /// UTF-16 and UTF-32 are refused by name.
    #[test]
    fn another_encoding_is_refused_by_its_name(meaning: u64, spelling: u64) {
        let (text, _) = spelled(meaning, Some(spelling));
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let four: Vec<u8> = text.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
        for (bytes, name) in [(little, "UTF-16"), (big, "UTF-16"), (four, "UTF-32")] {
            let error = to_json(&bytes, 100).expect_err("must be refused");
            prop_assert!(error.to_string().contains(name), "{error}");
        }
    }
}
