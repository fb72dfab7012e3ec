//! How deep a JSON text goes, without parsing it.

/// Whether arrays and objects stand at most `depth_max` deep inside one another. Looks at each byte once. Of a text that
/// is not JSON it says something, and a parser says the rest.
pub(crate) fn within(text: &[u8], depth_max: usize) -> bool {
    let mut depth = 0_usize;
    let mut quoted = false;
    let mut escaped = false;
    for byte in text {
        match (quoted, escaped, byte) {
            (true, true, _) => escaped = false,
            (true, false, b'\\') => escaped = true,
            (_, _, b'"') => quoted = !quoted,
            (false, _, b'{' | b'[') => depth += 1,
            (false, _, b'}' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > depth_max {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::within;

    #[test]
    fn brackets_count_outside_strings_only() {
        let cases: [(&str, usize, bool); 10] = [
            ("", 0, true),
            ("[]", 0, false),
            ("[[]]", 2, true),
            ("[[[]]]", 2, false),
            ("[],[],[]", 1, true),
            (r#"{"a":"[[[["}"#, 1, true),
            (r#"{"a":"\"[[["}"#, 1, true),
            (r#"{"a":"\\","b":[[]]}"#, 2, false),
            (r#"{"a":"\\","b":[[]]}"#, 3, true),
            ("]]]][", 1, true),
        ];
        for (text, depth_max, expected) in cases {
            assert_eq!(within(text.as_bytes(), depth_max), expected, "{text} within {depth_max}");
        }
    }
}
