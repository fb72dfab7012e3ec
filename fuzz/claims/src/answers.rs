//! Answers that a client can read, whatever was asked.

use http::Response;
use http::header::CONTENT_TYPE;

/// JSON is JSON, and XML has nothing in it that is not escaped.
pub(crate) fn well_formed(response: &Response<Vec<u8>>) {
    let body = str::from_utf8(response.body()).expect("answers are text");
    // This one comes before there is a language.
    if response.status() == 404 {
        return;
    }
    match response.headers()[CONTENT_TYPE].to_str() {
        Ok("text/xml") => xml(body),
        _ if body.is_empty() => {}
        _ => {
            let value: serde_json::Value = serde_json::from_str(body).expect("an answer in JSON");
            assert!(value.is_object());
        }
    }
}

/// What was wrong may be repeated, in words and with escapes; but not without end.
pub(crate) fn bounded(response: &Response<Vec<u8>>, asked: usize) {
    let told = response.body().len();
    assert!(told <= 16 * 1_024 + 12 * asked, "{told} bytes for {asked}");
}

fn xml(body: &str) {
    let mut open = Vec::new();
    for part in body.split('<').skip(1) {
        let (tag, text) = part.split_once('>').expect("a tag ends");
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name)),
            None => open.push(tag.split(' ').next().unwrap_or_default()),
        }
        let escaped = |rest: &str| ["amp;", "lt;", "gt;"].iter().any(|entity| rest.starts_with(entity));
        assert!(text.split('&').skip(1).all(escaped), "{text}");
    }
    assert!(open.is_empty(), "{open:?}");
}
