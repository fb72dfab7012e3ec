//! Paths of REST: the rules that stand beside the methods, and which of them a request fits.
//! (<https://github.com/googleapis/googleapis/blob/master/google/api/http.proto>)

use crate::method::Method;
use crate::proto::{self, google::api};
use percent_encoding::percent_decode_str;
use prost_reflect::MethodDescriptor;
use std::borrow::Cow;
use std::collections::HashMap;

/// One binding of a method to a path.
pub(crate) struct Route {
    pub(crate) method: &'static Method,
    pub(crate) descriptor: MethodDescriptor,
    pub(crate) body: Body,
    verb: http::Method,
    segments: Vec<Segment>,
    /// Behind a colon.
    action: Option<String>,
    variables: Vec<Variable>,
}

/// What of the message the body of a request is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    None,
    All,
    Field(String),
}

enum Segment {
    Literal(String),
    /// `*`
    One,
    /// `**`, at the end.
    Rest,
}

/// A field whose value is a part of the path.
struct Variable {
    field: String,
    from: usize,
    /// Behind its last segment.
    until: usize,
}

/// The value of a field, by its path.
pub(crate) type Bound<'a> = (&'a str, Cow<'a, str>);

/// All bindings. Those with a verb of their own are apart: `{name}:encrypt` is no `{name}`.
pub(crate) struct Routes {
    plain: Vec<Route>,
    /// By what is behind the colon.
    acting: HashMap<String, Vec<Route>>,
}

impl Routes {
    pub(crate) fn new() -> Self {
        let mut routes = Self { plain: Vec::new(), acting: HashMap::new() };
        for route in read().unwrap_or_default() {
            match &route.action {
                None => routes.plain.push(route),
                Some(action) => routes.acting.entry(action.clone()).or_default().push(route),
            }
        }
        routes
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Route> {
        self.plain.iter().chain(self.acting.values().flatten())
    }

    /// The binding that a request fits, and what its path says.
    pub(crate) fn find<'a>(&'a self, verb: &http::Method, path: &'a str) -> Option<(&'a Route, Vec<Bound<'a>>)> {
        let path = path.strip_prefix('/')?;
        let last = path.rfind('/').map_or(0, |slash| slash + 1);
        // Names of resources have no colon in them.
        let colon = path.get(last..)?.find(':').map(|at| last + at);
        let (path, candidates) = match colon {
            Some(at) => (path.get(..at)?, self.acting.get(path.get(at + 1..)?)?),
            None => (path, &self.plain),
        };
        let parts: Vec<&str> = path.split('/').collect();
        candidates.iter().find_map(|route| Some((route, route.fits(verb, path, &parts)?)))
    }
}

fn read() -> Option<Vec<Route>> {
    let pool = proto::pool()?;
    let extension = pool.get_extension_by_name("google.api.http")?;
    let mut routes = Vec::new();
    for service in pool.services() {
        for descriptor in service.methods() {
            let Some(method) = Method::at(&format!("/{}/{}", service.full_name(), descriptor.name())) else { continue };
            let options = descriptor.options();
            let rule = options.get_extension(&extension);
            let rule: api::HttpRule = rule.as_message()?.transcode_to().ok()?;
            let more = rule.additional_bindings.clone();
            for rule in std::iter::once(rule).chain(more) {
                routes.push(Route::of(method, descriptor.clone(), &rule)?);
            }
        }
    }
    Some(routes)
}

impl Route {
    fn of(method: &'static Method, descriptor: MethodDescriptor, rule: &api::HttpRule) -> Option<Self> {
        use api::http_rule::Pattern;
        let (verb, template) = match rule.pattern.as_ref()? {
            Pattern::Get(path) => (http::Method::GET, path),
            Pattern::Put(path) => (http::Method::PUT, path),
            Pattern::Post(path) => (http::Method::POST, path),
            Pattern::Delete(path) => (http::Method::DELETE, path),
            Pattern::Patch(path) => (http::Method::PATCH, path),
            Pattern::Custom(_) => return None,
        };
        let body = match rule.body.as_str() {
            "" => Body::None,
            "*" => Body::All,
            field => Body::Field(field.to_owned()),
        };
        let (segments, variables, action) = template_of(template)?;
        Some(Self { method, descriptor, body, verb, segments, action, variables })
    }

    /// The values that the path, which is these parts, gives if it is one of this binding.
    fn fits<'a>(&'a self, verb: &http::Method, path: &'a str, parts: &[&str]) -> Option<Vec<Bound<'a>>> {
        if self.verb != *verb {
            return None;
        }
        let open = matches!(self.segments.last(), Some(Segment::Rest));
        let fixed = self.segments.len() - usize::from(open);
        if parts.len() < fixed || (!open && parts.len() > fixed) {
            return None;
        }
        let fit = self.segments.iter().zip(parts).all(|(segment, part)| match segment {
            Segment::Literal(text) => text == part,
            Segment::One => !part.is_empty(),
            Segment::Rest => true,
        });
        let bound = |variable: &'a Variable| variable.bound(path, parts, self.segments.len());
        fit.then(|| self.variables.iter().filter_map(bound).collect())
    }
}

impl Variable {
    fn bound<'a>(&'a self, path: &'a str, parts: &[&str], segments: usize) -> Option<Bound<'a>> {
        // An open end takes all that follows.
        let until = if self.until == segments { parts.len() } else { self.until };
        // With the slash behind each.
        let bytes = |parts: &[&str]| parts.iter().map(|part| part.len() + 1).sum::<usize>();
        let begin = bytes(parts.get(..self.from)?);
        let end = begin + bytes(parts.get(self.from..until)?).checked_sub(1)?;
        let value = percent_decode_str(path.get(begin..end)?).decode_utf8().ok()?;
        Some((self.field.as_str(), value))
    }
}

/// Splits `/v1/{name=projects/*}/things:do` into its segments, variables and verb.
fn template_of(template: &str) -> Option<(Vec<Segment>, Vec<Variable>, Option<String>)> {
    let (mut segments, mut variables) = (Vec::new(), Vec::new());
    let mut rest = template.strip_prefix('/')?;
    loop {
        if let Some(inner) = rest.strip_prefix('{') {
            let (inner, after) = inner.split_once('}')?;
            let (field, pattern) = inner.split_once('=').unwrap_or((inner, "*"));
            let from = segments.len();
            segments.extend(pattern.split('/').map(segment));
            variables.push(Variable { field: field.to_owned(), from, until: segments.len() });
            rest = after;
        } else {
            let end = rest.find(['/', ':']).unwrap_or(rest.len());
            let (part, after) = rest.split_at_checked(end)?;
            segments.push(segment(part));
            rest = after;
        }
        match rest.strip_prefix('/') {
            Some(more) => rest = more,
            None => return Some((segments, variables, rest.strip_prefix(':').map(str::to_owned))),
        }
    }
}

fn segment(text: &str) -> Segment {
    match text {
        "*" => Segment::One,
        "**" => Segment::Rest,
        text => Segment::Literal(text.to_owned()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn told(verb: http::Method, path: &str) -> Option<String> {
        let routes = Routes::new();
        let (route, bound) = routes.find(&verb, path)?;
        let bound: Vec<String> = bound.iter().map(|(field, value)| format!("{field}={value}")).collect();
        Some(format!("{} {} {:?}", route.method.name, bound.join(" "), route.body))
    }

    #[test]
    fn every_method_has_a_binding() {
        let routes = Routes::new();
        for method in crate::method::METHODS.iter() {
            assert!(routes.all().any(|route| route.method.name == method.name), "{}", method.name);
        }
    }

    #[test]
    fn a_path_is_taken_apart() {
        let ring = "/v1/projects/p/locations/l/keyRings/r";
        let cases = [
            (
                http::Method::POST,
                format!("{ring}/cryptoKeys/k:encrypt"),
                "Encrypt name=projects/p/locations/l/keyRings/r/cryptoKeys/k All",
            ),
            (
                http::Method::POST,
                format!("{ring}/cryptoKeys/k/cryptoKeyVersions/1:encrypt"),
                "Encrypt name=projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1 All",
            ),
            (
                http::Method::GET,
                format!("{ring}/cryptoKeys/k"),
                "GetCryptoKey name=projects/p/locations/l/keyRings/r/cryptoKeys/k None",
            ),
            (
                http::Method::PATCH,
                format!("{ring}/cryptoKeys/k"),
                "UpdateCryptoKey crypto_key.name=projects/p/locations/l/keyRings/r/cryptoKeys/k Field(\"crypto_key\")",
            ),
            (
                http::Method::GET,
                format!("{ring}/cryptoKeys/k:getIamPolicy"),
                "GetIamPolicy resource=projects/p/locations/l/keyRings/r/cryptoKeys/k None",
            ),
            (http::Method::GET, "/v1/projects/p/locations".into(), "ListLocations name=projects/p None"),
            (
                http::Method::POST,
                "/v1/projects/a%20b/locations/l/keyRings".into(),
                "CreateKeyRing parent=projects/a b/locations/l Field(\"key_ring\")",
            ),
        ];
        for (verb, path, expected) in cases {
            assert_eq!(told(verb, &path).as_deref(), Some(expected), "{path}");
        }
        for (verb, path) in [
            (http::Method::GET, format!("{ring}/cryptoKeys/k:encrypt")),
            (http::Method::POST, format!("{ring}/cryptoKeys/k:nothing")),
            (http::Method::GET, format!("{ring}//k")),
            (http::Method::GET, format!("{ring}/")),
            (http::Method::GET, "/v1/projects//locations".into()),
        ] {
            assert_eq!(told(verb, &path), None, "{path}");
        }
    }
}
