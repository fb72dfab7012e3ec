//! Conditions of bindings: what IAM documents for allow policies of the Common Expression Language
//! (<https://cloud.google.com/iam/docs/conditions-attribute-reference>).
//!
//! A kept crate reads and evaluates them. Between the two stands a list of what is known here: attributes, operators and
//! functions by their kinds. An expression that needs anything else is refused when a policy is set, so that only what was
//! checked is ever evaluated, in time that grows with its length alone. What fails all the same does not hold.

use super::names;
use crate::facts::Facts;
use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, SelectExpr, operators};
use cel::common::types::{CelString, STRING_TYPE};
use cel::common::value::CowVal;
use cel::{Context, Env, ExecutionError, Value};
use clock::Timestamp;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, LazyLock};

/// Bytes of an expression.
pub(super) const EXPRESSION_BYTES_MAX: usize = 2_048;
/// Logical operators in an expression, as with Google.
pub(super) const LOGICAL_MAX: usize = 12;
/// How deep expressions may lie in one another.
const DEPTH_MAX: u16 = 32;

/// A condition that was read and checked.
pub(super) struct Condition {
    expression: IdedExpr,
    timed: bool,
}

/// What a part of an expression is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Truth,
    Number,
    Text,
    Time,
    Span,
}

/// Standard functions without macros, and the one that IAM adds. Only checked expressions meet them.
static ENVIRONMENT: LazyLock<Option<Arc<Env>>> = LazyLock::new(|| {
    let mut environment = Env::default().with_optional_support(false).with_stdlib();
    let added = environment.add_member_overload("extract", "iam_extract", STRING_TYPE, vec![STRING_TYPE], extract);
    added.ok().map(|()| Arc::new(environment))
});

/// What becomes the time of a request.
static NOW: LazyLock<Option<IdedExpr>> = LazyLock::new(|| parse("timestamp(now)").ok());

/// A moment by which constants are tried out.
const SOME_DAY: Timestamp = Timestamp(1_700_000_000_000);

impl Condition {
    /// # Errors
    /// What the expression needs and is not evaluated here, or why it is none.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        if text.len() > EXPRESSION_BYTES_MAX {
            return Err(format!("a condition's expression has at most {EXPRESSION_BYTES_MAX} bytes"));
        }
        let expression = parse(text)?;
        let mut check = Check { timed: false, logical: 0 };
        if check.kind(&expression)? != Kind::Truth {
            return Err("a condition's expression is true or false".into());
        }
        if check.logical > LOGICAL_MAX {
            return Err(format!("a condition has at most {LOGICAL_MAX} logical operators"));
        }
        Ok(Self { expression, timed: check.timed })
    }

    /// Whether it may hold at one time and not at another.
    pub(super) fn timed(&self) -> bool {
        self.timed
    }

    pub(super) fn holds(&self, facts: &Facts<'_>) -> bool {
        let resource = HashMap::from([
            ("name", names::resource_name(facts)),
            ("type", names::resource_type(facts).to_owned()),
            ("service", names::resource_service(facts).to_owned()),
        ]);
        let (wall, latest) = (facts.now.wall, facts.now.latest());
        // A wall clock that goes back gives nothing back that has ended.
        let again = self.timed && latest != wall;
        self.evaluate(&resource, wall) == Some(true) && (!again || self.evaluate(&resource, latest) == Some(true))
    }

    fn evaluate(&self, resource: &HashMap<&'static str, String>, now: Timestamp) -> Option<bool> {
        let mut context = if self.timed { at(now)? } else { bare()? };
        context.add_variable_from_value("resource", resource.clone());
        match Value::resolve(&self.expression, &context) {
            Ok(Value::Bool(holds)) => Some(holds),
            _ => None,
        }
    }
}

/// The parser is another's, and reads what strangers write.
fn parse(text: &str) -> Result<IdedExpr, String> {
    let environment = ENVIRONMENT.as_ref().ok_or("conditions cannot be read")?;
    let parser = environment.parser().max_recursion_depth(DEPTH_MAX);
    let parsed = catch_unwind(AssertUnwindSafe(|| parser.parse(text).map_err(|errors| first(&errors.errors))));
    parsed.unwrap_or_else(|_| Err("it cannot be read".into()))
}

fn first(errors: &[cel::ParseError]) -> String {
    let Some(error) = errors.first() else { return "it cannot be read".into() };
    format!("{} at column {}", error.msg, error.pos.1)
}

fn bare() -> Option<Context<'static, 'static>> {
    Some(Context::with_env(Arc::clone(ENVIRONMENT.as_ref()?)))
}

/// Where a request has a time.
fn at(now: Timestamp) -> Option<Context<'static, 'static>> {
    let mut context = bare()?;
    context.add_variable_from_value("now", now.to_rfc3339());
    let time = Value::resolve(NOW.as_ref()?, &context).ok()?;
    context.add_variable_from_value("request", HashMap::from([("time", time)]));
    Some(context)
}

/// Goes through an expression before it is ever evaluated.
struct Check {
    timed: bool,
    logical: usize,
}

impl Check {
    fn kind(&mut self, expression: &IdedExpr) -> Result<Kind, String> {
        match &expression.expr {
            Expr::Literal(LiteralValue::Boolean(_)) => Ok(Kind::Truth),
            Expr::Literal(LiteralValue::Int(_)) => Ok(Kind::Number),
            Expr::Literal(LiteralValue::String(_)) => Ok(Kind::Text),
            Expr::Select(select) => self.attribute(select),
            Expr::Call(call) => self.call(expression, call),
            Expr::Ident(name) => Err(format!("`{name}` is not known in conditions")),
            _ => Err("literals of this kind, lists, maps and macros are not evaluated in conditions".into()),
        }
    }

    fn attribute(&mut self, select: &SelectExpr) -> Result<Kind, String> {
        let of = match &select.operand.expr {
            Expr::Ident(name) if !select.test => name.as_str(),
            _ => "",
        };
        match (of, select.field.as_str()) {
            ("resource", "name" | "type" | "service") => Ok(Kind::Text),
            ("request", "time") => {
                self.timed = true;
                Ok(Kind::Time)
            }
            (_, field) => Err(format!("the attribute `{of}.{field}` is not evaluated in conditions")),
        }
    }

    fn call(&mut self, expression: &IdedExpr, call: &CallExpr) -> Result<Kind, String> {
        let name = call.func_name.as_str();
        let mut kinds = Vec::with_capacity(3);
        for part in call.target.as_deref().into_iter().chain(&call.args) {
            kinds.push(self.kind(part)?);
        }
        self.logical +=
            usize::from(matches!(name, operators::LOGICAL_AND | operators::LOGICAL_OR | operators::LOGICAL_NOT));
        let kind = match call.target {
            Some(_) => method(name, &kinds),
            None => function(name, &kinds),
        };
        let kind = kind.ok_or_else(|| unknown(name))?;
        if call.target.is_some() || matches!(name, "timestamp" | "duration") {
            constants(name, expression, call)?;
        }
        Ok(kind)
    }
}

fn unknown(name: &str) -> String {
    format!("`{}` is not evaluated in conditions, or not with such values", name.trim_matches('_'))
}

fn function(name: &str, kinds: &[Kind]) -> Option<Kind> {
    use Kind::*;
    match (name, kinds) {
        (operators::LOGICAL_NOT, [Truth]) => Some(Truth),
        // A chain of operators may come as one call of many.
        (operators::LOGICAL_AND | operators::LOGICAL_OR, all) if all.iter().all(|kind| *kind == Truth) => Some(Truth),
        (operators::EQUALS | operators::NOT_EQUALS, [one, other]) if one == other => Some(Truth),
        (
            operators::LESS | operators::LESS_EQUALS | operators::GREATER | operators::GREATER_EQUALS,
            [Number, Number] | [Time, Time] | [Span, Span],
        ) => Some(Truth),
        (operators::ADD | operators::SUBSTRACT, [Time, Span]) => Some(Time),
        (operators::SUBSTRACT, [Time, Time]) => Some(Span),
        ("timestamp", [Text]) => Some(Time),
        ("duration", [Text]) => Some(Span),
        _ => None,
    }
}

fn method(name: &str, kinds: &[Kind]) -> Option<Kind> {
    match (name, kinds) {
        ("startsWith" | "endsWith", [Kind::Text, Kind::Text]) => Some(Kind::Truth),
        ("extract", [Kind::Text, Kind::Text]) => Some(Kind::Text),
        (
            "getFullYear" | "getMonth" | "getDayOfYear" | "getDayOfMonth" | "getDate" | "getDayOfWeek" | "getHours"
            | "getMinutes" | "getSeconds" | "getMilliseconds",
            [Kind::Time] | [Kind::Time, Kind::Text],
        ) => Some(Kind::Number),
        _ => None,
    }
}

/// Templates, times, spans and time zones are constants, and good ones.
fn constants(name: &str, expression: &IdedExpr, call: &CallExpr) -> Result<(), String> {
    if matches!(name, "startsWith" | "endsWith") {
        return Ok(());
    }
    let mut texts = call.args.iter().map(|part| match &part.expr {
        Expr::Literal(LiteralValue::String(text)) => Ok(text.inner()),
        _ => Err(format!("`{name}` takes a constant in conditions")),
    });
    let Some(text) = texts.next().transpose()? else { return Ok(()) };
    let good = match name {
        "extract" => template(text).is_some(),
        "timestamp" | "duration" => bare().is_some_and(|context| Value::resolve(expression, &context).is_ok()),
        _ => in_zone(name, call),
    };
    if good { Ok(()) } else { Err(format!("`{text}` is nothing that `{name}` takes")) }
}

/// Whether the time zone is one, whatever the time.
fn in_zone(name: &str, call: &CallExpr) -> bool {
    let time = Expr::Select(SelectExpr {
        operand: Box::new(IdedExpr { id: 0, expr: Expr::Ident("request".into()) }),
        field: "time".into(),
        test: false,
    });
    let target = Some(Box::new(IdedExpr { id: 0, expr: time }));
    let expr = Expr::Call(CallExpr { func_name: name.to_owned(), target, args: call.args.clone() });
    at(SOME_DAY).is_some_and(|context| Value::resolve(&IdedExpr { id: 0, expr }, &context).is_ok())
}

/// What stands before and behind the one `{name}` of a template.
fn template(text: &str) -> Option<(&str, &str)> {
    let (before, rest) = text.split_once('{')?;
    let (name, behind) = rest.split_once('}')?;
    let named = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let more = [before, behind].iter().any(|part| part.contains(['{', '}']));
    (named && !more).then_some((before, behind))
}

/// `extract`: what the template's name stands for where its surroundings are first found, or nothing.
fn extracted<'t>(text: &'t str, template: (&str, &str)) -> &'t str {
    let (before, behind) = template;
    let found = text.split_once(before).and_then(|(_, rest)| {
        if behind.is_empty() { Some(rest) } else { rest.split_once(behind).map(|(value, _)| value) }
    });
    found.unwrap_or_default()
}

fn extract<'b, 'v>(values: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let texts: Vec<&str> =
        values.iter().filter_map(|value| value.downcast_ref::<CelString<'_>>()).map(CelString::inner).collect();
    let [text, written] = texts[..] else { return Err(ExecutionError::missing_argument_or_target()) };
    let template = template(written).ok_or_else(|| ExecutionError::function_error("extract", "no template"))?;
    Ok(CowVal::owned(CelString::from(extracted(text, template).to_owned())))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
mod tests {
    use super::*;

    const KEY: &str = "projects/p/locations/europe-west1/keyRings/prod-eu/cryptoKeys/cards";
    /// A Wednesday.
    const NOW: Timestamp = Timestamp(1_795_600_383_000);

    fn holds(text: &str) -> Option<bool> {
        let resource = HashMap::from([
            ("name", KEY.to_owned()),
            ("type", "cloudkms.googleapis.com/CryptoKey".to_owned()),
            ("service", "cloudkms.googleapis.com".to_owned()),
        ]);
        Condition::read(text).unwrap_or_else(|why| panic!("{text}: {why}")).evaluate(&resource, NOW)
    }

    #[test]
    fn what_iam_documents_is_evaluated() {
        for text in [
            "true",
            "resource.name.startsWith('projects/p/locations/europe-west1/keyRings/prod-')",
            "resource.name.endsWith(\"/cards\") && resource.type == 'cloudkms.googleapis.com/CryptoKey'",
            "resource.service == 'cloudkms.googleapis.com'",
            "!(resource.service != 'cloudkms.googleapis.com')",
            "resource.name.extract('/keyRings/{ring}/').startsWith('prod-')",
            "resource.name.extract('projects/{project}/') == 'p'",
            "resource.name.extract('/cryptoKeys/{key}') == 'cards'",
            "resource.name.extract('{all}/locations/') == 'projects/p'",
            "resource.name.extract('/cryptoKeyVersions/{version}') == ''",
            "resource.type == 'x' || resource.name.endsWith('cards')",
            "request.time < timestamp('2027-01-01T00:00:00Z')",
            "request.time >= timestamp('2026-11-25T10:53:03+01:00')",
            "request.time.getFullYear() == 2026 && request.time.getMonth() == 10 && request.time.getDate() == 25",
            "request.time.getDayOfMonth() == 24 && request.time.getDayOfWeek() == 3 && request.time.getDayOfYear() == 328",
            "request.time.getHours() == 9 && request.time.getMinutes() == 53 && request.time.getSeconds() == 3",
            "request.time.getMilliseconds() == 0",
            "request.time.getHours('Europe/Berlin') == 10 && request.time.getHours('-05:00') == 4",
            "request.time > timestamp('2026-11-24T00:00:00Z') + duration('86400s')",
            "request.time - timestamp('2026-11-25T00:00:00Z') < duration('10h')",
            "request.time - duration('1h30m') > timestamp('2026-11-25T08:00:00.5Z')",
        ] {
            assert_eq!(holds(text), Some(true), "{text}");
        }
        for text in ["false", "resource.name == ''", "request.time.getHours('America/New_York') >= 9"] {
            assert_eq!(holds(text), Some(false), "{text}");
        }
    }

    #[test]
    fn what_changes_with_the_time_is_known() {
        for (text, timed) in [
            ("resource.name == 'a'", false),
            ("timestamp('2026-01-01T00:00:00Z') < timestamp('2027-01-01T00:00:00Z')", false),
            ("resource.name == 'a' || request.time.getHours() > 8", true),
        ] {
            assert_eq!(Condition::read(text).unwrap().timed(), timed, "{text}");
        }
    }

    #[test]
    fn what_is_not_evaluated_is_refused() {
        for text in [
            "",
            "1",
            "'true'",
            "resource",
            "request",
            "now",
            "resource.labels",
            "resource.name",
            "request.auth.claims == 'x'",
            "request.time",
            "request.time == 'x'",
            "request.time < '2027-01-01T00:00:00Z'",
            "request.time < timestamp('tomorrow')",
            "request.time < timestamp(resource.name)",
            "request.time < timestamp(1)",
            "request.time - duration('long') > timestamp('2026-11-25T08:00:00Z')",
            "request.time.getHours('Europe/Atlantis') > 8",
            "request.time.getHours(resource.name) > 8",
            "request.time.getHours() + 1 > 8",
            "resource.name.matches('.*')",
            "resource.name.size() > 1",
            "size(resource.name) > 1",
            "resource.name.extract('none') == 'x'",
            "resource.name.extract('{a}{b}') == 'x'",
            "resource.name.extract(resource.name) == 'x'",
            "resource.matchTag('a', 'b')",
            "api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly(['roles/viewer'])",
            "[1, 2].all(x, x > 0)",
            "[1].exists(x, true)",
            "{'a': true}['a']",
            "has(resource.name)",
            "1 in [1]",
            "true ? true : false",
            "string(1) == '1'",
            "dyn(true)",
            "type(true) == bool",
            "true &&",
            "(true",
            "tr ue",
            "'\u{0}' == ",
            "resource.`name` == 'a'",
            "resource.?name == 'a'",
            "1.0 < 2.0",
            "b'a' == b'a'",
            "null == null",
        ] {
            assert!(Condition::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn expressions_are_bounded() {
        let chain = |count: usize| vec!["true"; count + 1].join(" && ");
        assert!(Condition::read(&chain(LOGICAL_MAX)).is_ok());
        assert!(Condition::read(&chain(LOGICAL_MAX + 1)).is_err());
        let long = |count: usize| format!("resource.name == '{}'", "a".repeat(count - 19));
        assert!(Condition::read(&long(EXPRESSION_BYTES_MAX)).is_ok());
        assert!(Condition::read(&long(EXPRESSION_BYTES_MAX + 1)).is_err());
        assert!(Condition::read(&format!("{}true{}", "(".repeat(10), ")".repeat(10))).is_ok());
    }

    /// No text takes long, however it is nested, and none is the end of the process.
    #[test]
    fn nothing_takes_long_to_read() {
        let begun = clock::stopwatch_micros();
        let parts = [
            "(", "[", "{", "!", "-", "a.", "a(", "a?", "true&&", "1+", "'", "\"\"\"", "?:", "a.b(c,", "\\", "`", "{a:",
            "in ",
        ];
        for part in parts {
            for end in ["", "true", ")"] {
                let text = format!("{}{end}", part.repeat(EXPRESSION_BYTES_MAX / part.len() - end.len()));
                let _ = Condition::read(&text);
            }
        }
        let each = (clock::stopwatch_micros() - begun) / (parts.len() as u64 * 3);
        assert!(each < 500_000, "{each} µs");
    }
}
