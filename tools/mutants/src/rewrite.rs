//! Rewrites a file so that every change is in it behind the switch.
//!
//! Changes are made in the syntax tree, not in the text: with `&&` for `||`, the operands stay the same. Each way of
//! writing evaluates operands in the order and as often as the original does.

use std::{cmp::Reverse, ops::Range};

use anyhow::{Context, Result};
use syn::{BinOp, Expr, UnOp, spanned::Spanned, visit::Visit};

use crate::mutant::{Genre, Mutant};

/// A place at which one or several changes are compiled in.
#[derive(Debug)]
struct Site {
    range: Range<usize>,
    shape: Shape,
    /// Numbers with what the change puts there.
    changes: Vec<(u32, Genre, String)>,
}

#[derive(Debug)]
enum Shape {
    /// Before the first statement of a function.
    Body,
    Not(Range<usize>),
    Negate(Range<usize>),
    Equality,
    Compare(Range<usize>, Range<usize>, String),
    Logic(Range<usize>, Range<usize>, bool),
    Arithmetic(Range<usize>, Range<usize>, String),
    Assign(Range<usize>, Range<usize>, String),
    /// After an arm's pattern, or its guard; the flag: the guard binds names.
    Arm(bool, bool),
    /// The value of a field beside `..base`: name, whether the value is named, base.
    Field(String, bool, Range<usize>),
}

impl Shape {
    /// What wraps an expression of the same extent comes first.
    fn rank(&self) -> u8 {
        match self {
            Self::Body => 0,
            Self::Arm(..) | Self::Field(..) => 1,
            _ => 2,
        }
    }
}

impl Site {
    /// Whether a later place in the order of the file is inside this one.
    fn encloses(&self, later: &Self) -> bool {
        !self.range.is_empty()
            && later.range.start < self.range.end
            && later.range.end <= self.range.end
    }
}

/// A file with the places of its changes.
#[derive(Debug)]
pub(crate) struct File {
    source: String,
    sites: Vec<Site>,
    /// Changes for which there is no switch, and why.
    pub(crate) unswitched: Vec<(u32, &'static str)>,
    /// Changes that cannot compile.
    pub(crate) uncompilable: Vec<u32>,
}

/// The text of a file with its changes, and where they are in it.
#[derive(Debug, Default)]
pub(crate) struct Rendered {
    pub(crate) text: String,
    /// What only this change has put there.
    pub(crate) pieces: Vec<(Range<usize>, u32)>,
    /// What was written in place of the original, for all changes of the place.
    pub(crate) places: Vec<(Range<usize>, Vec<u32>)>,
}

impl Rendered {
    /// Puts a text before everything.
    pub(crate) fn put_before(&mut self, text: &str) {
        self.text.insert_str(0, text);
        let pieces = self.pieces.iter_mut().map(|(range, _)| range);
        for range in pieces.chain(self.places.iter_mut().map(|(range, _)| range)) {
            *range = range.start + text.len()..range.end + text.len();
        }
    }
}

impl File {
    /// Finds the places of the changes.
    ///
    /// # Errors
    ///
    /// When the file is not Rust.
    pub(crate) fn new(source: String, mutants: &[&Mutant]) -> Result<Self> {
        let tree = syn::parse_file(&source).context("not Rust")?;
        let lines = line_starts(&source);
        let wanted = mutants
            .iter()
            .map(|mutant| (offset(&source, &lines, mutant.span.0), *mutant))
            .collect();
        let mut finder =
            Finder { wanted, sites: vec![], constant: 0, unswitched: vec![], uncompilable: vec![] };
        finder.visit_file(&tree);
        let Finder { wanted, mut sites, mut unswitched, uncompilable, .. } = finder;
        unswitched
            .extend(wanted.iter().map(|(_, mutant)| (mutant.number, "its place was not found")));
        sites.sort_by_key(|site| {
            (site.range.start, !site.range.is_empty(), Reverse(site.range.end), site.shape.rank())
        });
        Ok(Self { source, sites, unswitched, uncompilable })
    }

    /// Writes the file with the changes that are kept.
    pub(crate) fn render(&self, keep: impl Fn(u32) -> bool) -> Rendered {
        let mut roots = vec![];
        let mut open: Vec<Kept<'_>> = vec![];
        for site in &self.sites {
            let changes: Vec<_> = site.changes.iter().filter(|change| keep(change.0)).collect();
            if changes.is_empty() {
                continue;
            }
            while open.last().is_some_and(|outer| !outer.site.encloses(site)) {
                close(&mut open, &mut roots);
            }
            open.push(Kept { site, changes, inside: vec![] });
        }
        while !open.is_empty() {
            close(&mut open, &mut roots);
        }
        let mut writer = Writer { source: &self.source, out: Rendered::default() };
        writer.range(0..self.source.len(), &roots);
        writer.out
    }

    /// Writes the file with one change in its text and no switch.
    pub(crate) fn with_text_changed(&self, mutant: &Mutant) -> String {
        let lines = line_starts(&self.source);
        let [from, to] =
            [mutant.span.0, mutant.span.1].map(|point| offset(&self.source, &lines, point));
        format!("{} {} {}", &self.source[..from], mutant.replacement, &self.source[to..])
    }
}

/// Puts the innermost open place into the one around it.
fn close<'a>(open: &mut Vec<Kept<'a>>, roots: &mut Vec<Kept<'a>>) {
    if let Some(done) = open.pop() {
        open.last_mut().map_or(roots, |outer| &mut outer.inside).push(done);
    }
}

fn line_starts(source: &str) -> Vec<usize> {
    std::iter::once(0).chain(source.match_indices('\n').map(|(at, _)| at + 1)).collect()
}

/// The byte at a line and column, both from 1, columns in characters.
fn offset(source: &str, lines: &[usize], (line, column): (usize, usize)) -> usize {
    let start = lines.get(line - 1).copied().unwrap_or(source.len());
    source[start..].char_indices().nth(column - 1).map_or(source.len(), |(at, _)| start + at)
}

struct Finder<'a> {
    /// Changes not yet found, with the byte where they begin.
    wanted: Vec<(usize, &'a Mutant)>,
    sites: Vec<Site>,
    /// How many constants we are in: nothing can be switched at run time there.
    constant: usize,
    unswitched: Vec<(u32, &'static str)>,
    uncompilable: Vec<u32>,
}

impl Finder<'_> {
    /// Takes the changes of a kind that begin here.
    fn take(&mut self, start: usize, genre: Genre) -> Vec<(u32, Genre, String)> {
        let (mut taken, constant) = (vec![], self.constant > 0);
        let unswitched = &mut self.unswitched;
        self.wanted.retain(|(at, mutant)| {
            let here = *at == start && mutant.genre == genre;
            if here && constant {
                unswitched.push((mutant.number, "in a constant"));
            } else if here {
                taken.push((mutant.number, genre, mutant.replacement.clone()));
            }
            !here
        });
        taken
    }

    fn add(&mut self, range: Range<usize>, shape: Shape, changes: Vec<(u32, Genre, String)>) {
        if !changes.is_empty() {
            self.sites.push(Site { range, shape, changes });
        }
    }

    fn body(&mut self, block: &syn::Block, signature: &syn::Signature) {
        self.constant += usize::from(signature.constness.is_some());
        if let Some(first) = block.stmts.first() {
            let start = bytes(first).start;
            let mut changes = self.take(start, Genre::FnValue);
            // An early return would decide which type it is.
            if let syn::ReturnType::Type(_, to) = &signature.output
                && matches!(**to, syn::Type::ImplTrait(_))
            {
                let opaque = changes.drain(..).map(|change| (change.0, "the type is not named"));
                self.unswitched.extend(opaque);
            }
            self.add(start..start, Shape::Body, changes);
        }
    }
}

fn bytes(node: &impl Spanned) -> Range<usize> {
    node.span().byte_range()
}

/// Whether an expression is a `let` of a condition, or a chain with one.
fn binds(expression: &Expr) -> bool {
    match expression {
        Expr::Let(_) => true,
        Expr::Binary(binary) => {
            matches!(binary.op, BinOp::And(_)) && (binds(&binary.left) || binds(&binary.right))
        }
        _ => false,
    }
}

macro_rules! constants {
    ($($visit:ident: $node:ty),*) => {
        $(fn $visit(&mut self, node: &'ast $node) {
            self.constant += 1;
            syn::visit::$visit(self, node);
            self.constant -= 1;
        })*
    };
}

impl<'ast> Visit<'ast> for Finder<'_> {
    constants! {
        visit_item_const: syn::ItemConst, visit_item_static: syn::ItemStatic, visit_impl_item_const: syn::ImplItemConst,
        visit_trait_item_const: syn::TraitItemConst, visit_type_array: syn::TypeArray, visit_variant: syn::Variant,
        visit_expr_const: syn::ExprConst, visit_expr_repeat: syn::ExprRepeat,
        visit_generic_argument: syn::GenericArgument
    }

    fn visit_item_fn(&mut self, node: &'ast syn::ItemFn) {
        let constant = node.sig.constness.is_some();
        self.body(&node.block, &node.sig);
        syn::visit::visit_item_fn(self, node);
        self.constant -= usize::from(constant);
    }

    fn visit_impl_item_fn(&mut self, node: &'ast syn::ImplItemFn) {
        let constant = node.sig.constness.is_some();
        self.body(&node.block, &node.sig);
        syn::visit::visit_impl_item_fn(self, node);
        self.constant -= usize::from(constant);
    }

    fn visit_trait_item_fn(&mut self, node: &'ast syn::TraitItemFn) {
        if let Some(block) = &node.default {
            self.body(block, &node.sig);
        }
        syn::visit::visit_trait_item_fn(self, node);
    }

    fn visit_expr_unary(&mut self, node: &'ast syn::ExprUnary) {
        let (range, operand) = (bytes(node), bytes(&node.expr));
        let changes = self.take(bytes(&node.op).start, Genre::UnaryOperator);
        match node.op {
            UnOp::Not(_) => self.add(range, Shape::Not(operand), changes),
            UnOp::Neg(_) => self.add(range, Shape::Negate(operand), changes),
            _ => {}
        }
        syn::visit::visit_expr_unary(self, node);
    }

    fn visit_expr_binary(&mut self, node: &'ast syn::ExprBinary) {
        let (range, left, right) = (bytes(node), bytes(&node.left), bytes(&node.right));
        let changes = self.take(bytes(&node.op).start, Genre::BinaryOperator);
        let sign = node.op.span().source_text().unwrap_or_default();
        match node.op {
            BinOp::And(_) | BinOp::Or(_) if binds(&node.left) || binds(&node.right) => {
                self.uncompilable.extend(changes.iter().map(|change| change.0));
            }
            BinOp::And(_) => self.add(range, Shape::Logic(left, right, true), changes),
            BinOp::Or(_) => self.add(range, Shape::Logic(left, right, false), changes),
            BinOp::Eq(_) | BinOp::Ne(_) => self.add(range, Shape::Equality, changes),
            BinOp::Lt(_) | BinOp::Le(_) | BinOp::Gt(_) | BinOp::Ge(_) => {
                self.add(range, Shape::Compare(left, right, sign), changes);
            }
            _ if sign.ends_with('=') => self.add(range, Shape::Assign(left, right, sign), changes),
            _ => self.add(range, Shape::Arithmetic(left, right, sign), changes),
        }
        syn::visit::visit_expr_binary(self, node);
    }

    fn visit_arm(&mut self, node: &'ast syn::Arm) {
        let mut changes = self.take(bytes(node).start, Genre::MatchArm);
        if let Some((_, guard)) = &node.guard {
            let range = bytes(guard);
            let binding = binds(guard);
            let of_guard = self.take(range.start, Genre::MatchArmGuard);
            if binding {
                self.unswitched
                    .extend(of_guard.iter().map(|change| (change.0, "the guard binds names")));
            } else {
                changes.extend(of_guard);
            }
            self.add(range, Shape::Arm(true, binding), changes);
        } else {
            let end = bytes(&node.pat).end;
            self.add(end..end, Shape::Arm(false, false), changes);
        }
        syn::visit::visit_arm(self, node);
    }

    fn visit_expr_struct(&mut self, node: &'ast syn::ExprStruct) {
        for field in &node.fields {
            let changes = self.take(bytes(field).start, Genre::StructField);
            if let (syn::Member::Named(name), Some(rest)) = (&field.member, &node.rest) {
                let shape =
                    Shape::Field(name.to_string(), field.colon_token.is_some(), bytes(rest));
                self.add(bytes(&field.expr), shape, changes);
            }
        }
        syn::visit::visit_expr_struct(self, node);
    }
}

/// A place with the changes that are kept there, and the places inside it, in order.
struct Kept<'a> {
    site: &'a Site,
    changes: Vec<&'a (u32, Genre, String)>,
    inside: Vec<Kept<'a>>,
}

struct Writer<'a> {
    source: &'a str,
    out: Rendered,
}

impl Writer<'_> {
    /// Writes a range of the source with the places in it.
    fn range(&mut self, range: Range<usize>, places: &[Kept<'_>]) {
        let mut at = range.start;
        for place in places {
            let within = &place.site.range;
            if range.start <= within.start && within.end <= range.end {
                self.text(at..within.start);
                self.place(place);
                at = within.end;
            }
        }
        self.text(at..range.end);
    }

    fn text(&mut self, range: Range<usize>) {
        self.out.text.push_str(&self.source[range]);
    }

    fn put(&mut self, text: &str) {
        self.out.text.push_str(text);
    }

    /// Writes what only one change has here.
    fn piece(&mut self, number: u32, text: &str) {
        let start = self.out.text.len();
        self.put(text);
        self.out.pieces.push((start..self.out.text.len(), number));
    }

    fn on(number: u32) -> String {
        format!("crate::__mutants::on({number})")
    }

    /// `if on(1) { change } else if on(2) { change } else { original }`
    fn branches(
        &mut self,
        changes: &[&(u32, Genre, String)],
        original: &str,
        write: impl Fn(&str) -> String,
    ) {
        for (number, _, replacement) in changes {
            self.put(&format!("if {} {{ ", Self::on(*number)));
            self.piece(*number, &write(replacement));
            self.put(" } else ");
        }
        self.put(&format!("{{ {} }}", write(original)));
    }

    fn place(&mut self, Kept { site, changes, inside }: &Kept<'_>) {
        let start = self.out.text.len();
        let on = Self::on(changes[0].0);
        match &site.shape {
            Shape::Body => {
                for (number, _, replacement) in changes {
                    self.piece(
                        *number,
                        &format!("if {} {{ return {replacement}; }} ", Self::on(*number)),
                    );
                }
            }
            Shape::Not(operand) => {
                self.put(&format!("({on} ^ !("));
                self.range(operand.clone(), inside);
                self.put("))");
            }
            Shape::Negate(operand) => {
                self.put("(match ");
                self.range(operand.clone(), inside);
                self.put(&format!(" {{ __v => if {on} {{ __v }} else {{ -__v }} }})"));
            }
            Shape::Equality => {
                self.put("((");
                self.range(site.range.clone(), inside);
                self.put(&format!(") ^ {on})"));
            }
            Shape::Compare(left, right, sign) => {
                self.put("(match (&(");
                self.range(left.clone(), inside);
                self.put("), &(");
                self.range(right.clone(), inside);
                self.put(")) { (__l, __r) => ");
                self.branches(changes, sign, |sign| format!("__l {sign} __r"));
                self.put(" })");
            }
            Shape::Logic(left, right, and) => {
                self.put("({ let __l: bool = ");
                self.range(left.clone(), inside);
                self.put(&format!("; if __l {} {on} {{ ", if *and { "!=" } else { "==" }));
                self.range(right.clone(), inside);
                self.put(" } else { __l } })");
            }
            Shape::Arithmetic(left, right, sign) => {
                self.put("(match (");
                self.range(left.clone(), inside);
                self.put(", ");
                self.range(right.clone(), inside);
                self.put(") { (__l, __r) => ");
                self.branches(changes, sign, |sign| format!("__l {sign} __r"));
                self.put(" })");
            }
            Shape::Assign(left, right, sign) => {
                let target = self.source[left.clone()].to_owned();
                self.put("match ");
                self.range(right.clone(), inside);
                self.put(" { __r => ");
                self.branches(changes, sign, |sign| format!("{target} {sign} __r"));
                self.put(" }");
            }
            Shape::Arm(guarded, binding) => self.arm(site, changes, inside, *guarded, *binding),
            Shape::Field(name, named, base) => {
                if !named {
                    self.put(&format!("{name}: "));
                }
                let base = self.source[base.clone()].to_owned();
                self.put(&format!("if {on} {{ "));
                self.piece(changes[0].0, &format!("({base}).{name}"));
                self.put(" } else { ");
                self.range(site.range.clone(), inside);
                self.put(" }");
            }
        }
        let numbers = changes.iter().map(|change| change.0).collect();
        self.out.places.push((start..self.out.text.len(), numbers));
    }

    /// A deleted arm is one whose guard fails.
    fn arm(
        &mut self,
        site: &Site,
        changes: &[&(u32, Genre, String)],
        inside: &[Kept<'_>],
        guarded: bool,
        binding: bool,
    ) {
        let mut stays = String::new();
        let mut ends = String::new();
        for (number, genre, replacement) in changes {
            let on = Self::on(*number);
            if *genre == Genre::MatchArm {
                stays = format!("!{on} && ");
            } else if replacement == "true" {
                ends = format!("{on} || {ends}");
            } else {
                ends.push_str(&format!("!{on} && "));
            }
        }
        if !guarded {
            self.put(&format!(" if {}", stays.trim_end_matches(" && ")));
        } else if binding {
            self.put(&stays);
            self.range(site.range.clone(), inside);
        } else {
            self.put(&format!("{stays}({ends}("));
            self.range(site.range.clone(), inside);
            self.put("))");
        }
    }
}
