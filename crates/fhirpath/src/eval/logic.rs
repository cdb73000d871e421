//! Nodes that yield a boolean or nothing.

use lmr_fhir::SourceLocation;

use super::{Call, Engine, EvalResult, Scope};
use crate::functions::Evaluator;
use crate::item::Item;
use crate::model::TypeKind;
use crate::syntax::{Expr, Kind, Operator};

impl<'a> Engine<'_, 'a> {
    pub(super) fn logic(&self, e: &'a Expr, s: Scope<'_, 'a>) -> EvalResult<Option<bool>> {
        self.step(e.location)?;
        if e.fixed == 0 {
            return self.logic_of(e, s);
        }
        let known = self.fixed.borrow().iter().find(|one| one.0 == e.fixed).map(|one| one.1);
        if let Some(verdict) = known {
            return Ok(verdict);
        }
        let verdict = self.logic_of(e, s)?;
        self.fixed.borrow_mut().push((e.fixed, verdict));
        Ok(verdict)
    }

    fn logic_of(&self, e: &'a Expr, s: Scope<'_, 'a>) -> EvalResult<Option<bool>> {
        match &e.kind {
            Kind::Boolean(b) => Ok(Some(*b)),
            Kind::Any(operands) => self.either(operands, s, "or", true),
            Kind::All(operands) => self.either(operands, s, "and", false),
            Kind::Binary { operator, left, right } => {
                self.relation(e.location, *operator, left, right, s)
            }
            Kind::TypeTest { source, test, spec } => match self.single(source, s, "is")? {
                Some(item) => self.is_of_type(e.location, &item, *test, spec).map(Some),
                None => Ok(None),
            },
            Kind::Regex { source, use_as, pattern, .. } => {
                self.matches(e.location, source, *use_as, pattern, s)
            }
            Kind::HasText { source, texts } => {
                self.has_text(e.location, source, texts, s).map(Some)
            }
            Kind::Call { source, function, args } => match function.row().evaluator {
                Evaluator::Logic(evaluate) => {
                    evaluate(self, Call::new(e.location, *function, source, args, s))
                }
                Evaluator::Scalar(_) | Evaluator::Many(_) => self.condition(e, s, "a condition"),
            },
            _ => self.condition(e, s, "a condition"),
        }
    }

    /// `or` ends at the first true, `and` at the first false; nothing counts as unknown.
    fn either(
        &self,
        operands: &'a [Expr],
        s: Scope<'_, 'a>,
        what: &'static str,
        decisive: bool,
    ) -> EvalResult<Option<bool>> {
        let mut unknown = false;
        for operand in operands {
            match self.condition(operand, s, what)? {
                Some(b) if b == decisive => return Ok(Some(decisive)),
                Some(_) => {}
                None => unknown = true,
            }
        }
        Ok(if unknown { None } else { Some(!decisive) })
    }

    fn relation(
        &self,
        location: SourceLocation,
        operator: Operator,
        left: &'a Expr,
        right: &'a Expr,
        s: Scope<'_, 'a>,
    ) -> EvalResult<Option<bool>> {
        match operator {
            Operator::Xor => {
                let (a, b) = (self.condition(left, s, "xor")?, self.condition(right, s, "xor")?);
                Ok(a.zip(b).map(|(a, b)| a != b))
            }
            Operator::Implies => match self.condition(left, s, "implies")? {
                Some(false) => Ok(Some(true)),
                Some(true) => self.condition(right, s, "implies"),
                None => Ok(self.condition(right, s, "implies")?.filter(|b| *b)),
            },
            Operator::In => self.membership(location, left, right, s, "in"),
            Operator::Contains => self.membership(location, right, left, s, "contains"),
            Operator::Equal => self.equality(location, left, right, s),
            Operator::NotEqual => Ok(self.equality(location, left, right, s)?.map(|b| !b)),
            Operator::Equivalent => self.equivalence(location, left, right, s).map(Some),
            Operator::NotEquivalent => self.equivalence(location, left, right, s).map(|b| Some(!b)),
            _ => self.order(location, operator, left, right, s),
        }
    }

    fn membership(
        &self,
        location: SourceLocation,
        item: &'a Expr,
        among: &'a Expr,
        s: Scope<'_, 'a>,
        what: &'static str,
    ) -> EvalResult<Option<bool>> {
        let Some(item) = self.single(item, s, what)? else { return Ok(None) };
        let mut found = false;
        self.visit(among, s, &mut |other| {
            self.step(location)?;
            found = self.equal(location, &item, other)? == Some(true);
            Ok(!found)
        })?;
        Ok(Some(found))
    }

    fn has_text(
        &self,
        location: SourceLocation,
        source: &'a Expr,
        texts: &[String],
        s: Scope<'_, 'a>,
    ) -> EvalResult<bool> {
        let mut found = false;
        let wanted = |text: &str| texts.iter().any(|one| one == text);
        self.visit(source, s, &mut |item| {
            self.steps(location, texts.len())?;
            found = match item {
                Item::Element(typed) if self.kind(*typed) == TypeKind::String => {
                    typed.element.text().is_some_and(|text| wanted(&text))
                }
                other => matches!(self.value_of(other), Some(Item::String(text)) if wanted(&text)),
            };
            Ok(!found)
        })?;
        Ok(found)
    }
}
