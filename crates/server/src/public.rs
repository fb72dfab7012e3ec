//! The public documents: health and metrics. They need no credential and leave no entry.

use crate::door::Door;
use crate::metrics;
use crate::paper::Paper;
use crate::serve::House;
use domain::RequestId;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::{Method, Response, StatusCode};

pub(crate) type Page = Response<Paper>;

/// The document at this address, if there is one.
pub(crate) fn page<D: Door>(house: &House<D>, head: &http::request::Parts) -> Option<Page> {
    if head.method != Method::GET && head.method != Method::HEAD {
        return None;
    }
    match head.uri.path() {
        "/livez" => Some(text(StatusCode::OK, "ok\n".to_owned())),
        "/readyz" => Some(readiness(house)),
        "/metrics" => Some(measured(house)),
        _ => None,
    }
}

/// Where no dialect is spoken.
pub(crate) fn not_found(id: RequestId) -> Page {
    let body =
        format!("{{\"error\":\"not-found\",\"message\":\"nothing is served here\",\"request_id\":\"{}\"}}\n", id.0);
    document(StatusCode::NOT_FOUND, HeaderValue::from_static("application/json"), body)
}

fn readiness<D: Door>(house: &House<D>) -> Page {
    let mut readiness = house.door.readiness();
    if house.draining() {
        readiness.ready = false;
        readiness.reasons.push("draining".to_owned());
    }
    if readiness.ready {
        let alarms = readiness.reasons.iter().map(|alarm| format!("alarm: {alarm}\n"));
        return text(StatusCode::OK, format!("ready\n{}", alarms.collect::<String>()));
    }
    text(StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {}\n", readiness.reasons.join(", ")))
}

fn measured<D: Door>(house: &House<D>) -> Page {
    let body = house.metrics.render(&house.door.metrics());
    document(StatusCode::OK, HeaderValue::from_static(metrics::CONTENT_TYPE), body)
}

fn text(status: StatusCode, body: String) -> Page {
    document(status, HeaderValue::from_static("text/plain; charset=utf-8"), body)
}

fn document(status: StatusCode, kind: HeaderValue, body: String) -> Page {
    let mut page = Response::new(Paper::of(body));
    *page.status_mut() = status;
    page.headers_mut().insert(CONTENT_TYPE, kind);
    page.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    page
}
