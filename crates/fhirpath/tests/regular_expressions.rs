//! Regular expressions mean what `java.util.regex` makes of them: the outcomes are those of Java 17, found with
//! `Pattern.compile("(?s)" + pattern).matcher(text).find()`.

use lmr_fhirpath::{Extent, RegexFault, RegularExpression};

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
    (r"\p{IsAlpha}", "ø", true),
    (r"\p{Isalpha}", "ø", true),
    (r"\p{IsLower}", "ø", true),
    (r"\p{IsUpper}", "Ø", true),
    (r"\p{IsPunct}", "«", true),
    (r"\p{IsPunct}", "$", false),
    (r"\p{IsSpace}", "\u{a0}", true),
    (r"\p{IsWhite_Space}", "\u{85}", true),
    (r"\p{IsCntrl}", "\u{85}", true),
    (r"\p{IsXDigit}", "Ａ", true),
    (r"\p{IsXDigit}", "٣", true),
    (r"\p{IsTitlecase}", "ǅ", true),
    (r"\p{IsAlnum}", "٣", true),
    (r"\p{IsJoin_Control}", "\u{200c}", true),
    (r"\p{IsL1}", "ø", true),
    (r"\p{IsLC}", "1", false),
    (r"\p{Islatn}", "ø", true),
    (r"\p{IsDigit}", "٣", true),
    (r"\p{IsLetter}", "ø", true),
    (r"\p{IsLu}", "Ø", true),
    (r"\p{LC}", "ø", true),
    (r"\p{LD}", "٣", true),
    (r"\p{gc=Lu}", "Ø", true),
    (r"\p{general_category=Nd}", "٣", true),
    (r"\p{sc=Greek}", "α", true),
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
    (r"\R\R", "\r\n", true),
    (r"\R{2}", "\r\n", false),
    (r"(\R)\n", "\r\n", true),
    (r"\x41\x{1F600}", "A😀", true),
    (r"\uD83D\uDE00", "😀", true),
    (r"^.$", "😀", true),
    (r"\_\ø\-\.\/\@\#\ ", "_ø-./@# ", true),
    (r"\e\cA\t", "\u{1b}\u{1}\t", true),
    (r"\0101", "A", true),
    (r"^\Q.*(\E$", ".*(", true),
    (r"^\Qa.\E+$", "a....", true),
    (r"[\Q^]\E]", "]", true),
    (r"[\Qa\E-c]", "b", true),
    (r"[a-\Qc\E]", "b", true),
    (r"^a\Q\E*$", "aaa", true),
    (r"\Qa*", "a*", true),
    // Classes.
    ("[[:digit:]]", "1", false),
    ("[[:digit:]]", ":", true),
    ("(?=.)[[:digit:]]", "1", false),
    ("(?=.)[[:digit:]]", ":", true),
    ("[+--:]", ",", true),
    ("[+--]", ",", true),
    ("[]a]", "]", true),
    ("[^]]", "]", false),
    ("[a-]", "-", true),
    (r"[\v-]", "\n", false),
    (r"[\v-a]", "A", true),
    (r"[\n-\v]", "\u{b}", true),
    (r"[\va]", "\n", true),
    ("[a-z&&[b][c]]", "c", true),
    ("[-a]", "-", true),
    ("[a^]", "^", true),
    ("[a~~b]", "~", true),
    ("[a&b]", "&", true),
    ("[a&&b]", "&", false),
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
    (r"(a)\11", "aa1", true),
    (r"(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)(k)\11", "abcdefghijkk", true),
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
    ("^a$|b", "a\n", true),
    ("(a$)", "a\n", true),
    ("(a$|b)c", "a\nc", false),
    ("a$.", "a\n", true),
    ("a$\n", "a\n", true),
    ("a$\r\n$", "a\r\n", true),
    ("^a\r$", "a\r\n", false),
    ("a$\\z", "a\n", false),
    ("(?!.*x$)^.*$", "x\n", false),
    (r"\B$", "\n", true),
    (r"a\b$", "a\n", true),
    ("$$", "\n", true),
    ("(?:a$)?$", "b", true),
    // Lines.
    ("(?m)^b$", "a\nb\nc", true),
    ("(?m)^b$", "a\r\nb\r\nc", true),
    ("(?m)^$", "a\n", false),
    ("(?m)^", "", false),
    ("(?m:^b$)", "a\u{85}b", true),
    ("^b", "a\nb", false),
    ("(?-s)a.b", "a\nb", false),
    ("(?-s)a.b", "a\u{2028}b", false),
    ("(?-s:a.)b.", "axb\n", true),
    ("(?x) a # b\n c", "ac", true),
    (r"(?x)a\ b", "a b", true),
    ("(?x)[a b]", " ", false),
    ("(?x)[a -~]", "b", true),
    ("(?x)a {2}", "aa", true),
    ("(?x)a* +a", "aa", false),
    (r"(?x)\Qa b\E", "a b", true),
    ("(?x)( ?:a)", "a", true),
    ("((?x)a b) c", "ab c", true),
    // Flags and quantifiers.
    ("(?i)a", "A", true),
    ("(?x)a b", "ab", true),
    ("(?i:A)b", "ab", true),
    ("(?s-i:a)", "a", true),
    (r"(?u)\w", "ø", false),
    ("(?)", "a", true),
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
    r"\p{Latin}",
    r"\p{lu}",
    r"\p{Islu}",
    r"\p{IsMath}",
    r"\p{IsEmoji}",
    r"\p{Issc=Latin}",
    r"\p{IsIkke}",
    r"\p{sc=Ikke}",
    r"\p{x=Latin}",
    "(?<n>a)(?<n>b)",
    r"\k<n>",
    "(?<1>a)",
    "(?z)a",
    "a{3,2}",
    r"\",
    r"\x4",
    "[z-a]",
    "a{2147483648}",
];

/// What Java compiles and this program does not have: each is said to be so, and none means something else in silence.
const UNSUPPORTED: &[&str] = &[
    // Java heeds only the first count.
    "a{1,2}{2}",
    "a{2}{3}",
    // What Java makes of a side with nothing in it follows no rule.
    "[a&&]",
    "[&&a]",
    "[a-z&&[b]c]",
    r"\G",
    r"\X",
    r"\N{LATIN SMALL LETTER A}",
    r"\p{InGreek}",
    r"\p{blk=Greek}",
    r"\p{javaLetter}",
    r"\p{IsWord}",
    "(?d)a",
    "(?U)a",
    r"(a)\2",
    r"(a\1?)",
    r"(?<n>a\k<n>?)",
    r"(\R)+",
    r"(?:a\R){2}",
    r"(?:(?:\R|b)c)*",
    r"\uD83D",
    r"\uDE00",
    r"\uD83D\u0041",
    r"\p{Cs}",
    r"\p{IsGraph}",
    "(?=a)*",
];

#[test]
fn a_pattern_finds_what_java_finds() {
    let wrong: Vec<_> = FOUND
        .iter()
        .filter_map(|(pattern, text, expected)| {
            let found =
                RegularExpression::new(pattern, Extent::Anywhere).map(|regex| regex.is_match(text));
            (found != Ok(Ok(*expected))).then_some((pattern, text, found))
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let fault = |pattern: &&&str| RegularExpression::new(pattern, Extent::Anywhere).err();
    let taken: Vec<_> =
        FAULTY.iter().filter(|p| !matches!(fault(p), Some(RegexFault::Faulty { .. }))).collect();
    assert!(taken.is_empty(), "{taken:?}");
    let taken: Vec<_> = UNSUPPORTED
        .iter()
        .filter(|p| !matches!(fault(p), Some(RegexFault::Unsupported { .. })))
        .collect();
    assert!(taken.is_empty(), "{taken:?}");
}

#[test]
fn a_fault_says_where_it_is() {
    let fault = |pattern: &str| RegularExpression::new(pattern, Extent::Whole).unwrap_err();
    assert_eq!(fault("ab*?*c"), RegexFault::Faulty { at: 5 });
    assert_eq!(fault("å[z-a]b"), RegexFault::Faulty { at: 5 });
    assert_eq!(fault(r"ab\Gc"), RegexFault::Unsupported { at: Some(4) });
    assert_eq!(fault("(a{1000}){1000}"), RegexFault::TooLarge);
    assert_eq!(fault("(((a{99999}){99999}){99999}){99999}"), RegexFault::TooLarge);
    assert_eq!(fault(&("(".repeat(2_000) + &")".repeat(2_000))), RegexFault::TooLarge);
    let deep = "(a|".repeat(90) + &"[b[c]]".repeat(3) + &")".repeat(90);
    assert!(RegularExpression::new(&deep, Extent::Whole).is_ok());
    assert_eq!(fault(&("[a".repeat(2_000) + &"]".repeat(2_000))), RegexFault::TooLarge);
    let nested = "(?=a".repeat(2_000) + &")".repeat(2_000);
    assert_eq!(fault(&nested), RegexFault::TooLarge);
}

#[test]
fn a_whole_text_matches_without_what_stands_around() {
    for (pattern, text, expected) in [
        ("a|ab", "ab", true),
        ("b|c", "ab", false),
        ("[0-9]{3}", "1234", false),
        ("a$", "a\n", false),
        ("a$\n", "a\n", true),
        ("(a$)\n", "a\n", true),
        ("a$\n|b", "b", true),
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
    // Each way back of it is short, and there are many: the length of the text alone must not decide.
    let long = RegularExpression::new("(?=a)b", Extent::Anywhere).unwrap();
    assert_eq!(long.is_match(&"a".repeat(1_000)), Ok(false));
    assert!(long.is_match(&"a".repeat(50_000)).is_err());
}
