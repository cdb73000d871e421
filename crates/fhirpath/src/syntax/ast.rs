//! The compiled form: what the evaluator runs over. Names are hashed, functions resolved, patterns built.

use crate::regular_expression::{Extent, RegexFault, RegularExpression};
use lmr_fhir::{Name, SourceLocation};

use crate::functions::{Function, Shape};
use crate::value::{Date, DateTime, Decimal, Quantity, Time};

/// A node with its location in the text.
#[derive(Debug)]
pub(crate) struct Expr {
    pub(crate) location: SourceLocation,
    pub(crate) shape: Shape,
    /// The same for all paths that lead to the same; 0 for a path that occurs once.
    pub(crate) memo: u16,
    /// The number of a condition inside a loop that has the same result for every item; 0 for others.
    pub(crate) fixed: u16,
    pub(crate) kind: Kind,
}

impl Expr {
    pub(crate) fn new(location: SourceLocation, kind: Kind) -> Self {
        Self { location, shape: shape(&kind), memo: 0, fixed: 0, kind }
    }
}

#[derive(Debug)]
pub(crate) enum Kind {
    /// `{}`
    Empty,
    Boolean(bool),
    Integer(i64),
    Decimal(Decimal),
    Text(String),
    Date(Date),
    DateTime(DateTime),
    Time(Time),
    /// A time with a zone, which no Time has.
    ZonedTime,
    Quantity(Box<Quantity>),
    /// What a path that starts with a name starts from: the same as `$this`.
    Focus,
    This,
    Index,
    Total,
    Constant(Constant),
    /// `source.name`
    Member {
        source: Box<Expr>,
        name: Name,
        /// First in its path and capitalised: it may name the type of the focus instead.
        type_like: bool,
    },
    /// `source[index]`
    At {
        source: Box<Expr>,
        index: Box<Expr>,
    },
    Call {
        source: Box<Expr>,
        function: Function,
        args: Vec<Expr>,
    },
    /// `is`, `as` and `ofType`, as operator or function.
    TypeTest {
        source: Box<Expr>,
        test: TypeTest,
        spec: TypeSpec,
    },
    /// `matches`, `matchesFull`, `replaceMatches`
    Regex {
        source: Box<Expr>,
        use_as: RegexUse,
        pattern: Pattern,
        substitution: Option<Box<Expr>>,
    },
    /// Whether an item of the source is one of these texts.
    HasText {
        source: Box<Expr>,
        texts: Vec<String>,
    },
    Negate(Box<Expr>),
    /// `+x`
    Posit(Box<Expr>),
    /// `a and b and c`
    All(Vec<Expr>),
    /// `a or b or c`
    Any(Vec<Expr>),
    /// `a | b | c`
    Union(Vec<Expr>),
    Binary {
        operator: Operator,
        left: Box<Expr>,
        right: Box<Expr>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TypeTest {
    Is,
    As,
    OfType,
}

/// `FHIR.Patient`, `System.String` or a bare name.
#[derive(Clone, Debug)]
pub(crate) struct TypeSpec {
    pub(crate) namespace: Option<String>,
    pub(crate) name: Name,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RegexUse {
    Matches,
    MatchesFull,
    ReplaceMatches,
}

impl RegexUse {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Matches => "matches",
            Self::MatchesFull => "matchesFull",
            Self::ReplaceMatches => "replaceMatches",
        }
    }

    /// `matches()` looks anywhere in the text, `matchesFull()` takes it whole, `replaceMatches()` needs the places.
    pub(crate) fn extent(self) -> Extent {
        match self {
            Self::Matches => Extent::Anywhere,
            Self::ReplaceMatches => Extent::Every,
            Self::MatchesFull => Extent::Whole,
        }
    }
}

#[derive(Debug)]
pub(crate) enum Pattern {
    /// A literal, built once.
    Built(Result<Box<RegularExpression>, RegexFault>),
    Computed(Box<Expr>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Constant {
    Context,
    Resource,
    RootResource,
    /// A constant text: `%ucum`, `%sct`, `%loinc`, the `vs-` and `ext-` families.
    Text(String),
    /// Asked of the environment.
    Named(String),
}

impl Constant {
    pub(crate) fn of(name: String) -> Self {
        let text = |t: String| Self::Text(t);
        match name.as_str() {
            "context" => Self::Context,
            "resource" => Self::Resource,
            "rootResource" => Self::RootResource,
            "ucum" => text("http://unitsofmeasure.org".to_owned()),
            "sct" => text("http://snomed.info/sct".to_owned()),
            "loinc" => text("http://loinc.org".to_owned()),
            other => {
                if let Some(id) = other.strip_prefix("vs-") {
                    text(format!("http://hl7.org/fhir/ValueSet/{id}"))
                } else if let Some(id) = other.strip_prefix("ext-") {
                    text(format!("http://hl7.org/fhir/StructureDefinition/{id}"))
                } else {
                    Self::Named(name)
                }
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Xor,
    Implies,
    In,
    Contains,
    Equal,
    NotEqual,
    Equivalent,
    NotEquivalent,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Concatenate,
    Multiply,
    Divide,
    Div,
    Mod,
}

impl Operator {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Xor => "xor",
            Self::Implies => "implies",
            Self::In => "in",
            Self::Contains => "contains",
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Equivalent => "~",
            Self::NotEquivalent => "!~",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Concatenate => "&",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Div => "div",
            Self::Mod => "mod",
        }
    }
}

fn shape(kind: &Kind) -> Shape {
    match kind {
        Kind::Boolean(_) | Kind::All(_) | Kind::Any(_) | Kind::HasText { .. } => Shape::Logic,
        Kind::Integer(_)
        | Kind::Decimal(_)
        | Kind::Text(_)
        | Kind::Date(_)
        | Kind::DateTime(_)
        | Kind::Time(_)
        | Kind::ZonedTime
        | Kind::Quantity(_)
        | Kind::Index
        | Kind::At { .. }
        | Kind::Negate(_)
        | Kind::Posit(_) => Shape::Scalar,
        Kind::Empty
        | Kind::Focus
        | Kind::This
        | Kind::Total
        | Kind::Constant(_)
        | Kind::Member { .. }
        | Kind::Union(_) => Shape::Many,
        Kind::TypeTest { test, .. } => match test {
            TypeTest::Is => Shape::Logic,
            TypeTest::As | TypeTest::OfType => Shape::Many,
        },
        Kind::Regex { use_as, .. } => match use_as {
            RegexUse::Matches | RegexUse::MatchesFull => Shape::Logic,
            RegexUse::ReplaceMatches => Shape::Scalar,
        },
        Kind::Binary { operator, .. } => match operator {
            Operator::Add
            | Operator::Subtract
            | Operator::Concatenate
            | Operator::Multiply
            | Operator::Divide
            | Operator::Div
            | Operator::Mod => Shape::Scalar,
            Operator::Xor
            | Operator::Implies
            | Operator::In
            | Operator::Contains
            | Operator::Equal
            | Operator::NotEqual
            | Operator::Equivalent
            | Operator::NotEquivalent
            | Operator::Less
            | Operator::LessOrEqual
            | Operator::Greater
            | Operator::GreaterOrEqual => Shape::Logic,
        },
        Kind::Call { function, .. } => function.row().shape(),
    }
}
