//! The canonical request: the one spelling of a request that both sides sign.

use domain::Refusal;
use http::HeaderMap;
use http::header::HOST;
use http::request::Parts;
use percent_encoding::percent_decode_str;

/// Enough for an ordinary request, so that the head is one allocation.
const HEAD_BYTES: usize = 512;

/// All lines but the last, the hash of the body.
pub(super) fn head(head: &Parts, signed_headers: &str) -> Result<Vec<u8>, Refusal> {
    let mut out = Vec::with_capacity(HEAD_BYTES);
    out.extend_from_slice(head.method.as_str().as_bytes());
    out.push(b'\n');
    push_path(&mut out, head.uri.path());
    out.push(b'\n');
    push_query(&mut out, head.uri.query().unwrap_or_default());
    out.push(b'\n');
    push_headers(&mut out, head, signed_headers)?;
    out.push(b'\n');
    out.extend_from_slice(signed_headers.as_bytes());
    out.push(b'\n');
    Ok(out)
}

/// The path without `.`, `..` and empty segments (RFC 3986, section 5.2.4), encoded once more than on the wire.
fn push_path(out: &mut Vec<u8>, path: &str) {
    let root = out.len();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => pop_segment(out, root),
            segment => {
                out.push(b'/');
                push_encoded(out, segment.bytes());
            }
        }
    }
    if out.len() == root || ["/", "/.", "/.."].iter().any(|end| path.ends_with(end)) {
        out.push(b'/');
    }
}

fn pop_segment(out: &mut Vec<u8>, root: usize) {
    let path = out.get(root..).unwrap_or_default();
    let parent = path.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
    out.truncate(root + parent);
}

/// The parameters in one encoding, in order of their encoded names, then values. A plus sign is a space.
fn push_query(out: &mut Vec<u8>, query: &str) {
    let pieces = query.split('&').filter(|piece| !piece.is_empty());
    let mut pairs: Vec<_> = pieces
        .map(|piece| {
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            (encoded_anew(name), encoded_anew(value))
        })
        .collect();
    pairs.sort();
    for (at, (name, value)) in pairs.iter().enumerate() {
        if at > 0 {
            out.push(b'&');
        }
        out.extend_from_slice(name);
        out.push(b'=');
        out.extend_from_slice(value);
    }
}

fn encoded_anew(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for (at, word) in text.split('+').enumerate() {
        if at > 0 {
            out.extend_from_slice(b"%20");
        }
        push_encoded(&mut out, percent_decode_str(word));
    }
    out
}

/// Everything but the unreserved characters of RFC 3986 as `%XX`, upper case.
fn push_encoded(out: &mut Vec<u8>, bytes: impl Iterator<Item = u8>) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or_default();
    for byte in bytes {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte),
            _ => out.extend_from_slice(&[b'%', digit(byte >> 4), digit(byte & 15)]),
        }
    }
}

/// One line for each signed header. Each name stands once, so this is never longer than the head is.
fn push_headers(out: &mut Vec<u8>, head: &Parts, signed_headers: &str) -> Result<(), Refusal> {
    let (mut last, mut host_signed, mut amz_signed) = ("", false, 0);
    for name in signed_headers.split(';') {
        if name <= last || name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(incomplete("SignedHeaders"));
        }
        last = name;
        host_signed |= name == HOST.as_str();
        amz_signed += usize::from(is_amz(name));
        out.extend_from_slice(name.as_bytes());
        out.push(b':');
        push_header(out, head, name)?;
        out.push(b'\n');
    }
    if !host_signed {
        return Err(incomplete("Host"));
    }
    // Every signed name was found, and none twice: equal numbers are equal sets.
    if amz_signed != head.headers.keys().filter(|name| is_amz(name.as_str())).count() {
        return Err(incomplete("SignedHeaders"));
    }
    Ok(())
}

fn is_amz(name: &str) -> bool {
    name.starts_with("x-amz-")
}

fn push_header(out: &mut Vec<u8>, head: &Parts, name: &str) -> Result<(), Refusal> {
    if name == HOST.as_str() {
        return push_host(out, head);
    }
    if push_values(out, &head.headers, name) { Ok(()) } else { Err(incomplete("SignedHeaders")) }
}

/// HTTP/1.1 carries the host as a header, HTTP/2 as `:authority`. Where both are there they must agree.
fn push_host(out: &mut Vec<u8>, head: &Parts) -> Result<(), Refusal> {
    let authority = head.uri.authority().map(|authority| authority.as_str().as_bytes());
    let header = head.headers.get(HOST).map(|value| value.as_bytes());
    match (header, authority) {
        (Some(header), Some(authority)) if !header.eq_ignore_ascii_case(authority) => return Err(incomplete("Host")),
        (Some(_), _) => {
            push_values(out, &head.headers, HOST.as_str());
        }
        (None, Some(authority)) => push_value(out, authority),
        (None, None) => return Err(incomplete("Host")),
    }
    Ok(())
}

/// All values of a header, joined by commas in the order in which they came; whether there was one.
fn push_values(out: &mut Vec<u8>, headers: &HeaderMap, name: &str) -> bool {
    let mut values = headers.get_all(name).iter();
    let Some(first) = values.next() else { return false };
    push_value(out, first.as_bytes());
    for value in values {
        out.push(b',');
        push_value(out, value.as_bytes());
    }
    true
}

/// Without spaces around it, and one for many within.
fn push_value(out: &mut Vec<u8>, value: &[u8]) {
    let mut words = value.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    out.extend_from_slice(words.next().unwrap_or_default());
    for word in words {
        out.push(b' ');
        out.extend_from_slice(word);
    }
}

fn incomplete(part: &'static str) -> Refusal {
    Refusal::IncompleteCredential { part }
}
