//! The constraints of the service's model, and the text that a value gets which does not meet them.

use crate::code::Code;
use crate::input::{List, Objection, Text};
use std::borrow::Cow;

/// Gathers what is wrong with a request: the service tells all of it at once.
#[derive(Default)]
pub(crate) struct Checks {
    /// At most [`TOLD_MAX`] of them.
    told: Vec<String>,
    found: usize,
    first: &'static str,
}

/// How many constraints that are not met are told one by one. A body of a quarter of a megabyte can miss a hundred
/// thousand, and each takes a sentence.
const TOLD_MAX: usize = 50;

/// How long a text may be, in characters, and how it may be spelled.
pub(crate) struct Rule {
    pub(crate) min: usize,
    pub(crate) max: usize,
    pub(crate) pattern: Option<Pattern>,
}

pub(crate) struct Pattern {
    /// As the service prints it.
    pub(crate) text: &'static str,
    pub(crate) fits: fn(&str) -> bool,
}

pub(crate) const KEY_ID: Rule = Rule { min: 1, max: 2048, pattern: None };
pub(crate) const GRANT_TOKEN: Rule = Rule { min: 1, max: 8192, pattern: None };
pub(crate) const GRANT_TOKENS_MAX: usize = 10;

impl Checks {
    /// Says all that was found, or nothing.
    pub(crate) fn settle(self) -> Result<(), Objection> {
        let errors = if self.found == 1 { "error" } else { "errors" };
        match self.found {
            0 => Ok(()),
            count => {
                let text = format!("{count} validation {errors} detected: {}", self.told.join("; "));
                Err(Objection::new(Code::Validation, self.first, text))
            }
        }
    }

    /// `value` is how the service prints it; what is sensitive it does not print.
    pub(crate) fn object(&mut self, member: &'static str, place: &str, value: Option<&str>, constraint: &str) {
        self.tell(member, || {
            let value = value.map(|value| format!("Value '{value}'"));
            let value = value.as_deref().unwrap_or("Value");
            format!("{value} at '{place}' failed to satisfy constraint: {constraint}")
        });
    }

    fn missing(&mut self, member: &'static str, place: &str) {
        self.tell(member, || format!("Value null at '{place}' failed to satisfy constraint: Member must not be null"));
    }

    fn tell(&mut self, member: &'static str, sentence: impl FnOnce() -> String) {
        self.found += 1;
        if self.told.len() < TOLD_MAX {
            self.told.push(sentence());
        }
        if self.first.is_empty() {
            self.first = member;
        }
    }

    /// A member that must be there. What stands for a missing one is never used: `settle` comes first.
    pub(crate) fn required<T: Default>(&mut self, member: &'static str, value: Option<T>) -> T {
        value.unwrap_or_else(|| {
            self.missing(member, member);
            T::default()
        })
    }

    pub(crate) fn required_at<T: Default>(&mut self, member: &'static str, place: &str, value: Option<T>) -> T {
        value.unwrap_or_else(|| {
            self.missing(member, place);
            T::default()
        })
    }

    pub(crate) fn text(&mut self, member: &'static str, value: &str, rule: &Rule) {
        self.text_at(member, member, value, rule);
    }

    pub(crate) fn text_at(&mut self, member: &'static str, place: &str, value: &str, rule: &Rule) {
        // Counting characters is only needed where the bytes are too many.
        let (min, max) = (rule.min, rule.max);
        if value.len() > max && value.chars().count() > max {
            self.object(member, place, Some(value), &format!("Member must have length less than or equal to {max}"));
        }
        if value.len() < min {
            self.object(member, place, Some(value), &format!("Member must have length greater than or equal to {min}"));
        }
        if let Some(pattern) = rule.pattern.as_ref().filter(|pattern| !(pattern.fits)(value)) {
            let constraint = format!("Member must satisfy regular expression pattern: {}", pattern.text);
            self.object(member, place, Some(value), &constraint);
        }
    }

    /// A required key id.
    pub(crate) fn key_id<'a>(&mut self, member: &'static str, value: Option<Text<'a>>) -> Cow<'a, str> {
        match value {
            Some(Text(value)) => {
                self.text(member, &value, &KEY_ID);
                value
            }
            None => self.required(member, None),
        }
    }

    pub(crate) fn optional_key_id<'a>(
        &mut self,
        member: &'static str,
        value: Option<Text<'a>>,
    ) -> Option<Cow<'a, str>> {
        let Text(value) = value?;
        self.text(member, &value, &KEY_ID);
        Some(value)
    }

    pub(crate) fn number(&mut self, member: &'static str, value: i64, min: i64, max: i64) {
        let shown = value.to_string();
        if value > max {
            let constraint = format!("Member must have value less than or equal to {max}");
            self.object(member, member, Some(&shown), &constraint);
        }
        if value < min {
            let constraint = format!("Member must have value greater than or equal to {min}");
            self.object(member, member, Some(&shown), &constraint);
        }
    }

    /// Bytes are never printed, only counted.
    pub(crate) fn bytes(&mut self, member: &'static str, length: usize, max: usize) {
        if length > max {
            self.object(member, member, None, &format!("Member must have length less than or equal to {max}"));
        }
        if length == 0 {
            self.object(member, member, None, "Member must have length greater than or equal to 1");
        }
    }

    pub(crate) fn one_of(&mut self, member: &'static str, value: &str, set: &[&str]) {
        if !set.contains(&value) {
            let constraint = format!("Member must satisfy enum value set: [{}]", set.join(", "));
            self.object(member, member, Some(value), &constraint);
        }
    }

    pub(crate) fn length(&mut self, member: &'static str, items: &[&str], min: usize, max: usize) {
        let shown = || format!("[{}]", items.join(", "));
        if items.len() > max {
            let constraint = format!("Member must have length less than or equal to {max}");
            self.object(member, member, Some(&shown()), &constraint);
        }
        if items.len() < min {
            let constraint = format!("Member must have length greater than or equal to {min}");
            self.object(member, member, Some(&shown()), &constraint);
        }
    }

    /// Grant tokens are checked for their shape; a grant that is there needs no token.
    pub(crate) fn grant_tokens(&mut self, tokens: Option<&List<Text<'_>>>) {
        let Some(List(tokens)) = tokens else { return };
        let texts: Vec<&str> = tokens.iter().flatten().map(|token| token.0.as_ref()).collect();
        self.length("grantTokens", &texts, 0, GRANT_TOKENS_MAX);
        for (at, token) in tokens.iter().enumerate() {
            let place = format!("grantTokens.{}.member", at + 1);
            match token {
                Some(Text(token)) => self.text_at("grantTokens", &place, token, &GRANT_TOKEN),
                None => self.missing("grantTokens", &place),
            }
        }
    }
}
