//! `requests.txt` holds an operation and a body per line; the golden file holds what the house is asked, or the error
//! that a verified caller gets.

use crate::describe;
use crate::fixtures::{read, spoken};
use crate::golden::check;
use dialect::Answer;
use domain::Ask;
use keyward_dialect_native::documentation;

#[test]
fn requests_become_asks_or_errors() {
    let mut seen = String::new();
    for line in include_str!("requests.txt").lines() {
        if line.is_empty() || line.starts_with('#') {
            seen.push_str(&format!("{line}\n"));
            continue;
        }
        let (operation, body) = line.split_once(' ').unwrap_or((line, ""));
        seen.push_str(&format!("{line}\n    {}\n", outcome(operation, body)));
    }
    check("tests/golden/requests.txt", &seen);
}

fn outcome(operation: &str, body: &str) -> String {
    let heard = match read(operation, body) {
        Ok(heard) => heard,
        Err(refusal) => return format!("REFUSED {}", spoken(Answer::Refused(refusal))),
    };
    assert_eq!(heard.echo.operation, operation);
    match heard.ask {
        Ask::Invalid { action, fault } => {
            assert_eq!(action, heard.echo.action);
            spoken(Answer::Recorded(Err(fault)))
        }
        ask => describe::ask(&ask),
    }
}

#[test]
fn every_operation_is_in_the_requests_with_and_without_what_it_needs() {
    let requests: Vec<_> = include_str!("requests.txt").lines().collect();
    for one in documentation() {
        let good = |line: &&&str| line.split(' ').next() == Some(one.name);
        assert!(requests.iter().any(|line| good(&line)), "{} has no request in requests.txt", one.name);
    }
}

#[test]
fn no_operation_takes_an_unknown_member_or_one_twice() {
    for one in documentation() {
        let fault = |body: &str| match read(one.name, body).map(|heard| heard.ask) {
            Ok(Ask::Invalid { fault, .. }) => fault.to_string(),
            _ => panic!("{} took {body}", one.name),
        };
        let needed: Vec<_> = one.members.iter().filter(|member| member.needed).map(|member| member.name).collect();
        let unknown = fault(r#"{"nobody_knows_this":1}"#);
        let told = needed.first().copied().unwrap_or("nobody_knows_this");
        assert!(unknown.starts_with(told), "{}: {unknown}", one.name);
        assert_eq!(fault(r#"{"x":1,"x":2}"#), "x: stands twice", "{}", one.name);
        assert_eq!(fault("[]"), "body: an object is needed", "{}", one.name);
    }
}
