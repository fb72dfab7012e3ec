//! Sizes by ratchet: what is too large is listed, and the list only shrinks.

use crate::sources::{Source, sources};
use std::fmt::Write;
use syn::spanned::Spanned;
use syn::visit::Visit;
use tidy::ratchet;

const FUNCTION_LINES_MEDIAN_MAX: usize = 10;
const FUNCTION_LINES_P90_MAX: usize = 35;
const FUNCTION_LINES_MAX: usize = 70;
const FILE_LINES_MEDIAN_MAX: usize = 250;
const FILE_LINES_MAX: usize = 1_000;

#[derive(Default)]
struct Functions(Vec<(String, usize)>);

impl Functions {
    fn measured(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let lines = block.span().end().line - signature.span().start().line + 1;
        self.0.push((signature.ident.to_string(), lines));
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.measured(&function.sig, &function.block);
        syn::visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.measured(&function.sig, &function.block);
        syn::visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.measured(&function.sig, block);
        }
        syn::visit::visit_trait_item_fn(self, function);
    }

    /// Stories are as long as they are.
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if module.ident != "tests" {
            syn::visit::visit_item_mod(self, module);
        }
    }
}

fn functions(source: &Source) -> Vec<(String, usize)> {
    let file = syn::parse_file(&source.text).unwrap_or_else(|why| panic!("{}: {why}", source.name));
    let mut functions = Functions::default();
    functions.visit_file(&file);
    functions.0
}

/// The value that `part` of 100 do not pass.
fn quantile(mut sizes: Vec<usize>, part: usize) -> usize {
    sizes.sort_unstable();
    sizes.get(sizes.len() * part / 100).copied().unwrap_or(0)
}

#[test]
fn functions_are_small() {
    let (mut sizes, mut large) = (Vec::new(), String::new());
    for source in sources() {
        for (name, lines) in functions(&source) {
            sizes.push(lines);
            if lines > FUNCTION_LINES_MAX {
                writeln!(large, "{} {name} {lines}", source.name).unwrap();
            }
        }
    }
    assert!(sizes.len() > 100, "no functions were found");
    let (median, p90) = (quantile(sizes.clone(), 50), quantile(sizes, 90));
    assert!(median <= FUNCTION_LINES_MEDIAN_MAX, "the median function has {median} lines");
    assert!(p90 <= FUNCTION_LINES_P90_MAX, "one function in ten has more than {p90} lines");
    ratchet("tests/golden/large-functions.txt", &large);
}

#[test]
fn files_are_small() {
    let (mut sizes, mut large) = (Vec::new(), String::new());
    for source in sources() {
        let lines = source.text.lines().count();
        sizes.push(lines);
        if lines > FILE_LINES_MAX {
            writeln!(large, "{} {lines}", source.name).unwrap();
        }
    }
    let median = quantile(sizes, 50);
    assert!(median <= FILE_LINES_MEDIAN_MAX, "the median file has {median} lines");
    ratchet("tests/golden/large-files.txt", &large);
}

#[test]
fn functions_are_measured_as_they_stand() {
    let text = "struct S;\nimpl S {\n    fn one() {\n        two();\n    }\n}\n\nfn two() {}\n".to_owned();
    let measured = functions(&Source { name: "x".into(), text });
    assert_eq!(measured, [("one".to_owned(), 3), ("two".to_owned(), 1)]);
}
