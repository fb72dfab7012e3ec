//! Filters and orders of listings (<https://cloud.google.com/kms/docs/sorting-and-filtering>): comparisons of fields,
//! joined by `AND`, `OR`, `NOT` and brackets, judged on a resource's JSON form.

use crate::input::Objection;
use serde_json::Value;
use std::cmp::Ordering;

/// How long a filter or an order may be.
const TEXT_BYTES_MAX: usize = 2_048;
/// How deep brackets and negations may lie in one another.
const DEPTH_MAX: usize = 16;

/// What a resource must be like to be listed.
pub(crate) enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    Not(Box<Filter>),
    Compare { path: Vec<String>, how: Comparator, with: String },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparator {
    Equal,
    Unequal,
    Has,
    Less,
    LessOrEqual,
    More,
    MoreOrEqual,
}

/// Longer ones first: `<` begins `<=`.
const COMPARATORS: [(&str, Comparator); 7] = [
    ("!=", Comparator::Unequal),
    ("<=", Comparator::LessOrEqual),
    (">=", Comparator::MoreOrEqual),
    ("=", Comparator::Equal),
    (":", Comparator::Has),
    ("<", Comparator::Less),
    (">", Comparator::More),
];

impl Filter {
    pub(crate) fn parse(text: &str) -> Result<Self, Objection> {
        let unfit = || Objection::invalid(format!("Invalid filter: {text}"));
        if text.len() > TEXT_BYTES_MAX {
            return Err(Objection::invalid("The filter is too long."));
        }
        let mut reader = Reader { tokens: tokens(text).ok_or_else(unfit)?, at: 0 };
        let filter = reader.all(0).ok_or_else(unfit)?;
        if reader.at == reader.tokens.len() { Ok(filter) } else { Err(unfit()) }
    }

    pub(crate) fn lets_through(&self, resource: &Value) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.lets_through(resource)),
            Self::Any(parts) => parts.iter().any(|part| part.lets_through(resource)),
            Self::Not(part) => !part.lets_through(resource),
            Self::Compare { path, how, with } => compared(field(resource, path), *how, with),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    Compare(Comparator),
    Word(String),
    Quoted(String),
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let (mut rest, mut tokens) = (text.trim_start(), Vec::new());
    while let Some(first) = rest.chars().next() {
        let (token, after) = match first {
            '(' => (Token::Open, rest.get(1..)?),
            ')' => (Token::Close, rest.get(1..)?),
            '"' | '\'' => quoted(rest, first)?,
            _ => match COMPARATORS.iter().find_map(|(sign, how)| Some((*how, rest.strip_prefix(sign)?))) {
                Some((how, after)) => (Token::Compare(how), after),
                None => word(rest)?,
            },
        };
        tokens.push(token);
        rest = after.trim_start();
    }
    Some(tokens)
}

fn quoted(text: &str, quote: char) -> Option<(Token, &str)> {
    let (mut value, mut letters) = (String::new(), text.char_indices().skip(1));
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => value.push(letters.next()?.1),
            letter if letter == quote => return Some((Token::Quoted(value), text.get(at + 1..)?)),
            letter => value.push(letter),
        }
    }
    None
}

/// A time has colons in it: behind a comparison they belong to the word.
fn word(text: &str) -> Option<(Token, &str)> {
    let ends = |letter: char| letter.is_whitespace() || "()=<>!:\"'".contains(letter);
    let end = text.find(ends).unwrap_or(text.len());
    let (word, after) = text.split_at_checked(end)?;
    if word.is_empty() { None } else { Some((Token::Word(word.to_owned()), after)) }
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
}

impl Reader {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let there = matches!(self.peek(), Some(Token::Word(found)) if found == word);
        self.at += usize::from(there);
        there
    }

    /// `OR` binds more tightly than `AND`, as Google's filters have it; terms beside one another are joined by `AND`.
    fn all(&mut self, depth: usize) -> Option<Filter> {
        if depth > DEPTH_MAX {
            return None;
        }
        let mut parts = vec![self.any(depth)?];
        while self.peek().is_some_and(|token| *token != Token::Close) {
            self.takes_word("AND");
            parts.push(self.any(depth)?);
        }
        Some(Filter::All(parts))
    }

    fn any(&mut self, depth: usize) -> Option<Filter> {
        let mut parts = vec![self.one(depth)?];
        while self.takes_word("OR") {
            parts.push(self.one(depth)?);
        }
        Some(Filter::Any(parts))
    }

    fn one(&mut self, depth: usize) -> Option<Filter> {
        if depth > DEPTH_MAX {
            return None;
        }
        if self.takes_word("NOT") {
            return Some(Filter::Not(Box::new(self.one(depth + 1)?)));
        }
        match self.next()? {
            Token::Open => {
                let inner = self.all(depth + 1)?;
                (self.next()? == Token::Close).then_some(inner)
            }
            Token::Word(word) => match word.strip_prefix('-') {
                Some(word) => Some(Filter::Not(Box::new(self.compare(word)?))),
                None => self.compare(&word),
            },
            _ => None,
        }
    }

    fn compare(&mut self, path: &str) -> Option<Filter> {
        let path: Vec<String> = path.split('.').map(str::to_owned).collect();
        if path.iter().any(String::is_empty) {
            return None;
        }
        let Token::Compare(how) = self.next()? else { return None };
        let with = match self.next()? {
            Token::Quoted(text) => text,
            Token::Word(text) => self.rest_of_time(text),
            _ => return None,
        };
        Some(Filter::Compare { path, how, with })
    }

    /// A time without quotes comes in pieces.
    fn rest_of_time(&mut self, mut text: String) -> String {
        while text.as_bytes().first().is_some_and(u8::is_ascii_digit) && text.contains('T') {
            let (Some(Token::Compare(Comparator::Has)), Some(Token::Word(more))) =
                (self.tokens.get(self.at), self.tokens.get(self.at + 1))
            else {
                break;
            };
            text = format!("{text}:{more}");
            self.at += 2;
        }
        text
    }
}

/// Fields are found in camelCase and in snake_case; names of labels as they are.
fn field<'v>(resource: &'v Value, path: &[String]) -> Option<&'v Value> {
    path.iter().try_fold(resource, |value, name| value.get(name).or_else(|| value.get(camel(name))))
}

fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |mut text, part| {
        let mut letters = part.chars();
        text.extend(letters.next().into_iter().flat_map(char::to_uppercase));
        text.push_str(letters.as_str());
        text
    })
}

fn compared(found: Option<&Value>, how: Comparator, with: &str) -> bool {
    match how {
        Comparator::Equal => found.is_some_and(|found| is(found, with)),
        Comparator::Unequal => !found.is_some_and(|found| is(found, with)),
        Comparator::Has => found.is_some_and(|found| has(found, with)),
        Comparator::Less => ordered(found, with).is_some_and(Ordering::is_lt),
        Comparator::LessOrEqual => ordered(found, with).is_some_and(Ordering::is_le),
        Comparator::More => ordered(found, with).is_some_and(Ordering::is_gt),
        Comparator::MoreOrEqual => ordered(found, with).is_some_and(Ordering::is_ge),
    }
}

/// A star stands for anything, at either end.
fn is(found: &Value, with: &str) -> bool {
    let text = text(found);
    match (with.strip_prefix('*'), with.strip_suffix('*')) {
        (Some(_), Some(_)) => text.contains(with.trim_matches('*')),
        (Some(end), None) => text.ends_with(end),
        (None, Some(begin)) => text.starts_with(begin),
        (None, None) => text == with,
    }
}

/// Of a text: contains it, whatever the case. Of labels: has a label of this name; `*`: has anything at all.
fn has(found: &Value, with: &str) -> bool {
    match found {
        _ if with == "*" => true,
        Value::Object(fields) => fields.contains_key(with),
        Value::Array(items) => items.iter().any(|item| is(item, with)),
        other => text(other).to_lowercase().contains(&with.to_lowercase()),
    }
}

fn ordered(found: Option<&Value>, with: &str) -> Option<Ordering> {
    let text = text(found?);
    match (text.trim_end_matches('s').parse::<f64>(), with.trim_end_matches('s').parse::<f64>()) {
        (Ok(one), Ok(other)) => one.partial_cmp(&other),
        _ => Some(text.as_str().cmp(with)),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// By which fields a listing is sorted, and which of them from last to first.
pub(crate) struct Order(Vec<(Vec<String>, bool)>);

impl Order {
    pub(crate) fn parse(text: &str) -> Result<Self, Objection> {
        let unfit = || Objection::invalid(format!("Invalid order_by: {text}"));
        if text.len() > TEXT_BYTES_MAX {
            return Err(Objection::invalid("The order_by is too long."));
        }
        let parts = text.split(',').map(|part| {
            let mut words = part.split_whitespace();
            let path: Vec<String> = words.next().ok_or_else(unfit)?.split('.').map(str::to_owned).collect();
            let backwards = match words.next() {
                None | Some("asc") => false,
                Some("desc") => true,
                Some(_) => return Err(unfit()),
            };
            let spelled = path.iter().all(|name| crate::name::is_id(name));
            if spelled && words.next().is_none() { Ok((path, backwards)) } else { Err(unfit()) }
        });
        Ok(Self(parts.collect::<Result<_, _>>()?))
    }

    pub(crate) fn compare(&self, one: &Value, other: &Value) -> Ordering {
        let by = |(path, backwards): &(Vec<String>, bool)| {
            let order = beside(field(one, path), field(other, path));
            if *backwards { order.reverse() } else { order }
        };
        self.0.iter().map(by).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }
}

/// Names with numbers in them are in the order of the numbers: version 10 is after version 9.
fn beside(one: Option<&Value>, other: Option<&Value>) -> Ordering {
    let key = |value: Option<&Value>| {
        let text = value.map(text).unwrap_or_default();
        let digits = text.bytes().rev().take_while(u8::is_ascii_digit).count();
        let (head, tail) = text.split_at_checked(text.len() - digits).unwrap_or((&text, ""));
        (head.to_owned(), tail.len(), tail.to_owned())
    };
    key(one).cmp(&key(other))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
mod tests {
    use super::*;
    use serde_json::json;

    fn lets(filter: &str) -> bool {
        let key = json!({
            "name": "projects/p/locations/l/keyRings/r/cryptoKeys/payroll",
            "purpose": "ENCRYPT_DECRYPT",
            "createTime": "2026-11-29T10:00:00Z",
            "labels": { "env": "prod" },
            "primary": { "state": "ENABLED" },
        });
        Filter::parse(filter).unwrap_or_else(|why| panic!("{filter}: {}", why.message)).lets_through(&key)
    }

    #[test]
    fn filters_are_judged_on_fields() {
        for good in [
            "purpose=ENCRYPT_DECRYPT",
            "purpose = \"ENCRYPT_DECRYPT\" AND labels.env=prod",
            "labels.env:* labels:env",
            "NOT labels.env=test",
            "-labels.env=test",
            "labels.env=test OR labels.env=prod",
            "(labels.env=test OR name:PAYROLL) AND primary.state=ENABLED",
            "name=*payroll",
            "create_time>2026-11-01T00:00:00Z",
            "createTime < \"2026-12-01T00:00:00Z\"",
            "labels.other!=x",
        ] {
            assert!(lets(good), "{good}");
        }
        for bad in
            ["purpose=MAC", "labels.other:*", "labels.env=prod AND purpose=MAC", "createTime>2027", "name=payroll"]
        {
            assert!(!lets(bad), "{bad}");
        }
    }

    #[test]
    fn what_is_no_filter_is_told() {
        for bad in ["=", "a", "a=", "a=b AND", "(a=b", "a=b)", "a=\"b", "NOT", "a..b=c", &"(".repeat(40)] {
            assert!(Filter::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn orders_sort_numbers_as_numbers() {
        let version = |number: u32| json!({ "name": format!("k/cryptoKeyVersions/{number}") });
        let order = |text: &str| Order::parse(text).unwrap();
        assert_eq!(order("name").compare(&version(9), &version(10)), Ordering::Less);
        assert_eq!(order("name desc").compare(&version(9), &version(10)), Ordering::Greater);
        assert!(Order::parse("name sideways").is_err() && Order::parse(",").is_err());
    }
}
