//! What commands print: data on standard output in one of three forms, talk on standard error. Data is never coloured.

use crate::failure::Failure;
use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value;
use std::io::{ErrorKind, Write};

/// How data is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum Format {
    #[default]
    Table,
    Json,
    Yaml,
}

/// Prints an answer: as it came, or as `table` puts it.
pub(crate) fn print(format: Format, value: &Value, table: impl FnOnce(&Value) -> String) -> Result<(), Failure> {
    let text = match format {
        Format::Table => table(value),
        Format::Json => serde_json::to_string_pretty(value).map_err(Failure::from_display)?,
        Format::Yaml => serde_norway::to_string(value).map_err(Failure::from_display)?,
    };
    let text = text.trim_end_matches('\n');
    if text.is_empty() { Ok(()) } else { write(format!("{text}\n").as_bytes()) }
}

/// Writes to standard output. Whoever stops reading has seen enough.
pub(crate) fn write(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(why) if why.kind() != ErrorKind::BrokenPipe => Err(Failure::from_io(why)),
        _ => Ok(()),
    }
}

/// Lines under a header, in columns.
pub(crate) fn rows(header: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = plain_table();
    table.set_header(header.to_vec());
    table.add_rows(rows);
    drawn(table)
}

/// Names and values of an object, a line each. What is empty is left out.
pub(crate) fn fields(value: &Value) -> String {
    let mut table = plain_table();
    for (name, value) in value.as_object().into_iter().flatten() {
        let text = scalar(value);
        if !text.is_empty() {
            table.add_row(vec![name.replace('_', " "), text]);
        }
    }
    drawn(table)
}

fn drawn(mut table: Table) -> String {
    table.column_iter_mut().for_each(|column| {
        column.set_padding((0, 2));
    });
    table.trim_fmt()
}

fn plain_table() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table
}

/// A value in one line.
pub(crate) fn scalar(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(scalar).collect::<Vec<_>>().join(", "),
        Value::Object(members) => {
            let pairs = members.iter().filter(|(_, value)| !value.is_null());
            pairs.map(|(name, value)| format!("{name}={}", scalar(value))).collect::<Vec<_>>().join(" ")
        }
    }
}

/// The text at a JSON pointer; empty where there is none.
pub(crate) fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).map(scalar).unwrap_or_default()
}

/// An object with one member more, or another.
pub(crate) fn with(mut value: Value, name: &str, member: Value) -> Value {
    if let Some(members) = value.as_object_mut() {
        members.insert(name.to_owned(), member);
    }
    value
}

/// The items of a list.
pub(crate) fn list<'v>(value: &'v Value, name: &str) -> impl DoubleEndedIterator<Item = &'v Value> + use<'v> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

/// The day of a time.
pub(crate) fn day(value: &Value, pointer: &str) -> String {
    text(value, pointer).split('T').next().unwrap_or_default().to_owned()
}

/// How long ago, in the largest unit that fits.
pub(crate) fn ago(seconds: i64) -> String {
    match seconds.max(0) {
        seconds @ 0..=119 => format!("{seconds} s ago"),
        seconds @ 120..=7_199 => format!("{} min ago", seconds / 60),
        seconds @ 7_200..=172_799 => format!("{} h ago", seconds / 3_600),
        seconds => format!("{} days ago", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tables_are_plain_columns() {
        let seen = rows(&["NAME", "N"], vec![vec!["payments".into(), "2".into()], vec!["x".into(), String::new()]]);
        let lines: Vec<_> = seen.lines().map(str::trim_end).collect();
        assert_eq!(lines, ["NAME      N", "payments  2", "x"]);
    }

    #[test]
    fn what_is_empty_is_left_out() {
        let seen = fields(&json!({ "a_b": 1, "c": null, "d": "", "e": { "f": "g", "h": null } }));
        assert_eq!(seen.lines().map(str::trim).collect::<Vec<_>>(), ["a b  1", "e    f=g"]);
    }

    #[test]
    fn times_are_told_in_the_largest_unit() {
        let told = [(2, "2 s ago"), (-3, "0 s ago"), (180, "3 min ago"), (7_300, "2 h ago"), (200_000, "2 days ago")];
        told.into_iter().for_each(|(seconds, text)| assert_eq!(ago(seconds), text));
    }
}
