//! Where in a file the mutants of it stand: an edit for each place, which knows all that can be made of it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use proc_macro2::{LineColumn, Span};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{
    BinOp, Block, Expr, ExprBinary, ExprMatch, ExprUnary, ImplItemFn, ItemFn, Pat, Signature, TraitItemFn,
};

use crate::listed::{Change, Mutant, Place};

/// A place in the text, from byte to byte, and what stands there behind switches.
#[derive(Debug)]
pub struct Edit {
    pub range: Range<usize>,
    pub what: What,
}

#[derive(Debug)]
pub enum What {
    /// In front of a function's first line.
    Return {
        id: usize,
        value: String,
    },
    Operator {
        left: Range<usize>,
        operator: String,
        right: Range<usize>,
        others: Vec<(usize, String)>,
    },
    Bare {
        id: usize,
        operator: String,
        operand: Range<usize>,
    },
    /// A function that was constant and is not in the copy: a switch is asked for at run time.
    NotConstant,
    /// Behind the pattern of an arm, and over its guard if it has one.
    Arm {
        guard: Option<Range<usize>>,
        never: Vec<usize>,
        always: Option<usize>,
    },
}

/// The edits that make these mutants of this text possible, outer before inner, and those mutants that no switch can make. Functions with
/// the names in `constant` must stay constant.
pub fn edits(
    text: &str,
    mutants: &[&Mutant],
    constant: &BTreeSet<String>,
) -> syn::Result<(Vec<Edit>, Vec<usize>)> {
    let mut wanted: BTreeMap<Place, Vec<&Mutant>> = BTreeMap::new();
    for mutant in mutants {
        wanted.entry(mutant.place).or_default().push(mutant);
    }
    let mut search = Search { wanted, edits: Vec::new(), made: Vec::new(), stay: constant, constant: false };
    search.visit_file(&syn::parse_file(text)?);
    let Search { mut edits, made, .. } = search;
    edits.sort_by_key(|edit| (edit.range.start, !edit.range.is_empty(), usize::MAX - edit.range.end));
    let left = mutants.iter().map(|mutant| mutant.id).filter(|id| !made.contains(id)).collect();
    Ok((edits, left))
}

struct Search<'a> {
    wanted: BTreeMap<Place, Vec<&'a Mutant>>,
    edits: Vec<Edit>,
    made: Vec<usize>,
    stay: &'a BTreeSet<String>,
    /// Inside a function that stays constant, and can ask no variable.
    constant: bool,
}

impl Search<'_> {
    /// What of the mutants at this place `choose` finds something for.
    fn at<T>(&mut self, span: Span, choose: impl Fn(&Mutant) -> Option<T>) -> Vec<T> {
        let LineColumn { line, column } = span.start();
        let here = self.wanted.get(&(line, column + 1)).into_iter().flatten();
        let chosen: Vec<(usize, T)> = here.filter_map(|mutant| Some((mutant.id, choose(mutant)?))).collect();
        if self.constant {
            return Vec::new();
        }
        self.made.extend(chosen.iter().map(|(id, _)| id));
        chosen.into_iter().map(|(_, found)| found).collect()
    }

    fn function(&mut self, signature: &Signature, block: &Block) {
        let Some(first) = block.stmts.first() else { return };
        // A caller that is only told what a type can do is told it by one type, not by one or another.
        if matches!(&signature.output, syn::ReturnType::Type(_, of) if matches!(**of, syn::Type::ImplTrait(_)))
        {
            return;
        }
        let start = first.span().byte_range().start;
        for what in self.at(first.span(), |mutant| match &mutant.change {
            Change::Returns(value) => Some(What::Return { id: mutant.id, value: value.clone() }),
            _ => None,
        }) {
            self.edits.push(Edit { range: start..start, what });
        }
    }

    fn within(&mut self, signature: &Signature, look: impl FnOnce(&mut Self)) {
        let (outside, before) = (self.constant, self.edits.len());
        self.constant = signature.constness.is_some() && self.stay.contains(&signature.ident.to_string());
        look(self);
        if let (false, Some(word), true) = (self.constant, signature.constness, self.edits.len() > before) {
            self.edits.push(Edit { range: word.span.byte_range(), what: What::NotConstant });
        }
        self.constant = outside;
    }
}

impl<'ast> Visit<'ast> for Search<'_> {
    fn visit_item_fn(&mut self, i: &'ast ItemFn) {
        self.within(&i.sig, |search| {
            search.function(&i.sig, &i.block);
            visit::visit_item_fn(search, i);
        });
    }

    fn visit_impl_item_fn(&mut self, i: &'ast ImplItemFn) {
        self.within(&i.sig, |search| {
            search.function(&i.sig, &i.block);
            visit::visit_impl_item_fn(search, i);
        });
    }

    fn visit_trait_item_fn(&mut self, i: &'ast TraitItemFn) {
        self.within(&i.sig, |search| {
            if let Some(block) = &i.default {
                search.function(&i.sig, block);
            }
            visit::visit_trait_item_fn(search, i);
        });
    }

    fn visit_expr_binary(&mut self, i: &'ast ExprBinary) {
        // What binds a name goes on in what follows: nothing stands in for that.
        let binds = matches!(i.op, BinOp::And(_)) && (binds(&i.left) || binds(&i.right));
        let others = if binds {
            Vec::new()
        } else {
            self.at(i.op.span(), |mutant| match &mutant.change {
                Change::Operator(operator) => Some((mutant.id, operator.clone())),
                _ => None,
            })
        };
        if !others.is_empty() {
            let operator = i.op.span().source_text().unwrap_or_default();
            let (left, right) = (i.left.span().byte_range(), i.right.span().byte_range());
            self.edits.push(Edit {
                range: left.start..right.end,
                what: What::Operator { left, operator, right, others },
            });
        }
        visit::visit_expr_binary(self, i);
    }

    fn visit_expr_unary(&mut self, i: &'ast ExprUnary) {
        for id in self.at(i.op.span(), |mutant| (mutant.change == Change::Bare).then_some(mutant.id)) {
            let operand = i.expr.span().byte_range();
            let range = i.op.span().byte_range().start..operand.end;
            let operator = i.op.span().source_text().unwrap_or_default();
            self.edits.push(Edit { range, what: What::Bare { id, operator, operand } });
        }
        visit::visit_expr_unary(self, i);
    }

    fn visit_expr_match(&mut self, i: &'ast ExprMatch) {
        for arm in &i.arms {
            let mut never = Vec::new();
            if !matches!(arm.pat, Pat::Wild(_)) {
                never.extend(
                    self.at(arm.span(), |mutant| (mutant.change == Change::NoArm).then_some(mutant.id)),
                );
            }
            let mut always = None;
            let guard = arm.guard.as_ref().map(|(_, guard)| guard.span());
            if let Some(guard) = guard {
                never.extend(
                    self.at(guard, |mutant| (mutant.change == Change::Guard(false)).then_some(mutant.id)),
                );
                always = self
                    .at(guard, |mutant| (mutant.change == Change::Guard(true)).then_some(mutant.id))
                    .pop();
            }
            if never.is_empty() && always.is_none() {
                continue;
            }
            let end = arm.pat.span().byte_range().end;
            let guard = guard.map(|span| span.byte_range());
            let range = end..guard.as_ref().map_or(end, |guard| guard.end);
            self.edits.push(Edit { range, what: What::Arm { guard, never, always } });
        }
        visit::visit_expr_match(self, i);
    }
}

/// Whether a condition binds a name, as `let Some(it) = that && …` does.
fn binds(condition: &Expr) -> bool {
    match condition {
        Expr::Let(_) => true,
        Expr::Binary(both) if matches!(both.op, BinOp::And(_)) => binds(&both.left) || binds(&both.right),
        _ => false,
    }
}
