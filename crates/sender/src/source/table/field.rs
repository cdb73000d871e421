//! From texts of a row to values.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use lmr_identifiers::{FestId, NORWEGIAN_ZONE, NationalIdentityNumber, systems, time_zone};
use lmr_lmdi::person::looks_personal;

use super::FestSystems;
use super::mapping::{Field, FieldKind, Mapping, MappingError, Missing};
use super::row_error::RowReason;
use super::template::Value;

/// What a text became.
pub(super) enum Read {
    /// A value, or none.
    Value,
    /// The row is left out.
    Skip,
}

/// A way of reading texts.
#[derive(Debug)]
pub(super) enum Kind {
    Text,
    Decimal { positive: bool, separator: Option<char> },
    Boolean { yes: Vec<String>, no: Vec<String> },
    Date { formats: Vec<String> },
    DateTime { formats: Vec<String>, zone: TimeZone },
    Lookup(Lookup),
    IdentityNumber,
    Fest { default_system: Option<String> },
}

/// A table with its rows ready to be copied.
#[derive(Debug)]
pub(super) struct Lookup {
    name: String,
    missing: Missing,
    /// By key in small letters; the values in the order of the names.
    rows: std::collections::HashMap<String, (bool, Vec<Value>)>,
}

/// Decimal separators.
pub(super) const SEPARATORS: [char; 2] = [',', '.'];

/// What a number that is a text shows of its separator, which is given by its place among [`SEPARATORS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NumberForm {
    /// It can only be a decimal separator.
    Decimal { separator: usize },
    /// Before three digits, where a thousands separator may be too: the number may be a thousand times as much.
    MaybeThousands { separator: usize },
}

/// The decimal separator that a mapping gives.
fn separator_of(text: &str, at: &str) -> Result<char, MappingError> {
    let mut signs = text.chars();
    match (signs.next(), signs.next()) {
        (None, _) => Err(MappingError::new(
            at,
            "separator er tom: skriv desimaltegnet, «,» eller «.», eller ta nøkkelen bort, så leses begge",
            "separator is empty: write the decimal separator, \",\" or \".\", or leave the key out, and both are read",
        )),
        (Some(separator), None) if SEPARATORS.contains(&separator) => Ok(separator),
        _ => Err(MappingError::new(
            at,
            format!(
                "separator er desimaltegnet, «,» eller «.», ikke «{text}»; tusenskille tas bort med remove"
            ),
            format!(
                "separator is the decimal separator, \",\" or \".\", not \"{text}\"; a thousands separator is left out with \
                 remove"
            ),
        )),
    }
}

/// Longest value that a message repeats.
const MAX_SHOWN: usize = 40;

impl Kind {
    /// Compiles a field's kind.
    pub(super) fn of(field: &Field, mapping: &Mapping, at: &str) -> Result<Self, MappingError> {
        let formats = |usual: &str| {
            if field.formats.is_empty() { vec![usual.to_owned()] } else { field.formats.clone() }
        };
        let used = [
            ("zone", field.zone.is_some(), field.kind == FieldKind::DateTime),
            (
                "formats",
                !field.formats.is_empty(),
                matches!(field.kind, FieldKind::DateTime | FieldKind::Date),
            ),
            ("positive", field.positive, field.kind == FieldKind::Decimal),
            ("separator", field.separator.is_some(), field.kind == FieldKind::Decimal),
            ("true", !field.true_texts.is_empty(), field.kind == FieldKind::Boolean),
            ("false", !field.false_texts.is_empty(), field.kind == FieldKind::Boolean),
            ("table", field.table.is_some(), field.kind == FieldKind::Lookup),
            ("default_system", field.default_system.is_some(), field.kind == FieldKind::Fest),
        ];
        if let Some((key, ..)) = used.into_iter().find(|(_, given, fits)| *given && !fits) {
            return Err(MappingError::new(
                at,
                format!("{key} hører ikke til denne kind"),
                format!("{key} does not belong to this kind"),
            ));
        }
        let separator = match &field.separator {
            Some(text) => Some(separator_of(text, at)?),
            None => None,
        };
        let lower = |texts: &[String]| texts.iter().map(|text| text.to_lowercase()).collect();
        Ok(match field.kind {
            FieldKind::Text => Self::Text,
            FieldKind::Decimal => Self::Decimal { positive: field.positive, separator },
            FieldKind::Boolean => {
                if field.true_texts.is_empty() || field.false_texts.is_empty() {
                    return Err(MappingError::new(
                        at,
                        "kind boolean trenger tekstene i true og false",
                        "kind boolean needs the texts in true and false",
                    ));
                }
                Self::Boolean { yes: lower(&field.true_texts), no: lower(&field.false_texts) }
            }
            FieldKind::Date => Self::Date { formats: formats("%Y-%m-%d") },
            FieldKind::DateTime => {
                let name = field.zone.as_deref().unwrap_or(NORWEGIAN_ZONE);
                let zone = time_zone(name).ok_or_else(|| {
                    MappingError::new(
                        at,
                        format!("{name} er ikke en tidssone"),
                        format!("{name} is not a time zone"),
                    )
                })?;
                Self::DateTime { formats: formats("iso"), zone }
            }
            FieldKind::Lookup => {
                let name = field.table.as_deref().unwrap_or_default();
                let Some(table) = mapping.tables.get(name) else {
                    return Err(MappingError::new(
                        at,
                        format!("det er ingen [tables.{name}]"),
                        format!("there is no [tables.{name}]"),
                    ));
                };
                let names = table.values();
                let rows = table.rows.iter().map(|(key, row)| {
                    let skips = row.get("skip").is_some_and(|skip| skip.as_bool() == Some(true));
                    let value = |name: &String| match row.get(name) {
                        None => Value::default(),
                        Some(toml::Value::String(text)) => {
                            Value { text: text.clone(), bare: false }
                        }
                        Some(other) => Value { text: other.to_string(), bare: true },
                    };
                    (key.trim().to_lowercase(), (skips, names.iter().map(value).collect()))
                });
                Self::Lookup(Lookup {
                    name: name.to_owned(),
                    missing: table.missing,
                    rows: rows.collect(),
                })
            }
            FieldKind::IdentityNumber => Self::IdentityNumber,
            FieldKind::Fest => Self::Fest { default_system: field.default_system.clone() },
        })
    }

    /// The names of the further values that a field of this kind has.
    pub(super) fn further(field: &Field, mapping: &Mapping) -> Vec<String> {
        match field.kind {
            FieldKind::IdentityNumber | FieldKind::Fest => vec!["system".to_owned()],
            FieldKind::Lookup => field
                .table
                .as_ref()
                .and_then(|name| mapping.tables.get(name))
                .map(super::mapping::LookupTable::values)
                .unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    /// What a text that was read as a number shows of its separator; `None` where it has none, or the mapping says which it is.
    pub(super) fn number_form(&self, text: &str) -> Option<NumberForm> {
        let Self::Decimal { separator: None, .. } = self else { return None };
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (whole, rest) = digits.split_once(SEPARATORS)?;
        let is_it = |separator: &char| digits[whole.len()..].starts_with(*separator);
        let separator = SEPARATORS.iter().position(is_it)?;
        let is_open = (1..=3).contains(&whole.len()) && !whole.starts_with('0') && rest.len() == 3;
        Some(match is_open {
            true => NumberForm::MaybeThousands { separator },
            false => NumberForm::Decimal { separator },
        })
    }

    /// Reads a text that is not empty into the field's values: its own and the further ones. `is_number`: it is a number of
    /// a database's, which is written with a point whatever the texts of the mapping are.
    pub(super) fn read(
        &self,
        text: &str,
        is_number: bool,
        values: &mut [Value],
        fest: Option<&FestSystems>,
    ) -> Result<Read, RowReason> {
        let Some((own, further)) = values.split_first_mut() else { return Ok(Read::Value) };
        match self {
            Self::Text => own.set(text, false),
            Self::Decimal { positive, separator } => {
                let plain = if is_number { without_exponent(text) } else { None };
                let text = plain.as_deref().unwrap_or(text);
                decimal(text, separator.filter(|_| !is_number), own)?;
                let is_positive = !own.text.starts_with('-')
                    && own.text.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
                if *positive && !is_positive {
                    return Err(RowReason::NotPositive);
                }
            }
            Self::Boolean { yes, no } => {
                let lower = text.to_lowercase();
                if yes.contains(&lower) {
                    own.set("true", true);
                } else if no.contains(&lower) {
                    own.set("false", true);
                } else {
                    return Err(RowReason::NotABoolean);
                }
            }
            Self::Date { formats } => {
                let date = formats.iter().find_map(|format| match format.as_str() {
                    "iso" => iso_date(text),
                    format => Date::strptime(format, text).ok(),
                });
                let date =
                    date.ok_or_else(|| RowReason::NotATime { formats: formats.join(" / ") })?;
                own.text.clear();
                known_year(date)?;
                write_date(&mut own.text, date);
                own.bare = false;
            }
            Self::DateTime { formats, zone } => {
                own.text.clear();
                own.bare = false;
                date_time(text, formats, zone, &mut own.text)?;
            }
            Self::Lookup(lookup) => {
                own.set(text, false);
                return lookup.read(text, further);
            }
            Self::IdentityNumber => {
                let number = NationalIdentityNumber::parse(text)
                    .map_err(|_| RowReason::NotAnIdentityNumber)?;
                own.set(number.as_str(), false);
                if let Some(system) = further.first_mut() {
                    system.set(number.system(), false);
                }
            }
            Self::Fest { default_system } => {
                let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
                let system = match text.len() {
                    6 if is_number => Some(systems::ITEM_NUMBER),
                    7 if is_number => Some(systems::SERIAL_NUMBER),
                    _ => None,
                };
                if let Some(known) = system {
                    own.set(text, false);
                    if let Some(system) = further.first_mut() {
                        system.set(known, false);
                    }
                    return Ok(Read::Value);
                }
                let id = FestId::parse(text).map_err(|_| RowReason::NotAFestCode)?;
                own.set(&id.to_string(), false);
                let known = fest.and_then(|fest| fest(&own.text));
                let known = known.or(default_system.as_deref()).unwrap_or(systems::FEST_BRAND);
                if let Some(system) = further.first_mut() {
                    system.set(known, false);
                }
            }
        }
        Ok(Read::Value)
    }
}

impl Lookup {
    fn read(&self, text: &str, further: &mut [Value]) -> Result<Read, RowReason> {
        let found = self.rows.get(text).or_else(|| self.rows.get(&text.to_lowercase()));
        match found {
            Some((true, _)) => return Ok(Read::Skip),
            Some((_, row)) => {
                for (value, of_row) in further.iter_mut().zip(row) {
                    value.set(&of_row.text, of_row.bare);
                }
            }
            None => match self.missing {
                Missing::Skip => return Ok(Read::Skip),
                Missing::Empty => {}
                Missing::Hold => {
                    let shown = (!looks_personal(text) && text.chars().count() <= MAX_SHOWN)
                        .then(|| text.to_owned());
                    return Err(RowReason::NotInTable { table: self.name.clone(), value: shown });
                }
            },
        }
        Ok(Read::Value)
    }
}

/// The largest exponent of a number of 64 bits, and more.
const MAX_EXPONENT: usize = 400;

/// A number of a database that is written with an exponent, as `1.5e-07`, in digits alone; nothing for any other text.
fn without_exponent(text: &str) -> Option<String> {
    let (number, exponent) = text.split_once(['e', 'E'])?;
    let (sign, number) = match number.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", number.strip_prefix('+').unwrap_or(number)),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let exponent = exponent.strip_prefix('+').unwrap_or(exponent).parse::<i32>().ok()?;
    let shift = usize::try_from(exponent.unsigned_abs()).ok().filter(|by| *by <= MAX_EXPONENT)?;
    // Where the point is, counted from the first digit.
    let (digits, point) = if exponent < 0 {
        let zeros = shift.saturating_sub(whole.len());
        (format!("{}{digits}", "0".repeat(zeros)), whole.len() + zeros - shift)
    } else {
        let zeros = shift.saturating_sub(fraction.len());
        (format!("{digits}{}", "0".repeat(zeros)), whole.len() + shift)
    };
    let (whole, fraction) = digits.split_at_checked(point)?;
    let whole = if whole.is_empty() { "0" } else { whole };
    // A binary number says nothing by the zeros behind its last digit.
    let fraction = fraction.trim_end_matches('0');
    Some(match fraction {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    })
}

/// A number with a point or a comma as its decimal separator, or with the one that is given, and no thousands separator. Its
/// digits stay as they are.
fn decimal(text: &str, separator: Option<char>, out: &mut Value) -> Result<(), RowReason> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let parts = match separator {
        Some(separator) => digits.split_once(separator),
        None => digits.split_once(SEPARATORS),
    };
    let (whole, rest) = parts.map_or((digits, None), |(w, r)| (w, Some(r)));
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let whole_ok = all_digits(whole) || (whole.is_empty() && rest.is_some());
    if !whole_ok || rest.is_some_and(|rest| !all_digits(rest)) {
        // It is a number, but for the separator.
        return Err(match separator {
            Some(separator) if decimal(text, None, out).is_ok() => {
                RowReason::OtherSeparator { separator }
            }
            _ => RowReason::NotANumber,
        });
    }
    out.text.clear();
    if text.starts_with('-') {
        out.text.push('-');
    }
    let whole = whole.trim_start_matches('0');
    out.text.push_str(if whole.is_empty() { "0" } else { whole });
    if let Some(rest) = rest {
        out.text.push('.');
        out.text.push_str(rest);
    }
    out.bare = true;
    Ok(())
}

fn date_time(
    text: &str,
    formats: &[String],
    zone: &TimeZone,
    out: &mut String,
) -> Result<(), RowReason> {
    for format in formats {
        let local = match format.as_str() {
            "iso" => match iso(text, zone) {
                Some(local) => local,
                None => continue,
            },
            "%Y-%m-%d %H:%M:%S" => match plain(text) {
                Some(local) => local,
                None => continue,
            },
            format => {
                let Ok(read) = BrokenDownTime::parse(format, text) else { continue };
                match (read.offset(), read.to_datetime()) {
                    (Some(_), _) => match read.to_timestamp() {
                        Ok(at) => return written_at(at, zone, out),
                        Err(_) => continue,
                    },
                    (None, Ok(local)) => local,
                    (None, Err(_)) => continue,
                }
            }
        };
        return written(local, zone, out);
    }
    // With an offset of its own, `iso` is a moment and not a local time.
    if formats.iter().any(|format| format == "iso")
        && let Ok(at) = text.replacen(' ', "T", 1).parse::<Timestamp>()
    {
        return written_at(at, zone, out);
    }
    Err(RowReason::NotATime { formats: formats.join(" / ") })
}

/// A local time in ISO 8601, with a blank or a `T`; none where it has an offset, or no time.
fn iso(text: &str, _: &TimeZone) -> Option<DateTime> {
    let time = text.get(11..)?;
    if time.contains(['Z', 'z', '+', '-']) {
        return None;
    }
    text.parse().ok()
}

/// `yyyy-MM-dd HH:mm:ss`, strictly.
fn plain(text: &str) -> Option<DateTime> {
    let bytes: &[u8; 19] = text.as_bytes().try_into().ok()?;
    let number = |range: std::ops::Range<usize>| {
        bytes[range].iter().try_fold(0_i16, |sum, byte| {
            byte.is_ascii_digit().then(|| sum * 10 + i16::from(byte - b'0'))
        })
    };
    let holds = [(4, b'-'), (7, b'-'), (10, b' '), (13, b':'), (16, b':')]
        .iter()
        .all(|(at, byte)| bytes[*at] == *byte);
    if !holds {
        return None;
    }
    let small = |range| number(range).and_then(|value| i8::try_from(value).ok());
    DateTime::new(
        number(0..4)?,
        small(5..7)?,
        small(8..10)?,
        small(11..13)?,
        small(14..16)?,
        small(17..19)?,
        0,
    )
    .ok()
}

/// A date in ISO 8601, alone or with a time behind it that is one.
fn iso_date(text: &str) -> Option<Date> {
    let Some(date) = text.get(..10).filter(|date| *date != text) else { return text.parse().ok() };
    let moment = text.replacen(' ', "T", 1);
    let has_time = text[10..].starts_with(['T', 't', ' '])
        && (moment.parse::<DateTime>().is_ok() || moment.parse::<Timestamp>().is_ok());
    date.parse().ok().filter(|_| has_time)
}

/// The earliest year that a date of the register's can have. What is before it was written with fewer than four
/// digits, which `%Y` takes for a year of the first centuries.
const FIRST_YEAR: i16 = 1800;

fn known_year(date: Date) -> Result<(), RowReason> {
    if date.year() < FIRST_YEAR {
        Err(RowReason::YearTooEarly { first: FIRST_YEAR })
    } else {
        Ok(())
    }
}

/// A local time with its offset. Of the hour that comes twice in autumn the first is meant.
fn written(local: DateTime, zone: &TimeZone, out: &mut String) -> Result<(), RowReason> {
    let offset = match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset,
        AmbiguousOffset::Fold { before, .. } => before,
        AmbiguousOffset::Gap { .. } => return Err(RowReason::MissingHour),
    };
    known_year(local.date())?;
    write_date(out, local.date());
    let two = |out: &mut String, before: char, value: i8| {
        out.push(before);
        out.push(char::from(b'0' + (value / 10).unsigned_abs()));
        out.push(char::from(b'0' + (value % 10).unsigned_abs()));
    };
    two(out, 'T', local.hour());
    two(out, ':', local.minute());
    two(out, ':', local.second());
    if local.subsec_nanosecond() != 0 {
        let digits = format!("{:09}", local.subsec_nanosecond());
        out.push('.');
        out.push_str(digits.trim_end_matches('0'));
    }
    let minutes = offset.seconds() / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    let minutes = minutes.unsigned_abs();
    two(out, sign, i8::try_from(minutes / 60).unwrap_or_default());
    two(out, ':', i8::try_from(minutes % 60).unwrap_or_default());
    Ok(())
}

fn written_at(at: Timestamp, zone: &TimeZone, out: &mut String) -> Result<(), RowReason> {
    let zoned = at.to_zoned(zone.clone());
    known_year(zoned.date())?;
    // Never ambiguous: the moment is known.
    let text = zoned.strftime("%Y-%m-%dT%H:%M:%S%.f%:z").to_string();
    out.push_str(&text);
    Ok(())
}

fn write_date(out: &mut String, date: Date) {
    let year = date.year().unsigned_abs();
    for (value, digits) in [
        (year, 4),
        (u16::from(date.month().unsigned_abs()), 2),
        (u16::from(date.day().unsigned_abs()), 2),
    ] {
        if digits == 2 {
            out.push('-');
        }
        for place in (0..digits).rev() {
            let digit = (value / 10_u16.pow(place)) % 10;
            out.push(char::from(b'0' + u8::try_from(digit).unwrap_or_default()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: &Kind, text: &str) -> Result<String, RowReason> {
        let mut values = [Value::default(), Value::default()];
        kind.read(text, false, &mut values, None).map(|_| values[0].text.clone())
    }

    fn times(formats: &[&str]) -> Kind {
        let zone = lmr_identifiers::norwegian_zone();
        Kind::DateTime { formats: formats.iter().map(|f| (*f).to_owned()).collect(), zone }
    }

    /// jiff's `%Y` takes fewer digits than four for a year of the first centuries.
    #[test]
    fn a_year_with_two_digits_is_not_one_of_the_first_century() {
        let early = Err(RowReason::YearTooEarly { first: FIRST_YEAR });
        let date = |format: &str| Kind::Date { formats: vec![format.to_owned()] };
        for (kind, text) in [
            (date("%d.%m.%Y"), "26.01.86"),
            (date("%d.%m.%Y"), "26.01.0086"),
            (date("%d.%m.%Y"), "26.01.986"),
            (date("%Y-%m-%d"), "26-01-05"),
            (date("iso"), "0026-01-05"),
            (times(&["%d.%m.%Y %H:%M"]), "10.01.26 08:05"),
            (times(&["%d.%m.%Y %H:%M %z"]), "10.01.26 08:05 +0100"),
            (times(&["%Y-%m-%d %H:%M:%S"]), "0026-01-10 08:05:00"),
            (times(&["iso"]), "0026-01-10T08:05:00"),
            (times(&["iso"]), "0026-01-10T08:05:00Z"),
        ] {
            assert_eq!(read(&kind, text), early, "{text}");
        }
        assert_eq!(read(&date("%d.%m.%y"), "26.01.86").as_deref(), Ok("1986-01-26"));
        assert_eq!(read(&date("%d.%m.%Y"), "26.01.1986").as_deref(), Ok("1986-01-26"));
    }

    #[test]
    fn what_follows_an_iso_date_is_a_time() {
        let kind = Kind::Date { formats: vec!["iso".to_owned()] };
        for text in [
            "2026-01-05",
            "2026-01-05T08:05:00",
            "2026-01-05 00:00:00.0000000",
            "2026-01-05 08:05",
            "2026-01-05T08:05:00+01:00",
            "2026-01-05T08:05:00Z",
        ] {
            assert_eq!(read(&kind, text).as_deref(), Ok("2026-01-05"), "{text}");
        }
        for text in
            ["2026-01-05xyz", "2026-01-05 ", "2026-01-051", "2026-01-05T25:00", "2026-01-0å"]
        {
            assert!(matches!(read(&kind, text), Err(RowReason::NotATime { .. })), "{text}");
        }
    }

    #[test]
    fn numbers_have_a_comma_or_a_point_and_keep_their_digits() {
        let kind = Kind::Decimal { positive: false, separator: None };
        for (text, number) in [
            ("1,50", "1.50"),
            ("0,5", "0.5"),
            (",5", "0.5"),
            ("007", "7"),
            ("-2.0", "-2.0"),
            ("+3", "3"),
            ("0", "0"),
        ] {
            assert_eq!(read(&kind, text).as_deref(), Ok(number), "{text}");
        }
        for text in ["1 000", "1.000,5", "1,", "x", "-", ",", "1e3", "½"] {
            assert_eq!(read(&kind, text), Err(RowReason::NotANumber), "{text}");
        }
        let positive = Kind::Decimal { positive: true, separator: None };
        for text in ["0", "0,00", "-1"] {
            assert_eq!(read(&positive, text), Err(RowReason::NotPositive), "{text}");
        }
        assert!(read(&positive, "0,001").is_ok());
    }

    #[test]
    fn a_separator_before_three_digits_may_group_thousands_unless_the_mapping_says_which_it_is() {
        let kind = |separator| Kind::Decimal { positive: false, separator };
        let open = |separator| Some(NumberForm::MaybeThousands { separator });
        let decimal = |separator| Some(NumberForm::Decimal { separator });
        for (text, form) in [
            ("1.000", open(1)),
            ("1,000", open(0)),
            ("-250,125", open(0)),
            ("0,125", decimal(0)),
            ("1000,125", decimal(0)),
            ("1.5", decimal(1)),
            ("1,2500", decimal(0)),
            (",125", decimal(0)),
            ("1000", None),
        ] {
            assert_eq!(kind(None).number_form(text), form, "{text}");
            for separator in SEPARATORS {
                assert_eq!(kind(Some(separator)).number_form(text), None, "{text}");
                let other = if separator == ',' { '.' } else { ',' };
                let expected = match text.contains(other) {
                    true => Err(RowReason::OtherSeparator { separator }),
                    false => Ok(()),
                };
                assert_eq!(
                    read(&kind(Some(separator)), text).map(drop),
                    expected,
                    "{text} {separator}"
                );
            }
        }
        for text in ["1.000,5", "1,000.5", "x", "1 000"] {
            assert_eq!(read(&kind(Some(',')), text), Err(RowReason::NotANumber), "{text}");
        }
    }

    /// As SQLite and PostgreSQL write numbers of 64 bits. A text is not read so: `1E5` may be a name.
    #[test]
    fn a_number_of_a_database_may_have_an_exponent() {
        for separator in [None, Some(',')] {
            let kind = Kind::Decimal { positive: false, separator };
            for (text, expected) in [
                ("1.0e-05", "0.00001"),
                ("1e-7", "0.0000001"),
                ("1.5E-7", "0.00000015"),
                ("-2.25e-1", "-0.225"),
                ("12.5e-1", "1.25"),
                ("1.23456789012346e+17", "123456789012346000"),
                ("1.25e1", "12.5"),
                ("-1e+02", "-100"),
                ("0.0e0", "0"),
                ("5e0", "5"),
            ] {
                let mut values = [Value::default()];
                assert_eq!(kind.read(text, true, &mut values, None).map(drop), Ok(()), "{text}");
                assert_eq!((&*values[0].text, values[0].bare), (expected, true), "{text}");
                let as_text = kind.read(text, false, &mut values, None).map(drop);
                assert_eq!(as_text, Err(RowReason::NotANumber), "{text}");
            }
            for text in ["e5", "1e", "1e5x", "1e999999999999", "1e401", "x1e5", "1.2.3e4", "Inf"] {
                let mut values = [Value::default()];
                let read = kind.read(text, true, &mut values, None).map(drop);
                assert_eq!(read, Err(RowReason::NotANumber), "{text}");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn a_number_without_its_exponent_is_the_same_number(number: f64) {
            proptest::prop_assume!(number.is_finite());
            let text = without_exponent(&format!("{number:e}")).expect("a number");
            proptest::prop_assert!(!text.contains(['e', 'E']), "{}", text);
            proptest::prop_assert_eq!(text.parse::<f64>().ok(), Some(number), "{}", text);
        }
    }

    /// A database writes a number with a point, whatever separator its texts have.
    #[test]
    fn a_number_of_a_database_has_a_point() {
        for separator in [None, Some(','), Some('.')] {
            let kind = Kind::Decimal { positive: false, separator };
            let mut values = [Value::default()];
            assert!(kind.read("1.500", true, &mut values, None).is_ok(), "{separator:?}");
            assert_eq!((&*values[0].text, values[0].bare), ("1.500", true), "{separator:?}");
        }
    }

    #[test]
    fn local_times_get_the_offset_of_their_day() {
        let kind = times(&["%Y-%m-%d %H:%M:%S"]);
        for (text, time) in [
            ("2026-01-10 08:05:09", "2026-01-10T08:05:09+01:00"),
            ("2026-07-10 23:59:59", "2026-07-10T23:59:59+02:00"),
            // The hour that comes twice: the first.
            ("2026-10-25 02:30:00", "2026-10-25T02:30:00+02:00"),
            ("2026-10-25 03:00:00", "2026-10-25T03:00:00+01:00"),
            ("2026-03-29 01:59:59", "2026-03-29T01:59:59+01:00"),
            ("2026-03-29 03:00:00", "2026-03-29T03:00:00+02:00"),
        ] {
            assert_eq!(read(&kind, text).as_deref(), Ok(time), "{text}");
        }
        assert_eq!(read(&kind, "2026-03-29 02:30:00"), Err(RowReason::MissingHour));
        for text in [
            "2026-1-10 08:05:09",
            "10.01.2026 08:05:09",
            "2026-01-10T08:05:09",
            "2026-02-30 00:00:00",
            "2026-01-10",
        ] {
            assert!(matches!(read(&kind, text), Err(RowReason::NotATime { .. })), "{text}");
        }
    }

    #[test]
    fn other_forms_of_times_are_named_by_the_mapping() {
        let norwegian = times(&["%d.%m.%Y %H:%M", "iso"]);
        for (text, time) in [
            ("10.01.2026 08:05", "2026-01-10T08:05:00+01:00"),
            ("2026-01-10T08:05:09.25", "2026-01-10T08:05:09.25+01:00"),
            ("2026-01-10 08:05:09", "2026-01-10T08:05:09+01:00"),
            ("2026-07-10T08:05:09Z", "2026-07-10T10:05:09+02:00"),
            ("2026-07-10 08:05:09+00:00", "2026-07-10T10:05:09+02:00"),
        ] {
            assert_eq!(read(&norwegian, text).as_deref(), Ok(time), "{text}");
        }
        assert!(read(&norwegian, "2026-01-10").is_err(), "a date has no time");
        let with_offset = times(&["%Y%m%d%H%M%S%z"]);
        assert_eq!(
            read(&with_offset, "20260110080509+0000").as_deref(),
            Ok("2026-01-10T09:05:09+01:00")
        );
        let dates = Kind::Date { formats: vec!["%d.%m.%Y".to_owned(), "iso".to_owned()] };
        assert_eq!(read(&dates, "17.05.1970").as_deref(), Ok("1970-05-17"));
        assert_eq!(read(&dates, "1970-05-17").as_deref(), Ok("1970-05-17"));
        assert!(read(&dates, "31.02.1970").is_err());
    }

    #[test]
    fn fest_ids_are_spelled_as_fest_does_and_get_a_system() {
        let kind = Kind::Fest { default_system: None };
        let list: FestSystems =
            std::sync::Arc::new(|code| code.starts_with("ID_C3").then_some(systems::FEST_PACKAGE));
        let read = |text: &str| {
            let mut values = [Value::default(), Value::default()];
            kind.read(text, false, &mut values, Some(&list))
                .map(|_| (values[0].text.clone(), values[1].text.clone()))
        };
        let id = "ID_C31AF94A-5D5A-4C91-9B99-BB221E26E4C9";
        let pair = |code: &str, system: &str| Ok((code.to_owned(), system.to_owned()));
        assert_eq!(read(&id[3..].to_lowercase()), pair(id, systems::FEST_PACKAGE));
        let other = id.replacen("C3", "D3", 1);
        assert_eq!(read(&other), pair(&other, systems::FEST_BRAND));
        assert_eq!(read("003228"), pair("003228", systems::ITEM_NUMBER));
        assert_eq!(read("1234567"), pair("1234567", systems::SERIAL_NUMBER));
        assert_eq!(read("Paracet"), Err(RowReason::NotAFestCode));
    }
}
