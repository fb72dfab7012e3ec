#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

use super::*;
use crate::projections::tests::clear;

fn id(number: u8) -> ObjectId {
    ObjectId(std::array::from_fn(|at| if at == 2 { number } else { 0 }))
}

fn summary() -> Summary {
    let mut summary = Summary::default();
    [clear(10), clear(11), clear(10), clear(30)].iter().for_each(|entry| summary.add(entry));
    summary
}

#[test]
fn what_is_written_is_read_back() {
    let mut made = summary();
    let bytes = made.encode();
    assert_eq!(Summary::decode(&bytes), Some(made));
    assert_eq!(Summary::decode(&bytes[1..]), None);
    assert_eq!(Summary::decode(&[]), None);
}

#[test]
fn only_what_is_not_there_is_ruled_out() {
    let entry = clear(11);
    let all = Filter::default();
    let may_be: [Filter; 8] = [
        all.clone(),
        Filter { principal: Some(entry.principal), ..all.clone() },
        Filter { object: Some(entry.deeds[0].1), ..all.clone() },
        Filter { request: Some(entry.request.0), action: Some(entry.deeds[0].0), ..all.clone() },
        Filter { tenant: Some(entry.tenant), verdict: Some("done".into()), ..all.clone() },
        Filter { from: Some(clear(30).wall), ..all.clone() },
        Filter { until: Some(Timestamp(clear(10).wall.0 + 1)), ..all.clone() },
        Filter { from: Some(clear(15).wall), until: Some(clear(20).wall), ..all.clone() },
    ];
    let cannot_be = [
        Filter { principal: Some(id(200)), ..all.clone() },
        Filter { object: Some(id(201)), ..all.clone() },
        Filter { request: Some(id(202)), ..all.clone() },
        Filter { tenant: Some(id(203)), ..all.clone() },
        Filter { action: Some(999), ..all.clone() },
        Filter { verdict: Some("denied".into()), ..all.clone() },
        Filter { from: Some(clear(31).wall), ..all.clone() },
        Filter { until: Some(clear(10).wall), ..all },
    ];
    let read = Summary::decode(&summary().encode()).unwrap();
    may_be.iter().for_each(|filter| assert!(read.may_hold(filter), "{filter:?}"));
    cannot_be.iter().for_each(|filter| assert!(!read.may_hold(filter), "{filter:?}"));
}
