//! What the server says of itself, and what is seen of it from outside.

use super::Check;
use crate::client::{Answered, Client, Trouble};
use crate::output::{list, text};
use clock::{SECOND, Timestamp};
use serde_json::{Value, json};

/// What is found where the root key is missing.
pub(super) const SEALED: &str = "not there: the server is sealed";

/// How far the clocks may be apart before signatures are in danger.
const SKEW_SECONDS_MAX: i64 = 60;
/// How many entries an index may be behind without being worth a word.
const LAG_ENTRIES_MAX: u64 = 10_000;
/// How many entries may wait for a signature.
const UNSIGNED_ENTRIES_MAX: u64 = 10_000;

pub(super) async fn checks(client: &Client) -> Vec<Check> {
    let live = match client.get("/livez").await {
        Ok(live) => live,
        Err(why) => return vec![Check::bad("reachable", why.to_string())],
    };
    let mut checks = vec![
        Check::ok("reachable", format!("{} answers", client.facts().endpoint)),
        tls(&live),
        clock(client.now(), live.date.as_deref()),
    ];
    checks.push(ready(client).await);
    checks.extend(inside(client).await);
    checks
}

fn tls(live: &Answered) -> Check {
    match &live.tls {
        Some(version) => Check::ok("TLS", format!("{version}, the certificate is by the known authority")),
        None => Check::note("TLS", "plaintext; loopback only"),
    }
}

fn clock(now: Timestamp, date: Option<&str>) -> Check {
    let Some(there) = date.and_then(Timestamp::parse_http) else {
        return Check::note("clock", "the server does not tell its time");
    };
    let seconds = now.millis_since(there) / SECOND;
    match seconds.abs() {
        0..=SKEW_SECONDS_MAX => Check::ok("clock", format!("{} s apart", seconds.abs())),
        _ => Check::bad("clock", format!("{seconds} s apart: signatures are refused beyond the signature window")),
    }
}

async fn ready(client: &Client) -> Check {
    match client.get("/readyz").await {
        Ok(answered) if answered.status == 200 && answered.body.starts_with(b"ready\nalarm") => {
            Check::note("ready", String::from_utf8_lossy(&answered.body).trim().to_owned())
        }
        Ok(answered) if answered.status == 200 => Check::ok("ready", "takes requests"),
        Ok(answered) => Check::bad("ready", String::from_utf8_lossy(&answered.body).trim().to_owned()),
        Err(why) => Check::bad("ready", why.to_string()),
    }
}

async fn inside(client: &Client) -> Vec<Check> {
    let me = match client.call("who-am-i", &json!({})).await {
        Ok(me) => me,
        Err(Trouble::Refused(refused)) if refused.word == "sealed" => return vec![Check::bad("root key", SEALED)],
        Err(trouble) => return vec![Check::bad("credential", crate::Failure::from(trouble).to_string())],
    };
    let who = format!("{} in account {}", text(&me, "/principal/name"), text(&me, "/tenant/account"));
    let mut checks = vec![Check::ok("credential", who)];
    match client.call("get-status", &json!({})).await {
        Ok(status) => checks.extend(status_checks(&status)),
        Err(trouble) => {
            let why = crate::Failure::from(trouble).to_string();
            checks.push(Check::note("status", format!("not to be seen: {why}")));
        }
    }
    checks
}

fn status_checks(status: &Value) -> Vec<Check> {
    let number = |name: &str| status.get(name).and_then(Value::as_u64).unwrap_or(0);
    let entries = number("entries");
    let memory = text(status, "/secret_memory");
    let memory = match memory.split_once(' ').map(|(word, _)| word) {
        Some("memfd_secret:") => Check::ok("secret memory", memory),
        Some("locked") => Check::note("secret memory", memory),
        _ => Check::bad("secret memory", memory),
    };
    let behind = |one: &Value| entries.saturating_sub(one.get("upto").and_then(Value::as_u64).unwrap_or(0));
    let lag = list(status, "projections").map(behind).max().unwrap_or(0);
    let lag = match lag {
        0..=LAG_ENTRIES_MAX => Check::ok("indexes", format!("{lag} entries behind the log")),
        _ => Check::note("indexes", format!("{lag} entries behind the log: questions to it wait")),
    };
    let unsigned = entries.saturating_sub(number("checkpoint_size"));
    let signed = match unsigned {
        0..=UNSIGNED_ENTRIES_MAX => Check::ok("log", format!("{entries} entries, {unsigned} not yet signed")),
        _ => Check::bad("log", format!("{unsigned} of {entries} entries are not signed")),
    };
    let availability = text(status, "/availability");
    let availability = match availability.starts_with("not ") {
        true => Check::bad("availability", availability),
        false => Check::ok("availability", availability),
    };
    let clock = text(status, "/clock");
    let clock = match clock.starts_with("disputed") {
        false => Check::ok("steady time", clock),
        true => Check::bad("steady time", format!("{clock}; `keyward clock show` tells more")),
    };
    vec![memory, lag, signed, availability, clock]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_that_are_apart_are_told() {
        let now = Timestamp::parse("2026-11-25T10:39:14Z").unwrap_or(Timestamp::MIN);
        let cases = [
            (Some("Wed, 25 Nov 2026 10:39:14 GMT"), "ok"),
            (Some("Wed, 25 Nov 2026 10:38:15 GMT"), "ok"),
            (Some("Wed, 25 Nov 2026 10:35:14 GMT"), "BAD"),
            (Some("Wed, 25 Nov 2026 10:45:14 GMT"), "BAD"),
            (Some("yesterday"), "note"),
            (None, "note"),
        ];
        cases.into_iter().for_each(|(date, word)| assert_eq!(clock(now, date).word(), word, "{date:?}"));
    }

    #[test]
    fn a_log_that_nobody_signs_is_bad_and_so_is_a_disputed_clock() {
        let words = |signed: u64, upto: u64, clock: &str| {
            let status = json!({
                "entries": 50_000, "checkpoint_size": signed, "secret_memory": "memfd_secret: and more", "clock": clock,
                "projections": [{ "projection": "x", "upto": upto }],
                "availability": "as available as this machine",
            });
            status_checks(&status).iter().map(Check::word).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(words(49_990, 49_990, "as agreed"), "ok ok ok ok ok");
        assert_eq!(words(10, 49_990, "as agreed"), "ok ok BAD ok ok");
        assert_eq!(words(49_990, 10, "as agreed"), "ok note ok ok ok");
        assert_eq!(words(49_990, 49_990, "disputed: it is"), "ok ok ok ok BAD");
    }
}
