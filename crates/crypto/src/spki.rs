//! SubjectPublicKeyInfo (RFC 5280) of keys for which the module writes none.

/// AlgorithmIdentifier without parameters, and the raw key as a bit string.
pub(crate) fn spki(oid: &[u8], raw: &[u8]) -> Vec<u8> {
    let algorithm = item(0x30, &item(0x06, oid));
    let key = item(0x03, &[&[0], raw].concat());
    item(0x30, &[algorithm, key].concat())
}

/// One item in DER of at most 65,535 bytes.
fn item(tag: u8, content: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(content.len()).unwrap_or(u16::MAX).to_be_bytes();
    let head = match (high, low) {
        (0, 0..=127) => vec![tag, low],
        (0, _) => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    [&head, content].concat()
}

/// id-alg-ml-kem-768 and id-alg-ml-kem-1024 (FIPS 203).
pub(crate) const ML_KEM_768: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x04, 0x02];
pub(crate) const ML_KEM_1024: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x04, 0x03];
/// id-slh-dsa-sha2-128s (FIPS 205).
pub(crate) const SLH_DSA_SHA2_128S: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x14];
/// id-XWing (draft-connolly-cfrg-xwing-kem).
pub(crate) const X_WING: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xe6, 0x2d, 0x81, 0xc8, 0x7a];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_as_short_as_der_wants_them() {
        assert_eq!(item(4, &[7; 127]).split_at(2).0, [4, 127]);
        assert_eq!(item(4, &[7; 128]).split_at(3).0, [4, 0x81, 128]);
        assert_eq!(item(4, &[7; 255]).split_at(3).0, [4, 0x81, 255]);
        assert_eq!(item(4, &[7; 256]).split_at(4).0, [4, 0x82, 1, 0]);
    }

    #[test]
    fn a_small_key_byte_by_byte() {
        let key = spki(ML_KEM_768, &[1, 2]);
        let expected = [&[0x30, 18, 0x30, 11, 0x06, 9], ML_KEM_768, &[0x03, 3, 0, 1, 2]].concat();
        assert_eq!(key, expected);
    }
}
