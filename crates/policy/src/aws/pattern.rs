//! `*` stands for any characters, none included; `?` stands for one.

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(super) enum Pattern {
    Any,
    Literal(Box<str>),
    /// The text before a single `*` at the end.
    Prefix(Box<str>),
    Glob(Box<str>),
    /// A glob some of whose `*` stand for characters other than `:`.
    Segmented(Box<[Piece]>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Char(char),
    /// One character.
    One,
    /// Any characters.
    Many,
    /// Any characters but `:`.
    ManyWithin,
}

impl Pattern {
    pub(super) fn plain(text: &str) -> Self {
        match text.find(['*', '?']) {
            None => Self::Literal(text.into()),
            Some(0) if text == "*" => Self::Any,
            Some(at) if at + 1 == text.len() && text.ends_with('*') => Self::Prefix(text.split_at(at).0.into()),
            Some(_) => Self::Glob(text.into()),
        }
    }

    /// A pattern of ARNs: a `*` that does not end its segment stays in its segment.
    pub(super) fn arn(text: &str) -> Self {
        let chars: Vec<char> = text.chars().collect();
        let ends = |at: usize| chars.get(at + 1).is_none_or(|next| matches!(next, ':' | '*'));
        let pieces: Box<[Piece]> = chars
            .iter()
            .enumerate()
            .map(|(at, char)| match char {
                '*' if ends(at) => Piece::Many,
                '*' => Piece::ManyWithin,
                '?' => Piece::One,
                other => Piece::Char(*other),
            })
            .collect();
        if pieces.contains(&Piece::ManyWithin) { Self::Segmented(pieces) } else { Self::plain(text) }
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Literal(literal) => &**literal == text,
            Self::Prefix(prefix) => text.starts_with(&**prefix),
            Self::Glob(pattern) => glob(pattern, text),
            Self::Segmented(pieces) => segmented(pieces, text),
        }
    }
}

/// One `*` is tried at a time, the last one: what an earlier one could give, a later one can take.
/// At most `pattern.len() * text.len()` steps.
pub(super) fn glob(pattern: &str, text: &str) -> bool {
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    let mut retry: Option<(std::str::Chars<'_>, std::str::Chars<'_>)> = None;
    loop {
        let mut ahead = pattern.clone();
        match (ahead.next(), text.clone().next()) {
            (Some('*'), _) => {
                retry = Some((ahead.clone(), text.clone()));
                pattern = ahead;
                continue;
            }
            (Some(want), Some(have)) if want == '?' || want == have => {
                pattern = ahead;
                text.next();
                continue;
            }
            (None, None) => return true,
            _ => {}
        }
        let Some((after, from)) = &mut retry else { return false };
        if from.next().is_none() {
            return false;
        }
        (pattern, text) = (after.clone(), from.clone());
    }
}

/// All ways at once: the set of places in the pattern that may be next.
fn segmented(pieces: &[Piece], text: &str) -> bool {
    let mut places = vec![false; pieces.len() + 1];
    enter(&mut places, pieces, 0);
    for char in text.chars() {
        let mut next = vec![false; pieces.len() + 1];
        for (at, piece) in pieces.iter().enumerate().filter(|(at, _)| places.get(*at) == Some(&true)) {
            match piece {
                Piece::Char(want) if *want != char => {}
                Piece::Char(_) | Piece::One => enter(&mut next, pieces, at + 1),
                Piece::ManyWithin if char == ':' => {}
                Piece::Many | Piece::ManyWithin => enter(&mut next, pieces, at),
            }
        }
        places = next;
    }
    places.last() == Some(&true)
}

/// A place, and those that a `*` lets one skip to.
fn enter(places: &mut [bool], pieces: &[Piece], mut at: usize) {
    while let Some(place) = places.get_mut(at) {
        if std::mem::replace(place, true) || !matches!(pieces.get(at), Some(Piece::Many | Piece::ManyWithin)) {
            return;
        }
        at += 1;
    }
}

/// A pattern of a `Resource` element.
#[derive(Clone, Debug)]
pub(super) struct ResourcePattern {
    whole: Pattern,
    /// Where it has six parts: what has six parts too is compared part by part, because every `:` of the one must
    /// be a `:` of the other.
    parts: Option<Box<[Pattern; 6]>>,
}

/// What a `Resource` element is compared with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resource<'a> {
    pub(crate) text: &'a str,
    parts: Option<[&'a str; 6]>,
}

impl<'a> Resource<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, parts: six(text) }
    }

    /// The names under which an index may hold it.
    pub(super) fn names(&self) -> [Option<&'a str>; 2] {
        [self.parts.map(|[.., last]| last), Some(self.text)]
    }
}

/// The parts of an ARN that has no `:` in its last one.
fn six(text: &str) -> Option<[&str; 6]> {
    let mut parts = text.split(':');
    let mut six = [""; 6];
    for part in &mut six {
        *part = parts.next()?;
    }
    parts.next().is_none().then_some(six)
}

impl ResourcePattern {
    pub(super) fn read(text: &str) -> Self {
        Self { whole: Pattern::arn(text), parts: six(text).map(|parts| Box::new(parts.map(Pattern::plain))) }
    }

    pub(super) fn matches(&self, resource: &Resource<'_>) -> bool {
        match (&self.parts, &resource.parts) {
            // The last part tells most apart.
            (Some(patterns), Some(parts)) => {
                patterns.iter().zip(parts).rev().all(|(pattern, part)| pattern.matches(part))
            }
            _ => self.whole.matches(resource.text),
        }
    }

    /// A name without which nothing fits; see [`Resource::names`].
    pub(super) fn name(&self) -> Option<&str> {
        match (self.parts.as_deref(), &self.whole) {
            (Some([.., Pattern::Literal(last)]), _) => Some(last),
            (None, Pattern::Literal(whole)) => Some(whole),
            _ => None,
        }
    }
}

/// An ARN pattern of a condition: its six parts are compared one by one.
#[derive(Clone, Debug)]
pub(super) struct ArnPattern(Box<[Pattern]>);

impl ArnPattern {
    /// Nothing where the text has fewer than six parts and is not `*`.
    pub(super) fn read(text: &str) -> Option<Self> {
        let parts: Box<[Pattern]> = text.splitn(6, ':').map(Pattern::plain).collect();
        (parts.len() == 6 || text == "*").then_some(Self(parts))
    }

    pub(super) fn matches(&self, arn: &str) -> bool {
        if let [Pattern::Any] = &*self.0 {
            return true;
        }
        let mut parts = arn.splitn(6, ':');
        self.0.iter().all(|pattern| parts.next().is_some_and(|part| pattern.matches(part))) && parts.next().is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn one_star_at_a_time_and_all_ways_at_once_agree(pattern in "[abé*?]{0,10}", text in "[abé]{0,12}") {
            let piece = |char| match char {
                '*' => Piece::Many,
                '?' => Piece::One,
                other => Piece::Char(other),
            };
            let pieces: Vec<Piece> = pattern.chars().map(piece).collect();
            prop_assert_eq!(glob(&pattern, &text), segmented(&pieces, &text));
            prop_assert_eq!(Pattern::plain(&pattern).matches(&text), glob(&pattern, &text));
        }

        #[test]
        fn parts_and_wholes_agree(pattern in "[ab*?:]{0,12}", text in "[ab:]{0,12}", fit in any::<bool>()) {
            let pattern = if fit { format!("a:b:*:?:{}:{pattern}", text.len()) } else { pattern };
            let text = if fit { format!("a:b:ab:b:{}:{text}", text.len()) } else { text };
            let read = ResourcePattern::read(&pattern);
            let resource = Resource::new(&text);
            prop_assert_eq!(read.matches(&resource), Pattern::arn(&pattern).matches(&text));
            let found = read.name().is_none_or(|name| resource.names().contains(&Some(name)));
            prop_assert!(found || !read.matches(&resource));
        }
    }

    #[test]
    fn stars_and_question_marks() {
        let cases = [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("?", "", false),
            ("?", "é", true),
            ("*??", "é", false),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXcYb", false),
            ("**a", "bba", true),
            ("kms:*", "kms:Encrypt", true),
            ("kms:Gen*Key", "kms:GenerateDataKey", true),
            ("kms:Gen*Key", "kms:GenerateDataKeyWithoutPlaintext", false),
            ("*ab", "aab", true),
            ("a?c*", "abc", true),
            ("*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
        ];
        for (pattern, text, verdict) in cases {
            assert_eq!(Pattern::plain(pattern).matches(text), verdict, "{pattern} on {text}");
        }
    }

    #[test]
    fn stars_inside_a_segment_stay_there() {
        let cases = [
            ("arn:aws:kms:*:1:key/*", "arn:aws:kms:eu-west-1:1:key/a/b", true),
            ("arn:aws:kms:eu-*-1:1:key/a", "arn:aws:kms:eu-west-1:1:key/a", true),
            ("arn:aws:kms:eu-*1:1:key/a", "arn:aws:kms:eu-west-2:9:key/x1:1:key/a", false),
            ("arn:aws:kms:*", "arn:aws:kms:eu-west-1:1:key/a", true),
            ("arn:*:key/*b", "arn:aws:kms:x:1:key/aXb", true),
            ("arn:*:key/*b", "arn:aws:kms:x:1:key/a:b", false),
            ("*", "*", true),
        ];
        for (pattern, text, verdict) in cases {
            assert_eq!(Pattern::arn(pattern).matches(text), verdict, "{pattern} on {text}");
        }
    }

    #[test]
    fn condition_arns_are_compared_part_by_part() {
        let user = "arn:aws:iam::111122223333:user/ops";
        for (pattern, verdict) in [
            ("arn:aws:iam::111122223333:user/*", Some(true)),
            ("arn:*:iam::*:user/ops", Some(true)),
            ("arn:aws:iam:*:user/ops", None),
            ("arn:aws:*::111122223333:root", Some(false)),
            ("*", Some(true)),
        ] {
            assert_eq!(ArnPattern::read(pattern).map(|pattern| pattern.matches(user)), verdict, "{pattern}");
        }
    }
}
