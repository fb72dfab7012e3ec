//! `requests.txt` holds an operation and a body per line; the golden file holds what the house is asked, or the error
//! that a verified caller gets.

use crate::describe;
use crate::fixtures::{read, request_id, spoken};
use crate::golden::{check, expand, shorten};
use dialect::{Answer, Dialect};
use domain::Ask;
use keyward_dialect_aws::Aws;

#[test]
fn requests_become_asks_or_the_services_own_errors() {
    let mut seen = String::new();
    for line in include_str!("requests.txt").lines() {
        if line.is_empty() || line.starts_with('#') {
            seen.push_str(&format!("{line}\n"));
            continue;
        }
        let (operation, body) = line.split_once(' ').unwrap_or((line, ""));
        seen.push_str(&format!("{line}\n    {}\n", shorten(&outcome(operation, &expand(body)))));
    }
    check("requests.txt", &seen);
}

fn outcome(operation: &str, body: &str) -> String {
    let heard = match read(operation, body) {
        Ok(heard) => heard,
        Err(refusal) => {
            let answer = Aws::new().write(request_id(), None, Answer::Refused(refusal));
            return format!("REFUSED {}", spoken(&answer));
        }
    };
    match heard.ask {
        Ask::Invalid { action, fault } => {
            assert_eq!(action, heard.echo.action);
            spoken(&Aws::new().write(request_id(), Some(&heard.echo), Answer::Recorded(Err(fault))))
        }
        ask => describe::ask(&ask),
    }
}

#[test]
fn every_operation_of_the_model_is_in_the_requests() {
    let requests = include_str!("requests.txt");
    for operation in include_str!("../model.txt").lines().map(|line| line.split(':').next().unwrap()) {
        let tried = requests.lines().any(|line| line.split(' ').next() == Some(operation));
        assert!(tried, "{operation} has no request in requests.txt");
    }
}
