//! Additional authenticated data, in one canonical encoding for every tongue.

/// What an encryption is bound to. None and empty are no bytes.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Context {
    #[default]
    None,
    /// Any bytes that do not begin with [`Context::MAGIC`].
    Bytes(Vec<u8>),
    /// Names and values, sorted by name, no name twice.
    Pairs(Vec<(String, String)>),
}

/// Bytes that begin like pairs but are none, a name twice, or too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadContext;

impl Context {
    /// Begins the canonical encoding of pairs.
    pub const MAGIC: &'static [u8; 8] = b"KWpairs\x01";

    /// Sorts the pairs by the bytes of their names. The same name twice is refused.
    pub fn from_pairs(mut pairs: Vec<(String, String)>) -> Result<Self, BadContext> {
        if pairs.is_empty() {
            return Ok(Self::None);
        }
        pairs.sort();
        if pairs.iter().zip(pairs.iter().skip(1)).any(|(one, next)| one.0 == next.0) {
            return Err(BadContext);
        }
        Ok(Self::Pairs(pairs))
    }

    /// Bytes that begin with the magic are pairs, or refused: a condition on pairs holds in every tongue.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, BadContext> {
        if bytes.is_empty() {
            return Ok(Self::None);
        }
        match bytes.strip_prefix(Self::MAGIC.as_slice()) {
            None => Ok(Self::Bytes(bytes)),
            Some(rest) => {
                let context = Self::from_pairs(parse_pairs(rest).ok_or(BadContext)?)?;
                if context.canonical() == bytes { Ok(context) } else { Err(BadContext) }
            }
        }
    }

    pub fn pairs(&self) -> &[(String, String)] {
        match self {
            Self::Pairs(pairs) => pairs,
            Self::None | Self::Bytes(_) => &[],
        }
    }

    pub fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    /// The bytes that are authenticated. Pairs: the magic, then for each pair in the order of the names'
    /// bytes: length of the name, name, length of the value, value; lengths are 4 bytes, big-endian.
    pub fn canonical(&self) -> Vec<u8> {
        match self {
            Self::None => Vec::new(),
            Self::Bytes(bytes) => bytes.clone(),
            Self::Pairs(pairs) => {
                let size: usize = pairs.iter().map(|(name, value)| name.len() + value.len() + 8).sum();
                let mut bytes = Vec::with_capacity(Self::MAGIC.len() + size);
                bytes.extend_from_slice(Self::MAGIC);
                for part in pairs.iter().flat_map(|(name, value)| [name, value]) {
                    bytes.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
                    bytes.extend_from_slice(part.as_bytes());
                }
                bytes
            }
        }
    }
}

fn parse_pairs(mut rest: &[u8]) -> Option<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    while !rest.is_empty() {
        let (name, after) = parse_part(rest)?;
        let (value, after) = parse_part(after)?;
        pairs.push((name, value));
        rest = after;
    }
    Some(pairs)
}

fn parse_part(bytes: &[u8]) -> Option<(String, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (part, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    Some((String::from_utf8(part.to_vec()).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(list: &[(&str, &str)]) -> Context {
        Context::from_pairs(list.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect()).unwrap_or_default()
    }

    #[test]
    fn order_does_not_matter_and_case_does() {
        assert_eq!(pairs(&[("a", "1"), ("b", "2")]).canonical(), pairs(&[("b", "2"), ("a", "1")]).canonical());
        assert_ne!(pairs(&[("a", "1")]).canonical(), pairs(&[("A", "1")]).canonical());
        assert_ne!(pairs(&[("a", "bc")]).canonical(), pairs(&[("ab", "c")]).canonical());
    }

    #[test]
    fn bytes_that_look_like_pairs_are_pairs_or_refused() {
        let canonical = pairs(&[("a", "1"), ("b", "2")]).canonical();
        assert_eq!(Context::from_bytes(canonical.clone()), Ok(pairs(&[("a", "1"), ("b", "2")])));
        assert_eq!(Context::from_bytes(Context::MAGIC.to_vec()), Err(BadContext));
        assert_eq!(Context::from_bytes(canonical.split_at(canonical.len() - 1).0.to_vec()), Err(BadContext));
        assert_eq!(Context::from_bytes(vec![]), Ok(Context::None));
        assert_eq!(Context::from_pairs(vec![("a".into(), "1".into()), ("a".into(), "2".into())]), Err(BadContext));
    }
}
