//! The static check: infers the possible types of every node from the definitions alone.
//!
//! It finds what can never work. Where types cannot be known (`resolve()`, `children()`, a resource
//! of any kind) it reports nothing. A misspelt type name is left to evaluation, as HL7's engine does.

use lmr_fhir::Name;
use smallvec::SmallVec;

use crate::error::{SemanticError, SemanticErrorKind};
use crate::eval::SYSTEM_TYPES;
use crate::functions::{Arguments, Function, Input, Output};
use crate::model::{Child, Model, TypeId, TypeKind};
use crate::syntax::{Constant, Expr, Kind, Operator, RegexUse, TypeSpec, TypeTest};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Fhir(TypeId),
    System(&'static str),
}

/// The possible types of a node.
#[derive(Clone, Debug, Default)]
struct Types {
    /// Anything may come.
    open: bool,
    list: SmallVec<[Type; 4]>,
}

impl Types {
    fn open() -> Self {
        Self { open: true, list: SmallVec::new() }
    }

    fn system(name: &'static str) -> Self {
        Self { open: false, list: SmallVec::from_slice(&[Type::System(name)]) }
    }

    fn fhir(ty: TypeId) -> Self {
        Self { open: false, list: SmallVec::from_slice(&[Type::Fhir(ty)]) }
    }

    fn add(&mut self, ty: Type) {
        if !self.list.contains(&ty) {
            self.list.push(ty);
        }
    }

    fn all<'t>(list: impl IntoIterator<Item = &'t Self>) -> Self {
        let mut all = Self::default();
        for types in list {
            all.merge(types);
        }
        all
    }

    fn merge(&mut self, other: &Self) {
        self.open |= other.open;
        for ty in &other.list {
            self.add(*ty);
        }
    }
}

pub(crate) fn check(
    root: &Expr,
    model: &dyn Model,
    context: TypeId,
) -> Result<(), Vec<SemanticError>> {
    faults(infer(root, model, Types::fhir(context)).1)
}

/// As [`check`], from the items that `start` yields from a focus of type `context`. Errors of `start` itself
/// are not among the result.
pub(crate) fn check_from(
    root: &Expr,
    model: &dyn Model,
    start: &Expr,
    context: TypeId,
) -> Result<(), Vec<SemanticError>> {
    let (types, _) = infer(start, model, Types::fhir(context));
    faults(infer(root, model, types).1)
}

/// What an expression yields from a focus of these types, and what is wrong with it.
fn infer(root: &Expr, model: &dyn Model, context: Types) -> (Types, Vec<SemanticError>) {
    let this = context.clone();
    let mut checker = Checker { model, context, errors: Vec::new() };
    let types = checker.infer(root, &this);
    (types, checker.errors)
}

fn faults(mut errors: Vec<SemanticError>) -> Result<(), Vec<SemanticError>> {
    if errors.is_empty() {
        return Ok(());
    }
    errors.sort_by_key(|f| f.location);
    errors.dedup();
    Err(errors)
}

/// The System type of a primitive's value.
fn system_type(kind: TypeKind) -> &'static str {
    match kind {
        TypeKind::Boolean => "Boolean",
        TypeKind::Integer => "Integer",
        TypeKind::Decimal => "Decimal",
        TypeKind::Date => "Date",
        TypeKind::DateTime => "DateTime",
        TypeKind::Time => "Time",
        TypeKind::Quantity => "Quantity",
        TypeKind::String | TypeKind::Complex | TypeKind::Resource => "String",
    }
}

struct Checker<'m> {
    model: &'m dyn Model,
    context: Types,
    errors: Vec<SemanticError>,
}

impl Checker<'_> {
    fn report(&mut self, at: &Expr, kind: SemanticErrorKind) {
        self.errors.push(SemanticError { location: at.location, kind });
    }

    fn names(&self, types: &Types) -> String {
        let name = |ty: &Type| match ty {
            Type::Fhir(id) => self.model.type_name(*id),
            Type::System(name) => name,
        };
        let mut names: Vec<_> = types.list.iter().map(name).collect();
        names.dedup();
        names.join(", ")
    }

    fn named(&self, name: &str) -> Option<TypeId> {
        self.model.type_named(&Name::new(name))
    }

    /// A type whose elements depend on what it really is.
    fn is_abstract(&self, id: TypeId) -> bool {
        matches!(
            self.model.type_name(id),
            "Resource"
                | "DomainResource"
                | "Element"
                | "BackboneElement"
                | "BackboneType"
                | "DataType"
                | "Base"
        ) && ["Resource", "DomainResource", "Element", "BackboneElement"]
            .iter()
            .any(|name| self.named(name) == Some(id))
    }

    fn kind(&self, ty: Type) -> TypeKind {
        match ty {
            Type::Fhir(id) => self.model.kind(id),
            Type::System(name) => match name {
                "Boolean" => TypeKind::Boolean,
                "Integer" => TypeKind::Integer,
                "Decimal" => TypeKind::Decimal,
                "Date" => TypeKind::Date,
                "DateTime" => TypeKind::DateTime,
                "Time" => TypeKind::Time,
                "Quantity" => TypeKind::Quantity,
                _ => TypeKind::String,
            },
        }
    }

    /// Whether one of the types is of a kind that fits, or none is known.
    fn may_be(&self, types: &Types, fits: impl Fn(TypeKind) -> bool) -> bool {
        types.open || types.list.is_empty() || types.list.iter().any(|ty| fits(self.kind(*ty)))
    }

    fn infer(&mut self, e: &Expr, this: &Types) -> Types {
        match &e.kind {
            Kind::Empty => Types::default(),
            Kind::Boolean(_) => Types::system("Boolean"),
            Kind::Integer(_) | Kind::Index => Types::system("Integer"),
            Kind::Decimal(_) => Types::system("Decimal"),
            Kind::Text(_) => Types::system("String"),
            Kind::Date(_) => Types::system("Date"),
            Kind::DateTime(_) => Types::system("DateTime"),
            Kind::Time(_) | Kind::ZonedTime => Types::system("Time"),
            Kind::Quantity(_) => Types::system("Quantity"),
            Kind::Focus | Kind::This => this.clone(),
            Kind::Total => Types::open(),
            Kind::Constant(constant) => match constant {
                Constant::Context => self.context.clone(),
                Constant::Text(_) => Types::system("String"),
                Constant::Resource | Constant::RootResource | Constant::Named(_) => Types::open(),
            },
            Kind::Member { source, name, type_like } => {
                let source = self.infer(source, this);
                self.member(e, &source, name, *type_like)
            }
            Kind::At { source, index } => {
                self.infer(index, this);
                self.infer(source, this)
            }
            Kind::TypeTest { source, test, spec } => {
                self.infer(source, this);
                match test {
                    TypeTest::Is => Types::system("Boolean"),
                    TypeTest::As | TypeTest::OfType => self.specified(spec),
                }
            }
            Kind::HasText { source, .. } => {
                self.infer(source, this);
                Types::system("Boolean")
            }
            Kind::Regex { source, use_as, pattern, substitution } => {
                let source = self.infer(source, this);
                self.text_source(e, use_as.text(), &source);
                if let crate::syntax::Pattern::Computed(pattern) = pattern {
                    self.infer(pattern, this);
                }
                if let Some(substitution) = substitution {
                    self.infer(substitution, this);
                }
                match use_as {
                    RegexUse::Matches | RegexUse::MatchesFull => Types::system("Boolean"),
                    RegexUse::ReplaceMatches => Types::system("String"),
                }
            }
            Kind::Negate(inner) | Kind::Posit(inner) => self.infer(inner, this),
            Kind::All(operands) | Kind::Any(operands) => {
                for operand in operands {
                    self.infer(operand, this);
                }
                Types::system("Boolean")
            }
            Kind::Union(operands) => {
                let mut all = Types::default();
                for operand in operands {
                    let types = self.infer(operand, this);
                    all.merge(&types);
                }
                all
            }
            Kind::Binary { operator, left, right } => {
                let left = self.infer(left, this);
                let right = self.infer(right, this);
                self.binary(e, *operator, &left, &right)
            }
            Kind::Call { source, function, args } => self.call(e, source, *function, args, this),
        }
    }

    fn member(&mut self, e: &Expr, source: &Types, name: &Name, type_like: bool) -> Types {
        let mut found = Types { open: source.open, list: SmallVec::new() };
        let mut any = source.open;
        let base = if type_like { self.model.type_named(name) } else { None };
        for ty in &source.list {
            match ty {
                Type::Fhir(id) => {
                    if let Some(base) = base
                        && (self.model.is_subtype(*id, base) || self.model.is_subtype(base, *id))
                    {
                        any = true;
                        found.add(if self.model.is_subtype(*id, base) {
                            *ty
                        } else {
                            Type::Fhir(base)
                        });
                        continue;
                    }
                    if name.as_str() == "value" && self.model.kind(*id).is_primitive() {
                        any = true;
                        found.add(Type::System(system_type(self.model.kind(*id))));
                        continue;
                    }
                    match self.model.child(*id, name) {
                        Some(Child::Element { ty, .. }) => {
                            any = true;
                            found.add(Type::Fhir(ty));
                        }
                        Some(Child::Choice { types, .. }) => {
                            any = true;
                            for ty in types {
                                found.add(Type::Fhir(*ty));
                            }
                        }
                        Some(Child::Variant { .. }) | None if self.is_abstract(*id) => {
                            any = true;
                            found.open = true;
                        }
                        Some(Child::Variant { .. }) | None => {}
                    }
                }
                Type::System("Quantity") if matches!(name.as_str(), "value" | "unit" | "code") => {
                    any = true;
                    found.add(Type::System(if name.as_str() == "value" {
                        "Decimal"
                    } else {
                        "String"
                    }));
                }
                Type::System(_) => {}
            }
        }
        if !any && !source.list.is_empty() {
            let types = self.names(source);
            let name = name.as_str().to_owned();
            let kind = match base {
                Some(_) => SemanticErrorKind::WrongContext { name, types },
                None => {
                    let near = self.meant(source, &name, type_like);
                    SemanticErrorKind::UnknownElement { name, near, types }
                }
            };
            self.report(e, kind);
            return Types::open();
        }
        found
    }

    /// What a name that no type has may mean.
    fn meant(&self, source: &Types, wrong: &str, type_like: bool) -> Option<String> {
        if Function::find(wrong).is_some() {
            return Some(format!("{wrong}()"));
        }
        let mut known: Vec<&str> = Vec::new();
        for ty in &source.list {
            if let Type::Fhir(id) = ty {
                known.extend(self.model.child_names(*id));
                if type_like {
                    known.push(self.model.type_name(*id));
                }
            }
        }
        lmr_fhir::nearest(wrong, known.into_iter()).map(str::to_owned)
    }

    /// What `as` and `ofType` leave over.
    fn specified(&self, spec: &TypeSpec) -> Types {
        let name = spec.name.as_str();
        let system = SYSTEM_TYPES.iter().find(|s| **s == name);
        let mut types = Types::default();
        if spec.namespace.as_deref() != Some("System")
            && let Some(id) = self.model.type_named(&spec.name)
        {
            types.add(Type::Fhir(id));
        }
        if spec.namespace.as_deref() != Some("FHIR")
            && let Some(name) = system
        {
            types.add(Type::System(name));
        }
        types.open = types.list.is_empty();
        types
    }

    fn binary(&mut self, e: &Expr, operator: Operator, left: &Types, right: &Types) -> Types {
        match operator {
            Operator::Add | Operator::Subtract => {
                let temporal =
                    |k: TypeKind| matches!(k, TypeKind::Date | TypeKind::DateTime | TypeKind::Time);
                let only_temporal = !left.open
                    && !left.list.is_empty()
                    && left.list.iter().all(|ty| temporal(self.kind(*ty)));
                if only_temporal && !self.may_be(right, |k| k == TypeKind::Quantity) {
                    let found = self.names(right);
                    self.report(e, SemanticErrorKind::Type { what: operator.text(), found });
                }
                let mut all = left.clone();
                all.merge(right);
                if only_temporal { left.clone() } else { all }
            }
            Operator::Multiply | Operator::Divide | Operator::Mod => {
                let mut all = left.clone();
                all.merge(right);
                if operator == Operator::Divide {
                    all.add(Type::System("Decimal"));
                }
                all
            }
            Operator::Div => Types::system("Integer"),
            Operator::Concatenate => Types::system("String"),
            _ => Types::system("Boolean"),
        }
    }

    /// Functions on text take primitives, never a structure.
    fn text_source(&mut self, e: &Expr, what: &'static str, source: &Types) {
        if !self.may_be(source, TypeKind::is_primitive) {
            let found = self.names(source);
            self.report(e, SemanticErrorKind::Type { what, found });
        }
    }

    fn call(
        &mut self,
        e: &Expr,
        source: &Expr,
        function: Function,
        args: &[Expr],
        this: &Types,
    ) -> Types {
        let row = function.row();
        let is_implicit = matches!(source.kind, Kind::Focus);
        let source = self.infer(source, this);
        let inner = match row.arguments {
            Arguments::Each | Arguments::Source => &source,
            Arguments::Branch if !is_implicit => &source,
            Arguments::Focus | Arguments::Branch => this,
        };
        let given: Vec<Types> = args.iter().map(|arg| self.infer(arg, inner)).collect();
        match row.input {
            Input::Any => {}
            Input::Text => self.text_source(e, row.call, &source),
        }
        let first = || given.first().cloned().unwrap_or_default();
        match row.output {
            Output::System(name) => Types::system(name),
            Output::Fhir(name) => self.named(name).map_or_else(Types::open, Types::fhir),
            Output::Source => source,
            Output::First => first(),
            Output::SourceAndFirst => Types::all([&source, &first()]),
            Output::AnyArgument => Types::all(&given),
            Output::Branches => {
                self.condition(args.first(), &first(), row.call);
                Types::all(given.iter().skip(1))
            }
            Output::Repeated => self.repeated(args.first(), first()),
            Output::Unknown => Types::open(),
        }
    }

    /// What is not a boolean cannot decide. A union is for evaluation to refuse: it is too many items,
    /// whatever they are.
    fn condition(&mut self, criterion: Option<&Expr>, types: &Types, what: &'static str) {
        if let Some(criterion) = criterion
            && !matches!(criterion.kind, Kind::Union(_))
            && !self.may_be(types, |k| k == TypeKind::Boolean)
        {
            let found = self.names(types);
            self.report(criterion, SemanticErrorKind::Type { what, found });
        }
    }

    /// What the projection yields is projected again, until no new type comes.
    fn repeated(&mut self, projection: Option<&Expr>, mut all: Types) -> Types {
        for _ in 0..8 {
            let before = all.list.len();
            let errors = self.errors.len();
            let next = projection.map(|one| self.infer(one, &all)).unwrap_or_default();
            self.errors.truncate(errors);
            all.merge(&next);
            if all.list.len() == before {
                break;
            }
        }
        all
    }
}
