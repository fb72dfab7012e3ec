//! Deterministic CBOR as docs/formats/entry.md has it, read by a second pair of eyes.

/// Whether the bytes are one item: integers, bytes, text, arrays, maps, true, false and null; every head as short as
/// can be; keys ascending.
pub(crate) fn deterministic(bytes: &[u8]) -> bool {
    item(bytes) == Some(&[])
}

/// What follows the first item.
fn item(bytes: &[u8]) -> Option<&[u8]> {
    let (first, rest) = bytes.split_first()?;
    if matches!(first, 0xf4..=0xf6) {
        return Some(rest);
    }
    let (argument, rest) = argument(first & 31, rest)?;
    match first >> 5 {
        0 | 1 => Some(rest),
        2 => Some(rest.split_at_checked(usize::try_from(argument).ok()?)?.1),
        3 => {
            let (text, rest) = rest.split_at_checked(usize::try_from(argument).ok()?)?;
            str::from_utf8(text).ok().map(|_| rest)
        }
        4 => (0..argument).try_fold(rest, |rest, _| item(rest)),
        5 => map(argument, rest),
        _ => None,
    }
}

fn map(pairs: u64, mut rest: &[u8]) -> Option<&[u8]> {
    let mut before: &[u8] = &[];
    for _ in 0..pairs {
        let after = item(rest)?;
        let key = &rest[..rest.len() - after.len()];
        if key <= before {
            return None;
        }
        (before, rest) = (key, item(after)?);
    }
    Some(rest)
}

/// The argument of a head, which is as short as can be.
fn argument(short: u8, rest: &[u8]) -> Option<(u64, &[u8])> {
    let bytes = match short {
        0..24 => return Some((u64::from(short), rest)),
        24..28 => 1_usize << (short - 24),
        _ => return None,
    };
    let (digits, rest) = rest.split_at_checked(bytes)?;
    let argument = digits.iter().fold(0_u64, |sum, digit| sum << 8 | u64::from(*digit));
    let least = if bytes == 1 { 24 } else { 1 << (4 * bytes) };
    (argument >= least).then_some((argument, rest))
}
