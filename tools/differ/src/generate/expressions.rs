//! FHIRPath expressions by grammar: every function and operator, mostly with what it takes, in part with
//! what it does not.

use fastrand::Rng;

use super::regexes;

/// The kinds of values that expressions are made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Boolean,
    Integer,
    Decimal,
    Text,
    Date,
    DateTime,
    Time,
    Quantity,
    /// Several items of any kind.
    Many,
}

use Sort::{Boolean, Date, DateTime, Decimal, Integer, Many, Quantity, Text, Time};

const SORTS: [Sort; 9] = [Boolean, Integer, Decimal, Text, Date, DateTime, Time, Quantity, Many];

/// The document that all expressions are evaluated on.
pub(crate) const DOCUMENT: &str = r#"{"resourceType":"Patient","id":"p1","meta":{"lastUpdated":"2024-01-31T10:30:15.250+02:00"},"extension":[{"url":"http://example.org/vekt","valueQuantity":{"value":70.5,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"}},{"url":"http://example.org/tall","valueDecimal":1.50}],
"active":true,"name":[{"use":"official","family":"Nordmann","given":["Kari","Anne"]},{"use":"usual","given":["Kari"]}],
"telecom":[{"system":"phone","value":"22 22 22 22","rank":1},{"system":"email","value":"k@example.org","rank":2}],
"gender":"female","birthDate":"1980-02-29","_birthDate":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/patient-birthTime","valueDateTime":"1980-02-29T05:10:00+01:00"}]},
"deceasedDateTime":"2024-01","address":[{"line":["Gata 1",""],"city":"Oslo"}],"maritalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-MaritalStatus","code":"M"}],"text":"gift"},
"multipleBirthInteger":2}"#;

/// Expressions on which no engine fails: where one does, it is not at work.
pub(crate) const CONTROLS: [&str; 3] = ["Patient.active", "name.given.count() + 1", "birthDate"];

/// An expression.
pub(crate) fn expression(rng: &mut Rng) -> String {
    let sort = SORTS[rng.usize(..SORTS.len())];
    of(rng, sort, 3)
}

fn one<'a>(rng: &mut Rng, list: &[&'a str]) -> &'a str {
    list[rng.usize(..list.len())]
}

fn leaf(rng: &mut Rng, sort: Sort) -> String {
    let list: &[&str] = match sort {
        Boolean => &[
            "true",
            "false",
            "{}",
            "active",
            "name.exists()",
            "deceased.exists()",
            // Both read the clock, at different moments.
            "(now() > @2020-01-01T00:00:00Z)",
            "(today() > @2020-01-01)",
            "(timeOfDay() >= @T00:00)",
        ],
        Integer => &[
            "0",
            "1",
            "2",
            "(-1)",
            "10",
            "2147483647",
            "multipleBirth",
            "telecom.rank.first()",
            "{}",
        ],
        Decimal => &[
            "0.0",
            "1.5",
            "1.50",
            "(-2.75)",
            "0.1",
            "3.14159",
            "100.0",
            "extension.value.ofType(decimal)",
        ],
        Text => &[
            "''",
            "'abc'",
            "'A b'",
            "'1'",
            "'1.5'",
            "'true'",
            "'T'",
            "'2024-01-31'",
            "'10:30'",
            "'a,b,c'",
            "'æøå'",
            "'1 \\'mg\\''",
            "'4 days'",
            "gender",
            "birthDate",
            "name.first().family",
            "id",
            "{}",
            "'2024-01-31T10:30:00Z'",
        ],
        Date => &["@2024", "@2024-01", "@2024-01-31", "@1980-02-29", "birthDate", "{}"],
        // The reference reads `@2024T` as a date, and fills in the minutes of `@T10`.
        DateTime => &[
            "@2024-01-31T10:30",
            "@2024-01-31T10:30:15",
            "@2024-01-31T10:30:15.250Z",
            "@2024-01-31T10:30:15+02:00",
            "deceased",
            "meta.lastUpdated",
        ],
        Time => &["@T10:30", "@T10:30:15", "@T10:30:15.250", "@T23:59:59.999", "{}"],
        Quantity => &[
            "1 'mg'",
            "1000 'mg'",
            "1 'g'",
            "70.5 'kg'",
            "1 day",
            "24 hours",
            "1 year",
            "3 months",
            "0 'mg'",
            "1 '1'",
            "extension.value.ofType(Quantity)",
        ],
        Many => &[
            "name.given",
            "name",
            "telecom",
            "(1 | 2 | 3)",
            "('a' | 'b')",
            "{}",
            "(1.0 | 1 | 2)",
            "telecom.rank",
            "address.line",
            "(true | false)",
            "maritalStatus.coding",
            "name.given.combine(name.given)",
            "extension.value",
            "$this",
            "children()",
        ],
    };
    one(rng, list).to_owned()
}

/// What a function is called on, what it takes, and what it gives.
type Call = (&'static str, Sort, &'static [Sort], Sort);

const CALLS: &[Call] = &[
    ("empty", Many, &[], Boolean),
    ("exists", Many, &[], Boolean),
    ("allTrue", Boolean, &[], Boolean),
    ("anyTrue", Boolean, &[], Boolean),
    ("allFalse", Boolean, &[], Boolean),
    ("anyFalse", Boolean, &[], Boolean),
    ("subsetOf", Many, &[Many], Boolean),
    ("supersetOf", Many, &[Many], Boolean),
    ("count", Many, &[], Integer),
    ("distinct", Many, &[], Many),
    ("isDistinct", Many, &[], Boolean),
    ("not", Boolean, &[], Boolean),
    ("single", Many, &[], Many),
    ("first", Many, &[], Many),
    ("last", Many, &[], Many),
    ("tail", Many, &[], Many),
    ("skip", Many, &[Integer], Many),
    ("take", Many, &[Integer], Many),
    ("intersect", Many, &[Many], Many),
    ("exclude", Many, &[Many], Many),
    ("union", Many, &[Many], Many),
    ("combine", Many, &[Many], Many),
    ("toBoolean", Text, &[], Boolean),
    ("convertsToBoolean", Text, &[], Boolean),
    ("toInteger", Text, &[], Integer),
    ("convertsToInteger", Text, &[], Boolean),
    ("toDecimal", Text, &[], Decimal),
    ("convertsToDecimal", Decimal, &[], Boolean),
    ("toString", Decimal, &[], Text),
    ("toString", Date, &[], Text),
    ("convertsToString", Quantity, &[], Boolean),
    ("toDate", Text, &[], Date),
    ("toDate", DateTime, &[], Date),
    ("convertsToDate", Text, &[], Boolean),
    ("toDateTime", Text, &[], DateTime),
    ("toDateTime", Date, &[], DateTime),
    ("convertsToDateTime", Text, &[], Boolean),
    ("toTime", Text, &[], Time),
    ("convertsToTime", Text, &[], Boolean),
    ("toQuantity", Text, &[], Quantity),
    ("toQuantity", Decimal, &[], Quantity),
    ("convertsToQuantity", Text, &[], Boolean),
    ("indexOf", Text, &[Text], Integer),
    ("lastIndexOf", Text, &[Text], Integer),
    ("substring", Text, &[Integer], Text),
    ("substring", Text, &[Integer, Integer], Text),
    ("startsWith", Text, &[Text], Boolean),
    ("endsWith", Text, &[Text], Boolean),
    ("contains", Text, &[Text], Boolean),
    ("upper", Text, &[], Text),
    ("lower", Text, &[], Text),
    ("replace", Text, &[Text, Text], Text),
    ("matches", Text, &[Text], Boolean),
    ("matchesFull", Text, &[Text], Boolean),
    ("replaceMatches", Text, &[Text, Text], Text),
    ("length", Text, &[], Integer),
    ("toChars", Text, &[], Many),
    ("trim", Text, &[], Text),
    ("split", Text, &[Text], Many),
    ("join", Many, &[Text], Text),
    ("abs", Decimal, &[], Decimal),
    ("abs", Integer, &[], Integer),
    ("ceiling", Decimal, &[], Integer),
    ("floor", Decimal, &[], Integer),
    ("exp", Integer, &[], Decimal),
    ("ln", Decimal, &[], Decimal),
    ("log", Decimal, &[Integer], Decimal),
    ("power", Integer, &[Integer], Integer),
    ("power", Decimal, &[Integer], Decimal),
    ("round", Decimal, &[Integer], Decimal),
    ("round", Decimal, &[], Decimal),
    ("sqrt", Decimal, &[], Decimal),
    ("truncate", Decimal, &[], Integer),
    ("lowBoundary", Decimal, &[], Decimal),
    ("highBoundary", Decimal, &[], Decimal),
    ("lowBoundary", Date, &[], Date),
    ("highBoundary", Date, &[], Date),
    ("lowBoundary", DateTime, &[], DateTime),
    ("highBoundary", DateTime, &[], DateTime),
    ("lowBoundary", Time, &[], Time),
    ("highBoundary", Time, &[], Time),
    ("precision", Decimal, &[], Integer),
    ("precision", Date, &[], Integer),
    ("precision", DateTime, &[], Integer),
    ("precision", Time, &[], Integer),
    ("toLong", Text, &[], Integer),
    ("convertsToLong", Text, &[], Boolean),
    ("sum", Many, &[], Decimal),
    ("min", Many, &[], Integer),
    ("max", Many, &[], Integer),
    ("avg", Many, &[], Decimal),
    ("comparable", Quantity, &[Quantity], Boolean),
    ("coalesce", Many, &[Text, Text], Text),
    ("coalesce", Many, &[Many], Many),
    ("yearOf", Date, &[], Integer),
    ("monthOf", Date, &[], Integer),
    ("dayOf", DateTime, &[], Integer),
    ("hourOf", DateTime, &[], Integer),
    ("minuteOf", Time, &[], Integer),
    ("secondOf", Time, &[], Integer),
    ("millisecondOf", Time, &[], Integer),
    ("timezoneOffsetOf", DateTime, &[], Decimal),
    ("dateOf", DateTime, &[], Date),
    ("timeOf", DateTime, &[], Time),
    ("type", Many, &[], Many),
    ("resolve", Many, &[], Many),
    ("htmlChecks", Many, &[], Boolean),
    ("htmlChecks2", Many, &[], Boolean),
    ("subsumes", Many, &[Many], Boolean),
    ("subsumedBy", Many, &[Many], Boolean),
    ("elementDefinition", Many, &[], Many),
    ("children", Many, &[], Many),
    ("descendants", Many, &[], Many),
    ("hasValue", Text, &[], Boolean),
    ("getValue", Date, &[], Text),
    ("extension", Many, &[Text], Many),
];

/// Functions, what they are called on, and why they are generated seldom: there is nothing to compare.
const SELDOM: &[(&str, Option<Sort>, &str)] = &[
    ("toDate", None, "the reference does not know it"),
    ("toDateTime", None, "the reference does not know it"),
    ("toTime", None, "the reference does not know it"),
    ("lastIndexOf", None, "the reference does not know it"),
    ("toLong", None, "the reference does not know it"),
    ("convertsToLong", None, "the reference does not know it"),
    ("sum", None, "the reference does not know it"),
    ("min", None, "the reference does not know it"),
    ("max", None, "the reference does not know it"),
    ("avg", None, "the reference does not know it"),
    ("yearOf", None, "the reference does not know it"),
    ("monthOf", None, "the reference does not know it"),
    ("dayOf", None, "the reference does not know it"),
    ("hourOf", None, "the reference does not know it"),
    ("minuteOf", None, "the reference does not know it"),
    ("secondOf", None, "the reference does not know it"),
    ("millisecondOf", None, "the reference does not know it"),
    ("timezoneOffsetOf", None, "the reference does not know it"),
    ("dateOf", None, "the reference does not know it"),
    ("timeOf", None, "the reference does not know it"),
    ("subsumes", None, "the reference does not know it"),
    ("subsumedBy", None, "the reference does not know it"),
    ("elementDefinition", None, "the reference does not know it"),
    ("getValue", None, "the reference does not know it"),
    ("coalesce", None, "the reference evaluates its arguments on what it is called on"),
    ("htmlChecks", None, "the reference answers for what is no text, too"),
    ("htmlChecks2", None, "the reference answers for what is no text, too"),
    ("abs", Some(Integer), "the reference makes a decimal of an integer (N1, section 5.7.1)"),
    ("power", Some(Integer), "the reference makes a decimal of integers (N1, section 5.7.8)"),
    ("lowBoundary", Some(Date), "the reference makes a dateTime of a date"),
    ("highBoundary", Some(Date), "the reference makes a dateTime of a date"),
    ("lowBoundary", Some(DateTime), "the reference gives nothing for an instant"),
    ("highBoundary", Some(DateTime), "the reference gives nothing for an instant"),
];

/// Whether this call is one of those that are generated seldom, and not now.
fn is_left_out(rng: &mut Rng, name: &str, on: Sort) -> bool {
    let is_seldom =
        SELDOM.iter().any(|(of, only, _)| *of == name && only.is_none_or(|only| only == on));
    is_seldom && rng.u8(..12) > 0
}

/// What a function is called on, what is written between its brackets, and what it gives: functions whose
/// arguments are names or are evaluated for each item.
type Written = (&'static str, Sort, &'static [&'static str], Sort);

const WRITTEN: &[Written] = &[
    ("aggregate", Many, &["$total + 1, 0", "iif($total.empty(), $this, $total)", "$index"], Many),
    ("aggregate", Many, &["$total + 1, 0", "$total + $this.toString().length(), 1"], Integer),
    ("trace", Many, &["'a'", "'a', count()"], Many),
    ("defineVariable", Many, &["'a'", "'a', count()"], Many),
    ("sort", Many, &["", "$this", "-$this", "$this.toString()"], Many),
    ("repeatAll", Many, &["children()", "extension", "coding"], Many),
    ("encode", Text, &["'base64'", "'hex'", "'urlbase64'", "'none'"], Text),
    ("decode", Text, &["'base64'", "'hex'", "'urlbase64'"], Text),
    ("escape", Text, &["'html'", "'json'"], Text),
    ("unescape", Text, &["'html'", "'json'"], Text),
    ("hasExtension", Many, &["'http://example.org/vekt'", "'http://example.org/x'"], Boolean),
    ("memberOf", Many, &["'http://hl7.org/fhir/ValueSet/administrative-gender'"], Boolean),
    ("conformsTo", Many, &["'http://hl7.org/fhir/StructureDefinition/Patient'"], Boolean),
    ("checkModifiers", Many, &["", "'http://example.org/vekt'"], Boolean),
    ("slice", Many, &["'http://hl7.org/fhir/StructureDefinition/Patient', 'a'"], Many),
    ("is", Many, &["string", "System.Integer"], Boolean),
    ("matches", Text, PATTERNS, Boolean),
    ("matchesFull", Text, PATTERNS, Boolean),
    (
        "replaceMatches",
        Text,
        &[
            r"'(?<=a)([a-z])', '<$1>'",
            r"'(.)\\1', '$1'",
            r"'\\W', '_'",
            r"'(?<first>[A-Z])', '${first}.'",
        ],
        Text,
    ),
];

/// Regular expressions of every kind that Java has, and its own meaning of them.
const PATTERNS: &[&str] = &[
    r"'^\\w+$'",
    r"'\\W'",
    r"'^\\p{Lu}\\p{L}*$'",
    r"'[[:alpha:]]'",
    r"'^\\QA\\E'",
    r"'[a-z&&[^aeiou]]{2}'",
    r"'[\\w-.]+'",
    r"'\\h'",
    r"'^(?!A)'",
    r"'(?=.*[0-9]).+'",
    r"'(?<=a)n'",
    r"'(?<!a)n'",
    r"'(.)\\1'",
    r"'(?>a*)a'",
    r"'[A-Z]*+[A-Z]'",
    r"'a{1,3}?$'",
    r"'(?i)A'",
    r"'\\<|\\>'",
    r"'\\u0041'",
    r"'a**'",
    r"'[z-a]'",
];

/// Operators with the kinds of both sides; the result's kind is that of the expression asked for.
const OPERATORS: &[(&str, Sort, Sort, Sort)] = &[
    ("+", Integer, Integer, Integer),
    ("-", Integer, Integer, Integer),
    ("*", Integer, Integer, Integer),
    ("div", Integer, Integer, Integer),
    ("mod", Integer, Integer, Integer),
    ("/", Integer, Integer, Decimal),
    ("+", Decimal, Decimal, Decimal),
    ("-", Decimal, Integer, Decimal),
    ("*", Decimal, Decimal, Decimal),
    ("/", Decimal, Decimal, Decimal),
    ("mod", Decimal, Integer, Decimal),
    ("+", Text, Text, Text),
    ("&", Text, Text, Text),
    ("+", Date, Quantity, Date),
    ("-", Date, Quantity, Date),
    ("+", DateTime, Quantity, DateTime),
    ("-", DateTime, Quantity, DateTime),
    ("+", Time, Quantity, Time),
    ("+", Quantity, Quantity, Quantity),
    ("-", Quantity, Quantity, Quantity),
    ("*", Quantity, Quantity, Quantity),
    ("/", Quantity, Quantity, Quantity),
    ("|", Many, Many, Many),
    ("and", Boolean, Boolean, Boolean),
    ("or", Boolean, Boolean, Boolean),
    ("xor", Boolean, Boolean, Boolean),
    ("implies", Boolean, Boolean, Boolean),
    ("in", Text, Many, Boolean),
    ("contains", Many, Text, Boolean),
];

fn of(rng: &mut Rng, sort: Sort, depth: usize) -> String {
    if depth == 0 || rng.u8(..5) == 0 {
        return leaf(rng, sort);
    }
    // Now and then something that does not fit.
    let below = |rng: &mut Rng, sort: Sort| {
        let sort = if rng.u8(..16) == 0 { SORTS[rng.usize(..SORTS.len())] } else { sort };
        of(rng, sort, depth - 1)
    };
    match rng.u8(..14) {
        12 if sort == Boolean && rng.bool() => {
            let name = one(rng, &["matches", "matchesFull"]);
            let text = regexes::literal(&regexes::text(rng));
            format!("({text}).{name}({})", regexes::literal(&regexes::pattern(rng)))
        }
        12 if sort == Text && rng.bool() => {
            let text = regexes::literal(&regexes::text(rng));
            format!("({text}).replaceMatches({}, 'x')", regexes::literal(&regexes::pattern(rng)))
        }
        12 => {
            let fitting: Vec<&Written> = WRITTEN.iter().filter(|call| call.3 == sort).collect();
            let Some((name, on, texts, _)) = fitting.get(rng.usize(..fitting.len().max(1))) else {
                return leaf(rng, sort);
            };
            format!("({}).{name}({})", below(rng, *on), one(rng, texts))
        }
        // The reference does not take the sign of a quantity.
        13 if matches!(sort, Integer | Decimal) => format!("(-({}))", below(rng, sort)),
        // Of an element: to the reference a literal is one, too.
        13 if sort == Text => {
            let of = ["name.given", "name.family", "gender", "id", "address", "multipleBirth"];
            format!("({} as string)", one(rng, &of))
        }
        0..=5 => {
            let fitting: Vec<&Call> = CALLS.iter().filter(|call| call.3 == sort).collect();
            let Some((name, on, takes, _)) = fitting.get(rng.usize(..fitting.len().max(1))) else {
                return leaf(rng, sort);
            };
            if is_left_out(rng, name, *on) {
                return leaf(rng, sort);
            }
            let on = below(rng, *on);
            let arguments: Vec<String> = takes.iter().map(|of| below(rng, *of)).collect();
            format!("({on}).{name}({})", arguments.join(", "))
        }
        6 | 7 => {
            let fitting: Vec<_> = OPERATORS.iter().filter(|one| one.3 == sort).collect();
            let Some((name, left, right, _)) = fitting.get(rng.usize(..fitting.len().max(1)))
            else {
                return leaf(rng, sort);
            };
            format!("({} {name} {})", below(rng, *left), below(rng, *right))
        }
        8 if sort == Boolean => {
            let of = SORTS[rng.usize(..SORTS.len())];
            let name = one(rng, &["=", "!=", "~", "!~", "<", "<=", ">", ">="]);
            format!("({} {name} {})", below(rng, of), below(rng, of))
        }
        9 if sort == Boolean => {
            let of = SORTS[rng.usize(..SORTS.len())];
            let ty = one(
                rng,
                &[
                    "String",
                    "Integer",
                    "string",
                    "code",
                    "Quantity",
                    "Boolean",
                    "date",
                    "DateTime",
                    "HumanName",
                    "FHIR.Patient",
                ],
            );
            format!("({} is {ty})", below(rng, of))
        }
        8 if sort == Many => {
            let name = one(rng, &["where", "select", "repeat"]);
            let inner = if name == "where" { Boolean } else { Many };
            format!("({}).{name}({})", below(rng, Many), below(rng, inner))
        }
        9 if sort == Many => {
            let ty = one(
                rng,
                &["string", "code", "Quantity", "HumanName", "Coding", "System.Integer", "decimal"],
            );
            let name = one(rng, &["ofType", "as"]);
            format!("({}).{name}({ty})", below(rng, Many))
        }
        10 => {
            let condition = below(rng, Boolean);
            format!("iif({condition}, {}, {})", below(rng, sort), below(rng, sort))
        }
        11 if sort == Boolean => {
            let name = one(rng, &["all", "exists"]);
            format!("({}).{name}({})", below(rng, Many), below(rng, Boolean))
        }
        11 if sort == Many => {
            format!("({})[{}]", below(rng, Many), one(rng, &["0", "1", "5"]))
        }
        _ => leaf(rng, sort),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_function_and_operator_of_the_language_is_generated() {
        let mut rng = Rng::with_seed(1);
        let all: Vec<String> = (0..20_000).map(|_| expression(&mut rng)).collect();
        let calls: HashSet<&str> = all
            .iter()
            .flat_map(|text| text.match_indices('(').map(|(at, _)| &text[..at]))
            .map(|before| {
                let name = before.trim_end_matches(|c: char| c.is_ascii_alphanumeric());
                &before[name.len()..]
            })
            .collect();
        let missing: Vec<&str> =
            lmr_fhirpath::function_names().filter(|name| !calls.contains(name)).collect();
        assert!(missing.is_empty(), "{missing:?}");
        let operators = [
            " + ",
            " - ",
            " * ",
            " / ",
            " div ",
            " mod ",
            " & ",
            " | ",
            " = ",
            " != ",
            " ~ ",
            " !~ ",
            " < ",
            " <= ",
            " > ",
            " >= ",
            " and ",
            " or ",
            " xor ",
            " implies ",
            " in ",
            " contains ",
            " is ",
            " as ",
            "(-(",
            "[",
        ];
        for operator in operators {
            assert!(all.iter().any(|text| text.contains(operator)), "{operator}");
        }
    }

    #[test]
    fn every_expression_can_be_read() {
        let mut rng = Rng::with_seed(1);
        for _ in 0..2_000 {
            let text = expression(&mut rng);
            let read = lmr_fhirpath::Expression::parse(&text);
            assert!(read.is_ok(), "{text}: {:?}", read.err());
        }
    }
}
