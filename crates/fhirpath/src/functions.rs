//! The functions of the language, one row each.
//!
//! A row is all there is to know of a function outside its evaluator: name, number of arguments,
//! where its arguments are evaluated, what it takes, what it yields. To add a function, write its
//! evaluator beside its family in `eval/` and add a row here; a row that lacks a part does not
//! compile.
//!
//! Tests of types (`is`, `as`, `ofType`) and of regular expressions are nodes of their own, since
//! their argument is not an expression or is compiled when the expression is read.

use crate::eval::{
    Call, Engine, FlowResult, LogicResult, ScalarResult, Sink, boundary, conversion, existence,
    fhir, filtering, flow, math, subsetting, sum, temporal, text, tree,
};

/// How a node yields its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A boolean or nothing.
    Logic,
    /// One item or nothing.
    Scalar,
    /// Any number of items.
    Many,
}

/// The evaluator of a function, by the shape of its result.
#[derive(Clone, Copy)]
pub(crate) enum Evaluator {
    Logic(for<'e, 's, 'a> fn(&Engine<'e, 'a>, Call<'s, 'a>) -> LogicResult),
    Scalar(for<'e, 's, 'a> fn(&Engine<'e, 'a>, Call<'s, 'a>) -> ScalarResult<'a>),
    Many(for<'e, 's, 'k, 'a> fn(&Engine<'e, 'a>, Call<'s, 'a>, Sink<'k, 'a>) -> FlowResult),
}

/// What the arguments of a function are evaluated on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arguments {
    /// The focus of the call, once.
    Focus,
    /// Each item of the source. Without items they are not evaluated, and the result is fixed.
    Each,
    /// The source or its items; the result depends on more than that.
    Source,
    /// The source where it is written, else the focus: `iif()`.
    Branch,
}

/// What a function takes as source, as far as definitions can show a mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    Any,
    /// A primitive, never a structure.
    Text,
}

/// The types of a result, as far as they follow from definitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// A type of the System namespace.
    System(&'static str),
    /// A type of FHIR.
    Fhir(&'static str),
    /// Those of the source.
    Source,
    /// Those of the first argument.
    First,
    /// Those of the source and of the first argument.
    SourceAndFirst,
    /// Those of any argument.
    AnyArgument,
    /// Those of any argument but the first, which is a condition.
    Branches,
    /// Those of the first argument, applied to its own results too.
    Repeated,
    /// Not known without data.
    Unknown,
}

/// All that differs between functions.
pub(crate) struct Row {
    /// The name.
    pub(crate) name: &'static str,
    /// The name with brackets, for messages.
    pub(crate) call: &'static str,
    /// Least and greatest number of arguments.
    pub(crate) arity: std::ops::RangeInclusive<usize>,
    /// What the arguments are evaluated on.
    pub(crate) arguments: Arguments,
    /// What it takes.
    pub(crate) input: Input,
    /// What it does.
    pub(crate) evaluator: Evaluator,
    /// What it yields.
    pub(crate) output: Output,
}

impl Row {
    pub(crate) fn shape(&self) -> Shape {
        match self.evaluator {
            Evaluator::Logic(_) => Shape::Logic,
            Evaluator::Scalar(_) => Shape::Scalar,
            Evaluator::Many(_) => Shape::Many,
        }
    }
}

macro_rules! functions {
    ($($variant:ident $name:literal $least:literal..=$most:literal $arguments:ident $input:ident
       $shape:ident $evaluator:path => $output:expr;)*) => {
        /// A function of the language.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(crate) enum Function {
            $($variant,)*
        }

        static ROWS: &[Row] = &[
            $(Row {
                name: $name,
                call: concat!($name, "()"),
                arity: $least..=$most,
                arguments: Arguments::$arguments,
                input: Input::$input,
                evaluator: Evaluator::$shape($evaluator),
                output: $output,
            },)*
        ];

        impl Function {
            /// The function of this name.
            pub(crate) fn find(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

impl Function {
    /// Its row.
    #[inline]
    pub(crate) fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }

    /// The function that a misspelt name may mean.
    pub(crate) fn nearest(wrong: &str) -> Option<&'static str> {
        lmr_fhir::nearest(wrong, function_names())
    }
}

/// Functions that are nodes of their own.
const NODES: [&str; 6] = ["is", "as", "ofType", "matches", "matchesFull", "replaceMatches"];

/// The names of all functions, so that what is to know every one of them can be held to it.
pub fn function_names() -> impl Iterator<Item = &'static str> {
    ROWS.iter().map(|row| row.name).chain(NODES)
}

use Output::{
    AnyArgument, Branches, Fhir, First, Repeated, Source, SourceAndFirst, System, Unknown,
};

const BOOLEAN: Output = System("Boolean");
const INTEGER: Output = System("Integer");
const DECIMAL: Output = System("Decimal");
const STRING: Output = System("String");
const DATE: Output = System("Date");
const DATE_TIME: Output = System("DateTime");
const TIME: Output = System("Time");
const QUANTITY: Output = System("Quantity");

functions! {
    // existence
    Empty "empty" 0..=0 Focus Any Logic existence::empty => BOOLEAN;
    Exists "exists" 0..=1 Each Any Logic existence::exists => BOOLEAN;
    All "all" 1..=1 Each Any Logic existence::all => BOOLEAN;
    AllTrue "allTrue" 0..=0 Focus Any Logic existence::all_true => BOOLEAN;
    AnyTrue "anyTrue" 0..=0 Focus Any Logic existence::any_true => BOOLEAN;
    AllFalse "allFalse" 0..=0 Focus Any Logic existence::all_false => BOOLEAN;
    AnyFalse "anyFalse" 0..=0 Focus Any Logic existence::any_false => BOOLEAN;
    SubsetOf "subsetOf" 1..=1 Focus Any Logic existence::subset_of => BOOLEAN;
    SupersetOf "supersetOf" 1..=1 Focus Any Logic existence::superset_of => BOOLEAN;
    Count "count" 0..=0 Focus Any Scalar existence::count => INTEGER;
    Distinct "distinct" 0..=0 Focus Any Many existence::distinct => Source;
    IsDistinct "isDistinct" 0..=0 Focus Any Logic existence::is_distinct => BOOLEAN;
    Not "not" 0..=0 Focus Any Logic existence::not => BOOLEAN;
    // filtering and projection
    Where "where" 1..=1 Each Any Many filtering::filter => Source;
    Select "select" 1..=1 Each Any Many filtering::select => First;
    Repeat "repeat" 1..=1 Each Any Many filtering::repeat => Repeated;
    RepeatAll "repeatAll" 1..=1 Source Any Many filtering::repeat_all => Repeated;
    Sort "sort" 0..=16 Source Any Many filtering::sort => Source;
    Coalesce "coalesce" 1..=16 Focus Any Many filtering::coalesce => AnyArgument;
    // parts
    Single "single" 0..=0 Focus Any Scalar subsetting::single => Source;
    First "first" 0..=0 Focus Any Scalar subsetting::first => Source;
    Last "last" 0..=0 Focus Any Scalar subsetting::last => Source;
    Tail "tail" 0..=0 Focus Any Many subsetting::tail => Source;
    Skip "skip" 1..=1 Focus Any Many subsetting::skip => Source;
    Take "take" 1..=1 Focus Any Many subsetting::take => Source;
    Intersect "intersect" 1..=1 Focus Any Many subsetting::intersect => Source;
    Exclude "exclude" 1..=1 Focus Any Many subsetting::exclude => Source;
    Union "union" 1..=1 Focus Any Many subsetting::union => SourceAndFirst;
    Combine "combine" 1..=2 Focus Any Many subsetting::combine => SourceAndFirst;
    // conversion
    Iif "iif" 2..=3 Branch Any Many flow::iif => Branches;
    ToBoolean "toBoolean" 0..=0 Focus Any Logic conversion::to_boolean => BOOLEAN;
    ConvertsToBoolean "convertsToBoolean" 0..=0 Focus Any Logic conversion::converts_to_boolean => BOOLEAN;
    ToInteger "toInteger" 0..=0 Focus Any Scalar conversion::to_integer => INTEGER;
    ConvertsToInteger "convertsToInteger" 0..=0 Focus Any Logic conversion::converts_to_integer => BOOLEAN;
    ToLong "toLong" 0..=0 Focus Any Scalar conversion::to_long => INTEGER;
    ConvertsToLong "convertsToLong" 0..=0 Focus Any Logic conversion::converts_to_long => BOOLEAN;
    ToDecimal "toDecimal" 0..=0 Focus Any Scalar conversion::to_decimal => DECIMAL;
    ConvertsToDecimal "convertsToDecimal" 0..=0 Focus Any Logic conversion::converts_to_decimal => BOOLEAN;
    ToText "toString" 0..=0 Focus Any Scalar conversion::to_text => STRING;
    ConvertsToText "convertsToString" 0..=0 Focus Any Logic conversion::converts_to_text => BOOLEAN;
    ToDate "toDate" 0..=0 Focus Any Scalar conversion::to_date => DATE;
    ConvertsToDate "convertsToDate" 0..=0 Focus Any Logic conversion::converts_to_date => BOOLEAN;
    ToDateTime "toDateTime" 0..=0 Focus Any Scalar conversion::to_date_time => DATE_TIME;
    ConvertsToDateTime "convertsToDateTime" 0..=0 Focus Any Logic conversion::converts_to_date_time => BOOLEAN;
    ToTime "toTime" 0..=0 Focus Any Scalar conversion::to_time => TIME;
    ConvertsToTime "convertsToTime" 0..=0 Focus Any Logic conversion::converts_to_time => BOOLEAN;
    ToQuantity "toQuantity" 0..=1 Focus Any Scalar conversion::to_quantity => QUANTITY;
    ConvertsToQuantity "convertsToQuantity" 0..=1 Focus Any Logic conversion::converts_to_quantity => BOOLEAN;
    // text
    IndexOf "indexOf" 1..=1 Focus Text Scalar text::index_of => INTEGER;
    LastIndexOf "lastIndexOf" 1..=1 Focus Text Scalar text::last_index_of => INTEGER;
    Substring "substring" 1..=2 Focus Text Scalar text::substring => STRING;
    StartsWith "startsWith" 1..=1 Focus Text Logic text::starts_with => BOOLEAN;
    EndsWith "endsWith" 1..=1 Focus Text Logic text::ends_with => BOOLEAN;
    Contains "contains" 1..=1 Focus Text Logic text::contains => BOOLEAN;
    Upper "upper" 0..=0 Focus Text Scalar text::upper => STRING;
    Lower "lower" 0..=0 Focus Text Scalar text::lower => STRING;
    Replace "replace" 2..=2 Focus Text Scalar text::replace => STRING;
    Length "length" 0..=0 Focus Text Scalar text::length => INTEGER;
    ToChars "toChars" 0..=0 Focus Text Many text::to_chars => STRING;
    Trim "trim" 0..=0 Focus Text Scalar text::trim => STRING;
    Split "split" 1..=1 Focus Text Many text::split => STRING;
    Join "join" 0..=1 Focus Any Scalar text::join => STRING;
    Encode "encode" 1..=1 Focus Text Scalar text::encode => STRING;
    Decode "decode" 1..=1 Focus Text Scalar text::decode => STRING;
    Escape "escape" 1..=1 Focus Text Scalar text::escape => STRING;
    Unescape "unescape" 1..=1 Focus Text Scalar text::unescape => STRING;
    // numbers
    Abs "abs" 0..=0 Focus Any Scalar math::abs => Source;
    Ceiling "ceiling" 0..=0 Focus Any Scalar math::ceiling => INTEGER;
    Exp "exp" 0..=0 Focus Any Scalar math::exp => DECIMAL;
    Floor "floor" 0..=0 Focus Any Scalar math::floor => INTEGER;
    Ln "ln" 0..=0 Focus Any Scalar math::ln => DECIMAL;
    Log "log" 1..=1 Focus Any Scalar math::log => DECIMAL;
    Power "power" 1..=1 Focus Any Scalar math::power => Unknown;
    Round "round" 0..=1 Focus Any Scalar math::round => Source;
    Sqrt "sqrt" 0..=0 Focus Any Scalar math::sqrt => DECIMAL;
    Truncate "truncate" 0..=0 Focus Any Scalar math::truncate => INTEGER;
    Sum "sum" 0..=0 Focus Any Scalar sum::sum => Source;
    Min "min" 0..=0 Focus Any Scalar sum::min => Source;
    Max "max" 0..=0 Focus Any Scalar sum::max => Source;
    Avg "avg" 0..=0 Focus Any Scalar sum::avg => Unknown;
    LowBoundary "lowBoundary" 0..=1 Focus Any Scalar boundary::low_boundary => Source;
    HighBoundary "highBoundary" 0..=1 Focus Any Scalar boundary::high_boundary => Source;
    Precision "precision" 0..=0 Focus Any Scalar boundary::precision => INTEGER;
    Comparable "comparable" 1..=1 Focus Any Logic boundary::comparable => BOOLEAN;
    // parts of dates and times
    YearOf "yearOf" 0..=0 Focus Any Scalar temporal::year_of => INTEGER;
    MonthOf "monthOf" 0..=0 Focus Any Scalar temporal::month_of => INTEGER;
    DayOf "dayOf" 0..=0 Focus Any Scalar temporal::day_of => INTEGER;
    HourOf "hourOf" 0..=0 Focus Any Scalar temporal::hour_of => INTEGER;
    MinuteOf "minuteOf" 0..=0 Focus Any Scalar temporal::minute_of => INTEGER;
    SecondOf "secondOf" 0..=0 Focus Any Scalar temporal::second_of => INTEGER;
    MillisecondOf "millisecondOf" 0..=0 Focus Any Scalar temporal::millisecond_of => INTEGER;
    TimezoneOffsetOf "timezoneOffsetOf" 0..=0 Focus Any Scalar temporal::timezone_offset_of => DECIMAL;
    DateOf "dateOf" 0..=0 Focus Any Scalar temporal::date_of => DATE;
    TimeOf "timeOf" 0..=0 Focus Any Scalar temporal::time_of => TIME;
    Now "now" 0..=0 Focus Any Scalar temporal::now => DATE_TIME;
    Today "today" 0..=0 Focus Any Scalar temporal::today => DATE;
    TimeOfDay "timeOfDay" 0..=0 Focus Any Scalar temporal::time_of_day => TIME;
    // the tree
    Children "children" 0..=0 Focus Any Many tree::children => Unknown;
    Descendants "descendants" 0..=0 Focus Any Many tree::descendants => Unknown;
    Type "type" 0..=0 Focus Any Many tree::types => Unknown;
    // flow
    Aggregate "aggregate" 1..=2 Source Any Many flow::aggregate => Unknown;
    Trace "trace" 1..=2 Source Any Many flow::trace => Source;
    DefineVariable "defineVariable" 1..=2 Source Any Many flow::define_variable => Source;
    // FHIR
    Extension "extension" 1..=1 Focus Any Many fhir::extension => Fhir("Extension");
    HasExtension "hasExtension" 1..=1 Focus Any Logic fhir::has_extension => BOOLEAN;
    HasValue "hasValue" 0..=0 Focus Any Logic fhir::has_value => BOOLEAN;
    GetValue "getValue" 0..=0 Focus Any Scalar fhir::get_value => Source;
    Resolve "resolve" 0..=0 Focus Any Many fhir::resolve => Unknown;
    MemberOf "memberOf" 1..=1 Focus Any Logic fhir::member_of => BOOLEAN;
    ConformsTo "conformsTo" 1..=1 Focus Any Logic fhir::conforms_to => BOOLEAN;
    Subsumes "subsumes" 1..=1 Focus Any Logic fhir::subsumes => BOOLEAN;
    SubsumedBy "subsumedBy" 1..=1 Focus Any Logic fhir::subsumed_by => BOOLEAN;
    HtmlChecks "htmlChecks" 0..=0 Focus Any Logic fhir::html_checks => BOOLEAN;
    HtmlChecks2 "htmlChecks2" 0..=0 Focus Any Logic fhir::html_checks2 => BOOLEAN;
    CheckModifiers "checkModifiers" 0..=64 Focus Any Logic fhir::check_modifiers => BOOLEAN;
    ElementDefinition "elementDefinition" 0..=0 Focus Any Many fhir::element_definition => Unknown;
    Slice "slice" 2..=2 Focus Any Many fhir::slice => Unknown;
}
