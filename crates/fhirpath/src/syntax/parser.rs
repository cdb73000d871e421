//! Precedence climbing over the tokens.

use lmr_fhir::{Name, SourceLocation};

use super::ast::{Constant, Expr, Kind, Operator, Pattern, RegexUse, TypeSpec, TypeTest};
use super::lexer::{Token, tokens};
use super::share::{number_fixed_conditions, number_repeated_paths};
use super::simplify::simplify;
use crate::error::{SyntaxError, SyntaxErrorKind};
use crate::functions::Function;
use crate::regular_expression::RegularExpression;
use crate::value::{CalendarUnit, Decimal, Quantity, Unit};

/// Deepest nesting, brackets and chained calls counted together: what the evaluator's recursion
/// can take on a thread with a small stack.
const MAX_DEPTH: usize = 100;

pub(crate) fn parse(source: &str) -> Result<Expr, SyntaxError> {
    let tokens = tokens(source)?;
    let mut parser = Parser { tokens, at: 0, nested: 0 };
    let expr = parser.expression(0)?;
    match parser.peek() {
        Token::End => {
            let mut root = expr.expr;
            simplify(&mut root);
            number_repeated_paths(&mut root);
            number_fixed_conditions(&mut root);
            Ok(root)
        }
        other => {
            let found = other.describe();
            parser.fail(SyntaxErrorKind::Trailing(found))
        }
    }
}

/// A node and how deep it is.
struct Deep {
    expr: Expr,
    depth: usize,
}

struct Parser {
    tokens: Vec<(Token, SourceLocation)>,
    at: usize,
    nested: usize,
}

impl Parser {
    fn peek(&self) -> &Token {
        self.tokens.get(self.at).map_or(&Token::End, |t| &t.0)
    }

    fn location(&self) -> SourceLocation {
        let last = self.tokens.get(self.at).or(self.tokens.last());
        last.map_or(SourceLocation { line: 1, column: 1 }, |t| t.1)
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
        token
    }

    fn fail<T>(&self, kind: SyntaxErrorKind) -> Result<T, SyntaxError> {
        Err(SyntaxError { location: self.location(), kind })
    }

    fn expected<T>(&self, expected: &'static str) -> Result<T, SyntaxError> {
        self.fail(SyntaxErrorKind::Expected { expected, found: self.peek().describe() })
    }

    fn eat(&mut self, symbol: &'static str) -> bool {
        let found = *self.peek() == Token::Symbol(symbol);
        if found {
            self.next();
        }
        found
    }

    fn expect(&mut self, symbol: &'static str) -> Result<(), SyntaxError> {
        if self.eat(symbol) { Ok(()) } else { self.expected(symbol) }
    }

    fn node(
        &self,
        location: SourceLocation,
        kind: Kind,
        below: usize,
    ) -> Result<Deep, SyntaxError> {
        if below >= MAX_DEPTH {
            return Err(SyntaxError { location, kind: SyntaxErrorKind::TooDeep(MAX_DEPTH) });
        }
        Ok(Deep { expr: Expr::new(location, kind), depth: below + 1 })
    }

    /// Everything that binds tighter than `least`.
    fn expression(&mut self, least: u8) -> Result<Deep, SyntaxError> {
        self.nested += 1;
        if self.nested > MAX_DEPTH {
            return self.fail(SyntaxErrorKind::TooDeep(MAX_DEPTH));
        }
        let mut left = self.unary()?;
        while let Some((operator, power)) = self.operator() {
            if power <= least {
                break;
            }
            let location = self.location();
            self.next();
            left = self.operation(operator, power, left, location)?;
        }
        self.nested -= 1;
        Ok(left)
    }

    /// The next operator, with its binding power.
    fn operator(&self) -> Option<(Infix, u8)> {
        use Operator as O;
        let binary = |o: Operator, power: u8| Some((Infix::Binary(o), power));
        match self.peek() {
            Token::Word(w) => match w.as_str() {
                "implies" => binary(O::Implies, 1),
                "or" => Some((Infix::Any, 2)),
                "xor" => binary(O::Xor, 2),
                "and" => Some((Infix::All, 3)),
                "in" => binary(O::In, 4),
                "contains" => binary(O::Contains, 4),
                "is" => Some((Infix::Is, 8)),
                "as" => Some((Infix::As, 8)),
                "div" => binary(O::Div, 10),
                "mod" => binary(O::Mod, 10),
                _ => None,
            },
            Token::Symbol(s) => match *s {
                "=" => binary(O::Equal, 5),
                "!=" => binary(O::NotEqual, 5),
                "~" => binary(O::Equivalent, 5),
                "!~" => binary(O::NotEquivalent, 5),
                "<" => binary(O::Less, 6),
                "<=" => binary(O::LessOrEqual, 6),
                ">" => binary(O::Greater, 6),
                ">=" => binary(O::GreaterOrEqual, 6),
                "|" => Some((Infix::Union, 7)),
                "+" => binary(O::Add, 9),
                "-" => binary(O::Subtract, 9),
                "&" => binary(O::Concatenate, 9),
                "*" => binary(O::Multiply, 10),
                "/" => binary(O::Divide, 10),
                _ => None,
            },
            _ => None,
        }
    }

    fn operation(
        &mut self,
        infix: Infix,
        power: u8,
        left: Deep,
        location: SourceLocation,
    ) -> Result<Deep, SyntaxError> {
        let test = match infix {
            Infix::Is => TypeTest::Is,
            Infix::As => TypeTest::As,
            _ => {
                let right = self.expression(power)?;
                let depth = left.depth.max(right.depth);
                // A chain of one associative operator is one node, however long it is.
                let kind = match (infix, left.expr) {
                    (Infix::Any, Expr { kind: Kind::Any(mut list), .. }) => {
                        list.push(right.expr);
                        return Ok(Deep { expr: Expr::new(location, Kind::Any(list)), depth });
                    }
                    (Infix::All, Expr { kind: Kind::All(mut list), .. }) => {
                        list.push(right.expr);
                        return Ok(Deep { expr: Expr::new(location, Kind::All(list)), depth });
                    }
                    (Infix::Union, Expr { kind: Kind::Union(mut list), .. }) => {
                        list.push(right.expr);
                        return Ok(Deep { expr: Expr::new(location, Kind::Union(list)), depth });
                    }
                    (Infix::Any, left) => Kind::Any(vec![left, right.expr]),
                    (Infix::All, left) => Kind::All(vec![left, right.expr]),
                    (Infix::Union, left) => Kind::Union(vec![left, right.expr]),
                    (Infix::Binary(operator), left) => {
                        Kind::Binary { operator, left: Box::new(left), right: Box::new(right.expr) }
                    }
                    (Infix::Is | Infix::As, _) => return self.expected("an operator"),
                };
                return self.node(location, kind, depth);
            }
        };
        let spec = self.type_spec()?;
        self.node(location, Kind::TypeTest { source: Box::new(left.expr), test, spec }, left.depth)
    }

    fn unary(&mut self) -> Result<Deep, SyntaxError> {
        let location = self.location();
        let negative = match self.peek() {
            Token::Symbol("-") => true,
            Token::Symbol("+") => false,
            _ => return self.chain(),
        };
        self.next();
        self.nested += 1;
        if self.nested > MAX_DEPTH {
            return self.fail(SyntaxErrorKind::TooDeep(MAX_DEPTH));
        }
        let operand = self.unary()?;
        self.nested -= 1;
        if negative
            && let Kind::Decimal(value) = &operand.expr.kind
            && *value == Decimal::from(1i64 << 31)
            && value.scale() == 0
        {
            // The least integer: its digits alone are one beyond the greatest.
            return self.node(location, Kind::Integer(i64::from(i32::MIN)), 0);
        }
        let inner = Box::new(operand.expr);
        let kind = if negative { Kind::Negate(inner) } else { Kind::Posit(inner) };
        self.node(location, kind, operand.depth)
    }

    /// A term and what is invoked on it.
    fn chain(&mut self) -> Result<Deep, SyntaxError> {
        let mut source = self.term()?;
        loop {
            let location = self.location();
            if self.eat(".") {
                let location = self.location();
                let token = self.peek().clone();
                if !matches!(token, Token::Word(_) | Token::Quoted(_) | Token::Variable(_)) {
                    return self.expected("a name");
                }
                self.next();
                source = match token {
                    Token::Word(name) if *self.peek() == Token::Symbol("(") => {
                        self.call(source, &name, location)?
                    }
                    Token::Word(name) | Token::Quoted(name) => {
                        self.member(source, &name, false, location)?
                    }
                    // `a.$this` is legal in the grammar; it starts again from the focus.
                    Token::Variable(name) => self.variable(&name, location)?,
                    _ => return self.expected("a name"),
                };
            } else if self.eat("[") {
                let index = self.expression(0)?;
                self.expect("]")?;
                let depth = source.depth.max(index.depth);
                let kind = Kind::At { source: Box::new(source.expr), index: Box::new(index.expr) };
                source = self.node(location, kind, depth)?;
            } else {
                return Ok(source);
            }
        }
    }

    fn member(
        &self,
        source: Deep,
        name: &str,
        first: bool,
        location: SourceLocation,
    ) -> Result<Deep, SyntaxError> {
        let type_like = first && name.starts_with(|c: char| c.is_ascii_uppercase());
        let kind = Kind::Member { source: Box::new(source.expr), name: Name::new(name), type_like };
        self.node(location, kind, source.depth)
    }

    fn variable(&self, name: &str, location: SourceLocation) -> Result<Deep, SyntaxError> {
        let kind = match name {
            "this" => Kind::This,
            "index" => Kind::Index,
            "total" => Kind::Total,
            other => {
                return Err(SyntaxError {
                    location,
                    kind: SyntaxErrorKind::UnknownVariable(other.to_owned()),
                });
            }
        };
        self.node(location, kind, 0)
    }

    fn term(&mut self) -> Result<Deep, SyntaxError> {
        let location = self.location();
        let focus = Deep { expr: Expr::new(location, Kind::Focus), depth: 0 };
        let kind = match self.next() {
            Token::Symbol("(") => {
                let inner = self.expression(0)?;
                self.expect(")")?;
                return Ok(inner);
            }
            Token::Symbol("{") => {
                self.expect("}")?;
                Kind::Empty
            }
            Token::Text(text) => Kind::Text(text),
            Token::Integer(n) => match self.unit() {
                Some(unit) => Kind::Quantity(Box::new(Quantity { value: Decimal::from(n), unit })),
                None => Kind::Integer(n),
            },
            Token::Decimal(value) => match self.unit() {
                Some(unit) => Kind::Quantity(Box::new(Quantity { value, unit })),
                None => Kind::Decimal(value),
            },
            Token::Date(d) => Kind::Date(d),
            Token::DateTime(d) => Kind::DateTime(d),
            Token::Time(t) => Kind::Time(t),
            Token::ZonedTime => Kind::ZonedTime,
            Token::Variable(name) => return self.variable(&name, location),
            Token::Constant(name) => Kind::Constant(Constant::of(name)),
            Token::Word(word) if *self.peek() == Token::Symbol("(") => {
                return self.call(focus, &word, location);
            }
            Token::Word(word) => match word.as_str() {
                "true" => Kind::Boolean(true),
                "false" => Kind::Boolean(false),
                "and" | "or" | "xor" | "implies" | "div" | "mod" => {
                    self.at -= 1;
                    return self.expected("an expression");
                }
                _ => return self.member(focus, &word, true, location),
            },
            Token::Quoted(name) => return self.member(focus, &name, true, location),
            Token::End => return self.expected("an expression"),
            Token::Symbol(_) => {
                self.at = self.at.saturating_sub(1);
                return self.expected("an expression");
            }
        };
        self.node(location, kind, 0)
    }

    /// The unit after a number: a text, or a word of the calendar.
    fn unit(&mut self) -> Option<Unit> {
        let unit = match self.peek() {
            Token::Text(code) => Unit::Ucum(code.as_str().into()),
            Token::Word(word) => Unit::Calendar(CalendarUnit::parse(word)?),
            _ => return None,
        };
        self.next();
        Some(unit)
    }

    /// `Patient`, `FHIR.Patient`, with or without backticks.
    fn type_spec(&mut self) -> Result<TypeSpec, SyntaxError> {
        let first = self.type_name()?;
        if *self.peek() == Token::Symbol(".") && matches!(first.as_str(), "FHIR" | "System") {
            self.next();
            let second = self.type_name()?;
            return Ok(TypeSpec { namespace: Some(first), name: Name::new(&second) });
        }
        Ok(TypeSpec { namespace: None, name: Name::new(&first) })
    }

    fn type_name(&mut self) -> Result<String, SyntaxError> {
        match self.peek().clone() {
            Token::Word(name) | Token::Quoted(name) => {
                self.next();
                Ok(name)
            }
            _ => self.expected("a type name"),
        }
    }

    fn call(
        &mut self,
        source: Deep,
        name: &str,
        location: SourceLocation,
    ) -> Result<Deep, SyntaxError> {
        self.expect("(")?;
        let test = match name {
            "is" => Some(TypeTest::Is),
            "as" => Some(TypeTest::As),
            "ofType" => Some(TypeTest::OfType),
            _ => None,
        };
        if let Some(test) = test {
            let spec = self.type_spec()?;
            self.expect(")")?;
            return self.node(
                location,
                Kind::TypeTest { source: Box::new(source.expr), test, spec },
                source.depth,
            );
        }
        let mut args = Vec::new();
        let mut depth = source.depth;
        if !self.eat(")") {
            loop {
                let arg = self.argument(name)?;
                depth = depth.max(arg.depth);
                args.push(arg.expr);
                if !self.eat(",") {
                    break;
                }
            }
            self.expect(")")?;
        }
        let arity = |function: &'static str, least: usize, most: usize| {
            if (least..=most).contains(&args.len()) {
                return Ok(());
            }
            let expected =
                if least == most { least.to_string() } else { format!("{least} to {most}") };
            Err(SyntaxError {
                location,
                kind: SyntaxErrorKind::Arity { function, expected, found: args.len() },
            })
        };
        let regex = match name {
            "matches" => Some((RegexUse::Matches, 1)),
            "matchesFull" => Some((RegexUse::MatchesFull, 1)),
            "replaceMatches" => Some((RegexUse::ReplaceMatches, 2)),
            _ => None,
        };
        let source = Box::new(source.expr);
        let kind = if let Some((use_as, count)) = regex {
            arity(use_as.text(), count, count)?;
            let mut args = args.into_iter();
            let pattern = match args.next() {
                Some(Expr { kind: Kind::Text(text), .. }) => {
                    Pattern::Built(RegularExpression::new(&text, use_as.extent()).map(Box::new))
                }
                Some(other) => Pattern::Computed(Box::new(other)),
                None => return self.expected("a pattern"),
            };
            Kind::Regex { source, use_as, pattern, substitution: args.next().map(Box::new) }
        } else {
            let Some(function) = Function::find(name) else {
                let near = Function::nearest(name);
                let kind = SyntaxErrorKind::UnknownFunction { name: name.to_owned(), near };
                return Err(SyntaxError { location, kind });
            };
            let row = function.row();
            arity(row.name, *row.arity.start(), *row.arity.end())?;
            Kind::Call { source, function, args }
        };
        self.node(location, kind, depth)
    }

    /// `sort(name desc)` allows a direction behind its argument.
    fn argument(&mut self, function: &str) -> Result<Deep, SyntaxError> {
        let arg = self.expression(0)?;
        if function != "sort" {
            return Ok(arg);
        }
        match self.peek() {
            Token::Word(w) if w == "asc" => {
                self.next();
                Ok(arg)
            }
            Token::Word(w) if w == "desc" => {
                let location = self.location();
                self.next();
                self.node(location, Kind::Negate(Box::new(arg.expr)), arg.depth)
            }
            _ => Ok(arg),
        }
    }
}

#[derive(Clone, Copy)]
enum Infix {
    Binary(Operator),
    Any,
    All,
    Union,
    Is,
    As,
}
