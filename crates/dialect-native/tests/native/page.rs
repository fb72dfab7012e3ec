//! docs/native-api.md, made from the table.

use crate::answers::{body, replies};
use crate::golden::check;
use keyward_dialect_native::{Documented, documentation};
use std::fmt::Write;

const BEGINNING: &str = include_str!("page.md");

#[test]
fn the_page_says_what_the_table_says() {
    let mut page = BEGINNING.to_owned();
    page.push_str("\n## Operations\n");
    documentation().for_each(|one| page.push_str(&operation(&one)));
    page.push_str(
        "\n## Answers\n\nOne of each shape. What has no value is `null`; members may be added by later releases.\n",
    );
    let mut before = "";
    for (shape, reply) in replies() {
        if shape != before {
            write!(page, "\n### {shape}\n").unwrap();
        }
        write!(page, "\n```json\n{}\n```\n", body(reply)).unwrap();
        before = shape;
    }
    check("../../docs/native-api.md", &page);
}

fn operation(one: &Documented) -> String {
    let answer = format!("[{0}](#{0})", one.answer);
    let action = one.action.name();
    let mut text = format!("\n### {}\n\n{} Action `{action}`. Answers {answer}.\n", one.name, one.action.doc());
    if !one.members.is_empty() {
        text.push_str("\n| member | kind | | |\n|---|---|---|---|\n");
    }
    for member in one.members {
        let needed = if member.needed { "needed" } else { "" };
        writeln!(text, "| `{}` | {} | {needed} | {} |", member.name, member.kind, member.about).unwrap();
    }
    text
}
