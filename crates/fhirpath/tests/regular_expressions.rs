//! Regular expressions mean what `java.util.regex` makes of them: the outcomes are those of Java 17, found with
//! `Pattern.compile("(?s)" + pattern).matcher(text).find()`.

use lmr_fhirpath::{Extent, RegularExpression};

/// Pattern, text, whether it is found.
const FOUND: &[(&str, &str, bool)] = &[
    // ASCII unless it is asked for.
    (r"\w+", "ø", false),
    (r"\d", "٣", false),
    (r"^\s*$", "\u{a0}", false),
    (r"\S+[^\s]*", "\u{a0}", true),
    (r"[\w-x]", "-", true),
    (r"[\d-z]", "-", true),
    (r"[^\w]", "ø", true),
    (r"[^\W]", "ø", false),
    (r"\W", "ø", true),
    (r"\p{Alpha}", "ø", false),
    (r"\p{L}", "ø", true),
    (r"\p{Lu}\pL", "Aa", true),
    (r"\P{L}", "ø", false),
    (r"\p{IsLatin}", "ø", true),
    (r"\p{IsAlphabetic}", "ø", true),
    (r"\p{script=Latin}", "ø", true),
    (r"\p{javaLowerCase}", "ø", true),
    (r"\p{InBasicLatin}", "a", true),
    (r"\p{L1}", "ø", true),
    (r"\p{Punct}", "[", true),
    (r"\p{Punct}", "a", false),
    (r"[\p{L}\p{N}-_]", "_", true),
    (r"[\p{L}\p{N}-_]", "-", true),
    (r"[^\p{Digit}]", "1", false),
    // Escapes.
    (r"^\<a\>$", "<a>", true),
    (r"\h", "a", false),
    (r"\h", "\u{a0}", true),
    (r"\v", "\u{b}", true),
    (r"\V", "a", true),
    (r"\R", "\n", true),
    (r"\x41\x{1F600}", "A😀", true),
    (r"\uD83D\uDE00", "😀", true),
    (r"^.$", "😀", true),
    (r"\_\ø\-\.\/\@\#\ ", "_ø-./@# ", true),
    (r"\e\cA\t", "\u{1b}\u{1}\t", true),
    (r"\0101", "A", true),
    (r"^\Q.*(\E$", ".*(", true),
    (r"^\Qa.\E+$", "a....", true),
    (r"[\Q^]\E]", "]", true),
    // Classes.
    ("[[:digit:]]", "1", false),
    ("[[:digit:]]", ":", true),
    ("[+--]", ",", true),
    ("[]a]", "]", true),
    ("[^]]", "]", false),
    ("[a-]", "-", true),
    ("[-a]", "-", true),
    ("[a^]", "^", true),
    ("[a~~b]", "~", true),
    ("[a&b]", "&", true),
    ("[a&&b]", "&", false),
    ("[&&a]", "a", true),
    ("[a-z&&[^b]]", "b", false),
    ("[a-z&&b-d]", "c", true),
    ("[a-z[A-Z]]", "B", true),
    ("[^a-z[A-Z]]", "1", true),
    ("[ -~]", "a", true),
    ("[!-/:-@]", ":", true),
    // Look-around, back-references, atomic groups, possessive quantifiers.
    ("(?=B)B.*", "Berg", true),
    ("^(?!0000)[0-9]+$", "0000", false),
    ("^(?!0000)[0-9]+$", "0001", true),
    ("^(?=.*[0-9]).+$", "a1", true),
    ("(?<!x)1", "x1", false),
    ("(?<=ab?)c", "abc", true),
    ("(?<=a{1,3})c", "aac", true),
    (r"(1)\1", "11", true),
    (r"(a)(b)\12", "ab", false),
    (r"(?<n>a)\k<n>", "aa", true),
    ("^(?>a*)a", "aaa", false),
    ("a*+a", "aaa", false),
    ("a{2}+b", "aab", true),
    (r"abc\Z", "abc\n", true),
    (r"abc\z", "abc\n", false),
    // The end of the text.
    ("abc$", "abc\n", true),
    ("abc$", "abc\r\n", true),
    ("abc$", "abc\n\n", false),
    ("^$", "\n", true),
    ("[$]", "a\n", false),
    // Flags and quantifiers.
    ("(?i)a", "A", true),
    ("(?x)a b", "ab", true),
    ("(?i:A)b", "ab", true),
    ("(?s-i:a)", "a", true),
    (r"(?u)\w", "ø", false),
    ("(?)", "a", true),
    ("a{1,2}{2}", "aa", true),
    ("a{2}{3}", "aaaaaa", true),
    ("^^a$$", "a", true),
    ("(|a)", "a", true),
    ("()", "a", true),
    ("}]", "}]", true),
    ("", "x", true),
];

/// What Java does not compile.
const FAULTY: &[&str] = &[
    "(",
    "a)|(b",
    "[",
    "[a",
    "*",
    "a**",
    "a|*",
    "a++?",
    "a{,3}",
    "a{b",
    "(?#c)a",
    r"\i",
    r"\y",
    r"[\b]",
    r"[a-\d]",
    r"\p{IsBasicLatin}",
    r"\p{Ikke}",
    r"\",
    r"\x4",
    r"\uD83D",
    "[z-a]",
    "a{2147483648}",
];

#[test]
fn a_pattern_finds_what_java_finds() {
    let wrong: Vec<_> = FOUND
        .iter()
        .filter_map(|(pattern, text, expected)| {
            let found =
                RegularExpression::new(pattern, Extent::Anywhere).map(|regex| regex.is_match(text));
            (found != Some(Ok(*expected))).then_some((pattern, text, found))
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let taken: Vec<_> =
        FAULTY.iter().filter(|p| RegularExpression::new(p, Extent::Anywhere).is_some()).collect();
    assert!(taken.is_empty(), "{taken:?}");
}

#[test]
fn a_whole_text_matches_without_what_stands_around() {
    for (pattern, text, expected) in [
        ("a|ab", "ab", true),
        ("b|c", "ab", false),
        ("[0-9]{3}", "1234", false),
        ("a$", "a\n", false),
        ("(?=a)[a-z]+", "abc", true),
        ("(?!a)[a-z]+", "abc", false),
    ] {
        let regex = RegularExpression::new(pattern, Extent::Whole).expect(pattern);
        assert_eq!(regex.is_match(text), Ok(expected), "{pattern} in {text}");
    }
}

#[test]
fn a_search_without_end_is_broken_off() {
    let regex = RegularExpression::new("^(a|aa)+(?!a)c?$", Extent::Anywhere).unwrap();
    assert!(regex.is_match(&("a".repeat(60) + "b")).is_err());
}
