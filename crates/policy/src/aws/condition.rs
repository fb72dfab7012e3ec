//! Condition operators. AWS: IAM JSON policy elements, condition operators.

use super::Effect;
use super::json::Json;
use super::keys::{ConditionKey, Value};
use super::pattern::{ArnPattern, Pattern};
use crate::facts::Facts;
use base64::Engine;
use domain::Timestamp;
use ipnet::IpNet;
use std::cmp::Ordering;
use std::net::IpAddr;

/// One operator on one key: the key's value must fit one of the values given, or, negated, none.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    key: ConditionKey,
    negated: bool,
    if_exists: bool,
    test: Test,
}

#[derive(Clone, Debug)]
enum Test {
    Equals(Vec<Box<str>>),
    EqualsIgnoreCase(Vec<Box<str>>),
    Like(Vec<Pattern>),
    Arn(Vec<ArnPattern>),
    Bool(Vec<Box<str>>),
    Number(Relation, Vec<f64>),
    Date(Relation, Vec<i64>),
    Ip(Vec<IpNet>),
    Bytes(Vec<Vec<u8>>),
    Null(Vec<bool>),
}

#[derive(Clone, Copy, Debug)]
enum Relation {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Relation {
    fn holds(self, order: Option<Ordering>) -> bool {
        match self {
            Self::Equal => order == Some(Ordering::Equal),
            Self::Less => order == Some(Ordering::Less),
            Self::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
            Self::Greater => order == Some(Ordering::Greater),
            Self::GreaterOrEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        }
    }
}

/// Reads a whole `Condition` element: every operator and every key in it must hold.
pub(super) fn read(json: &Json) -> Result<Vec<Condition>, String> {
    let Json::Object(operators) = json else { return Err(bad("Condition")) };
    let mut conditions = Vec::new();
    for (operator, keys) in operators {
        let Json::Object(keys) = keys else { return Err(bad(operator)) };
        for (key, values) in keys {
            conditions.push(Condition::read(operator, key, values)?);
        }
    }
    Ok(conditions)
}

fn bad(what: &str) -> String {
    format!("Syntax errors in policy: `{what}` has a value of the wrong kind.")
}

impl Condition {
    fn read(operator: &str, key: &str, values: &Json) -> Result<Self, String> {
        if let Some((set, _)) = operator.split_once(':') {
            return Err(format!("The set operator `{set}:` is not evaluated by this release."));
        }
        let (plain, if_exists) = match operator.strip_suffix("IfExists") {
            Some(plain) => (plain, true),
            None => (operator, false),
        };
        let (negated, test) = test_of(plain, &texts(operator, values)?)?;
        if if_exists && matches!(test, Test::Null(_)) {
            return Err(format!("Invalid condition operator: `{operator}`."));
        }
        Ok(Self { key: ConditionKey::read(key)?, negated, if_exists, test })
    }

    pub(super) fn varies(&self) -> bool {
        self.key.varies()
    }

    /// Whether it holds. A key that is not there fails every operator but the negated ones, `IfExists` and
    /// `Null`. Where one name means several values, a statement that allows wants all of them to fit, and one
    /// that denies takes any.
    pub(super) fn holds(&self, facts: &Facts<'_>, arn: &str, effect: Effect) -> bool {
        let values = self.key.values(facts, arn);
        let values = values.as_slice();
        if let Test::Null(wanted) = &self.test {
            return wanted.contains(&values.is_empty());
        }
        if values.is_empty() {
            return self.negated || self.if_exists;
        }
        let fits = |value: &Value<'_>| self.test.matches(value) != self.negated;
        match effect {
            Effect::Allow => values.iter().all(fits),
            Effect::Deny => values.iter().any(fits),
        }
    }
}

/// One value or a list of them, as text. Policy variables are named and refused.
pub(super) fn texts<'j>(what: &str, json: &'j Json) -> Result<Vec<&'j str>, String> {
    let list = match json {
        Json::List(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    };
    list.iter()
        .map(|item| match item {
            Json::Scalar { text, .. } => constant(text),
            _ => Err(bad(what)),
        })
        .collect()
}

/// Text without policy variables.
fn constant(text: &str) -> Result<&str, String> {
    match text.find("${") {
        None => Ok(text),
        Some(at) => {
            let rest = text.split_at(at).1;
            let variable = rest.find('}').map_or(rest, |end| rest.split_at(end + 1).0);
            Err(format!("The policy variable `{variable}` is not evaluated by this release."))
        }
    }
}

fn test_of(operator: &str, values: &[&str]) -> Result<(bool, Test), String> {
    let boxed = || values.iter().map(|value| (*value).into()).collect();
    if let Some(relation) = operator.strip_prefix("Numeric").and_then(relation_of) {
        return Ok((relation.0, Test::Number(relation.1, each(operator, values, number)?)));
    }
    if let Some(relation) = operator.strip_prefix("Date").and_then(relation_of) {
        return Ok((relation.0, Test::Date(relation.1, each(operator, values, date)?)));
    }
    Ok(match operator {
        "StringEquals" => (false, Test::Equals(boxed())),
        "StringNotEquals" => (true, Test::Equals(boxed())),
        "StringEqualsIgnoreCase" => (false, Test::EqualsIgnoreCase(folded(values))),
        "StringNotEqualsIgnoreCase" => (true, Test::EqualsIgnoreCase(folded(values))),
        "StringLike" => (false, Test::Like(values.iter().map(|value| Pattern::plain(value)).collect())),
        "StringNotLike" => (true, Test::Like(values.iter().map(|value| Pattern::plain(value)).collect())),
        "ArnEquals" | "ArnLike" => (false, Test::Arn(each(operator, values, ArnPattern::read)?)),
        "ArnNotEquals" | "ArnNotLike" => (true, Test::Arn(each(operator, values, ArnPattern::read)?)),
        "Bool" => (false, Test::Bool(each(operator, values, flag)?.into_iter().map(spelled).collect())),
        "IpAddress" => (false, Test::Ip(each(operator, values, network)?)),
        "NotIpAddress" => (true, Test::Ip(each(operator, values, network)?)),
        "BinaryEquals" => (false, Test::Bytes(each(operator, values, bytes)?)),
        "Null" => (false, Test::Null(each(operator, values, flag)?)),
        _ => return Err(format!("Invalid condition operator: `{operator}`.")),
    })
}

fn relation_of(name: &str) -> Option<(bool, Relation)> {
    Some(match name {
        "Equals" => (false, Relation::Equal),
        "NotEquals" => (true, Relation::Equal),
        "LessThan" => (false, Relation::Less),
        "LessThanEquals" => (false, Relation::LessOrEqual),
        "GreaterThan" => (false, Relation::Greater),
        "GreaterThanEquals" => (false, Relation::GreaterOrEqual),
        _ => return None,
    })
}

fn each<T>(operator: &str, values: &[&str], read: fn(&str) -> Option<T>) -> Result<Vec<T>, String> {
    values
        .iter()
        .map(|value| read(value).ok_or_else(|| format!("Invalid value for `{operator}`: `{value}`.")))
        .collect()
}

fn folded(values: &[&str]) -> Vec<Box<str>> {
    values.iter().map(|value| value.to_lowercase().into()).collect()
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

/// ISO 8601 in UTC, or seconds since 1970.
fn date(text: &str) -> Option<i64> {
    match text.parse::<i64>() {
        Ok(seconds) => seconds.checked_mul(domain::SECOND),
        Err(_) => Timestamp::parse(text).map(|time| time.0),
    }
}

fn flag(text: &str) -> Option<bool> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

fn spelled(flag: bool) -> Box<str> {
    if flag { "true".into() } else { "false".into() }
}

fn network(text: &str) -> Option<IpNet> {
    text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

impl Test {
    fn matches(&self, value: &Value<'_>) -> bool {
        match self {
            Self::Equals(wanted) => wanted.iter().any(|wanted| **wanted == *value.text()),
            Self::EqualsIgnoreCase(wanted) => {
                let folded = value.text().to_lowercase();
                wanted.iter().any(|wanted| **wanted == *folded)
            }
            Self::Like(patterns) => patterns.iter().any(|pattern| pattern.matches(&value.text())),
            Self::Arn(patterns) => patterns.iter().any(|pattern| pattern.matches(&value.text())),
            Self::Bool(wanted) => wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(&value.text())),
            Self::Number(relation, wanted) => {
                as_number(value).is_some_and(|have| wanted.iter().any(|want| relation.holds(have.partial_cmp(want))))
            }
            Self::Date(relation, wanted) => {
                as_millis(value).is_some_and(|have| wanted.iter().any(|want| relation.holds(Some(have.cmp(want)))))
            }
            Self::Ip(networks) => as_address(value).is_some_and(|have| networks.iter().any(|net| net.contains(&have))),
            Self::Bytes(wanted) => wanted.iter().any(|wanted| wanted.as_slice() == value.text().as_bytes()),
            // Answered before there is a value.
            Self::Null(_) => false,
        }
    }
}

fn as_number(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Time(time) => number(&time.0.div_euclid(domain::SECOND).to_string()),
        other => number(&other.text()),
    }
}

fn as_millis(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::Time(time) => Some(time.0),
        other => date(&other.text()),
    }
}

fn as_address(value: &Value<'_>) -> Option<IpAddr> {
    match value {
        Value::Address(address) => Some(*address),
        other => other.text().parse().ok(),
    }
}
