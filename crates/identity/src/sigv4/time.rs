//! When a request says it was signed.

use clock::Timestamp;
use domain::Refusal;
use http::HeaderMap;
use http::header::HeaderValue;

/// `20261125T095303Z`.
pub(super) const BASIC_CHARS: usize = 16;
/// `20261125`.
pub(super) const DATE_CHARS: usize = 8;

/// `X-Amz-Date`, or `Date` where that is missing. The text is the one that was signed.
pub(super) fn find(headers: &HeaderMap) -> Result<([u8; BASIC_CHARS], Timestamp), Refusal> {
    let stamp = match only(headers, "x-amz-date")? {
        Some(value) => basic(value.as_bytes()),
        None => only(headers, "date")?.and_then(|value| basic(value.as_bytes()).or_else(|| fixdate(value.as_bytes()))),
    };
    stamp.ok_or(INCOMPLETE)
}

const INCOMPLETE: Refusal = Refusal::IncompleteCredential { part: "X-Amz-Date" };

fn only<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a HeaderValue>, Refusal> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() { Err(INCOMPLETE) } else { Ok(first) }
}

fn basic(text: &[u8]) -> Option<([u8; BASIC_CHARS], Timestamp)> {
    let stamp = Timestamp::parse_basic(str::from_utf8(text).ok()?)?;
    Some((text.try_into().ok()?, stamp))
}

/// `Sun, 30 Aug 2015 12:36:00 GMT`, signed as `20150830T123600Z`.
fn fixdate(text: &[u8]) -> Option<([u8; BASIC_CHARS], Timestamp)> {
    let stamp = Timestamp::parse_http(str::from_utf8(text).ok()?)?;
    Some((stamp.to_basic().into_bytes().try_into().ok()?, stamp))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn signed(headers: &[(&'static str, &'static str)]) -> Option<String> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        let (text, stamp) = find(&map).ok()?;
        assert_eq!(Timestamp::parse_basic(str::from_utf8(&text).unwrap()), Some(stamp));
        Some(String::from_utf8(text.to_vec()).unwrap())
    }

    #[test]
    fn the_time_is_found_where_it_stands() {
        let basic = "20150830T123600Z";
        let expected = Some(basic.to_owned());
        assert_eq!(signed(&[("x-amz-date", basic)]), expected);
        assert_eq!(signed(&[("x-amz-date", basic), ("date", "nonsense")]), expected);
        assert_eq!(signed(&[("date", basic)]), expected);
        assert_eq!(signed(&[("date", "Sun, 30 Aug 2015 12:36:00 GMT")]), expected);
    }

    #[test]
    fn what_is_no_time_is_refused() {
        let misspelt = [
            "",
            "20150830",
            "20150830T123600",
            "20151330T123600Z",
            "2015-08-30T12:36:00Z",
            "Sun, 30 Aug 2015 12:36:00 CET",
            "Sun, 30 Aug 2015 12:36:00 GMT ",
            "Sun, 3 Aug 2015 12:36:00 GMT",
            "Sun, 30 Aug 2015 1:23:600 GMT",
            "Sun, 3 Feb 20151 12:36:00 GMT",
            "Sun, 30 aug 2015 12:36:00 GMT",
            "Sunday, 30-Aug-15 12:36:00 GMT",
        ];
        for text in misspelt {
            assert_eq!(signed(&[("date", text)]), None, "{text}");
        }
        assert_eq!(signed(&[]), None);
        assert_eq!(signed(&[("x-amz-date", "Sun, 30 Aug 2015 12:36:00 GMT")]), None);
        assert_eq!(signed(&[("x-amz-date", "20150830T123600Z"), ("x-amz-date", "20150830T123600Z")]), None);
    }
}
