//! Bearer credentials: taken apart without belief.

use identity::bearer::{BEARER_BYTES_MAX, jwt, token};

/// A text is a signed token or an access token or neither, never both; what is taken apart was within its bounds, and
/// an access token that is taken apart is spelled the same again but for its code.
pub(crate) fn read(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let (signed, given_out) = (jwt::read(text), token::read(text));
    assert!(signed.is_err() || given_out.is_err());
    if let Ok(signed) = signed {
        assert!(text.len() <= BEARER_BYTES_MAX);
        assert!((1..=128).contains(&signed.claims.key.len()));
    }
    if let Ok(given_out) = given_out {
        let again = given_out.token.spell(&[0; 32]).expose(|bytes| String::from_utf8(bytes.to_vec()).unwrap());
        assert_eq!(token::read(&again).ok().unwrap().token, given_out.token);
    }
}
