//! How deep brackets lie in one another. Cedar's parser takes several kilobytes of stack for each, and asks nobody.

/// How deep brackets may lie in one another in a native policy.
pub(super) const BRACKET_DEPTH_MAX: usize = 32;

/// Where in the text one is.
enum Place {
    Code,
    /// In a string literal; whether a backslash was just there.
    String(bool),
    /// Behind `//`, up to the end of the line.
    Comment,
}

/// Whether brackets of all kinds, outside strings and comments, lie at most [`BRACKET_DEPTH_MAX`] deep. Looks at each
/// byte once.
pub(super) fn is_shallow(text: &str) -> bool {
    let (mut place, mut depth, mut before) = (Place::Code, 0_usize, 0);
    for byte in text.bytes() {
        place = match (place, byte) {
            (Place::Code, b'"') => Place::String(false),
            (Place::Code, b'/') if before == b'/' => Place::Comment,
            (Place::Code, _) => {
                match byte {
                    b'(' | b'[' | b'{' => depth += 1,
                    b')' | b']' | b'}' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                Place::Code
            }
            (Place::String(false), b'"') | (Place::Comment, b'\n' | b'\r') => Place::Code,
            (Place::String(escaped), _) => Place::String(!escaped && byte == b'\\'),
            (Place::Comment, _) => Place::Comment,
        };
        if depth > BRACKET_DEPTH_MAX {
            return false;
        }
        before = byte;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_count_outside_strings_and_comments() {
        let open = |count: usize| "([{".repeat(count / 3 + 1).split_at(count).0.to_owned();
        assert!(is_shallow(&open(BRACKET_DEPTH_MAX)));
        assert!(!is_shallow(&open(BRACKET_DEPTH_MAX + 1)));
        assert!(is_shallow(&"()".repeat(1_000)));
        let full = open(BRACKET_DEPTH_MAX);
        for (around, shallow) in [
            ("\"(\"", true),
            ("\"\\\"(\"", true),
            ("\"\\\\\"(", false),
            ("// (\"", true),
            ("// \"\n(", false),
            ("// \"\r(", false),
            ("\"//\"(", false),
            ("\")\"(", false),
            ("// )\n(", false),
            ("/ /(", false),
            (")(", true),
        ] {
            assert_eq!(is_shallow(&format!("{full}{around}")), shallow, "{around}");
        }
    }
}
