//! For those nobody knows: an answer at once, and a count. Once a second the counts become entries.

use domain::{Refusal, Timestamp};
use ledger::RefusalSum;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Entries about refusals in one second; the rest is one sum.
pub(crate) const ENTRIES_PER_SECOND_MAX: usize = 100;
/// Sources and reasons told apart between two recordings; the rest is one sum.
const SOURCES_MAX: usize = 4_096;
const REST: &str = "*";

#[derive(Clone, Copy)]
struct Count {
    first: Timestamp,
    last: Timestamp,
    count: u64,
}

pub(crate) struct Refusals {
    waiting: Mutex<BTreeMap<(String, &'static str), Count>>,
    seen: AtomicU64,
}

impl Refusals {
    pub(crate) fn new() -> Self {
        Self { waiting: Mutex::new(BTreeMap::new()), seen: AtomicU64::new(0) }
    }

    pub(crate) fn count(&self, source: IpAddr, refusal: Refusal, now: Timestamp) {
        self.seen.fetch_add(1, Ordering::Relaxed);
        self.add((prefix(source), refusal.word()), Count { first: now, last: now, count: 1 });
    }

    fn add(&self, key: (String, &'static str), more: Count) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let full = waiting.len() >= SOURCES_MAX && !waiting.contains_key(&key);
        let key = if full { (REST.to_owned(), REST) } else { key };
        let count = waiting.entry(key).or_insert(Count { count: 0, ..more });
        count.first = count.first.min(more.first);
        count.last = count.last.max(more.last);
        count.count = count.count.saturating_add(more.count);
    }

    /// What has to be recorded now: the most frequent apart, the rest as one sum.
    pub(crate) fn take(&self) -> Vec<RefusalSum> {
        let waiting = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        let mut sums: Vec<RefusalSum> = waiting.into_iter().map(|(key, count)| sum(key, count)).collect();
        sums.sort_by_key(|sum| std::cmp::Reverse(sum.count));
        let rest = sums.split_off(sums.len().min(ENTRIES_PER_SECOND_MAX - 1));
        sums.extend(rest.into_iter().reduce(joined));
        sums
    }

    /// What could not be recorded waits for the next time.
    pub(crate) fn give_back(&self, sum: &RefusalSum) {
        let word = WORDS.into_iter().find(|word| *word == sum.reason).unwrap_or(REST);
        self.add((sum.prefix.clone(), word), Count { first: sum.first, last: sum.last, count: sum.count });
    }

    pub(crate) fn seen(&self) -> u64 {
        self.seen.load(Ordering::Relaxed)
    }
}

const WORDS: [&str; 13] = [
    "too-large",
    "too-deep",
    "too-slow",
    "too-many",
    "unknown-operation",
    "not-found",
    "unreadable",
    "missing-credential",
    "incomplete-credential",
    "unknown-credential",
    "bad-signature",
    "skewed",
    "wrong-scope",
];

fn sum((prefix, reason): (String, &'static str), count: Count) -> RefusalSum {
    RefusalSum { prefix, reason: reason.to_owned(), first: count.first, last: count.last, count: count.count }
}

fn joined(one: RefusalSum, other: RefusalSum) -> RefusalSum {
    RefusalSum {
        prefix: REST.to_owned(),
        reason: REST.to_owned(),
        first: one.first.min(other.first),
        last: one.last.max(other.last),
        count: one.count.saturating_add(other.count),
    }
}

/// `192.0.2.0/24` or `2001:db8::/48`.
fn prefix(source: IpAddr) -> String {
    match source.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            format!("{}/48", std::net::Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    #[test]
    fn counts_sum_to_what_was_seen_whatever_the_flood() {
        let refusals = Refusals::new();
        for third in 0..200_u16 {
            for fourth in 0..50_u16 {
                let source =
                    IpAddr::from([10, third.to_be_bytes()[1], third.to_be_bytes()[0], fourth.to_be_bytes()[1]]);
                refusals.count(source, Refusal::BadSignature, Timestamp(i64::from(third)));
            }
        }
        let sums = refusals.take();
        assert_eq!(sums.len(), ENTRIES_PER_SECOND_MAX);
        assert_eq!(sums.iter().map(|sum| sum.count).sum::<u64>(), 10_000);
        refusals.give_back(&sums[0]);
        assert_eq!(refusals.take()[0], sums[0]);
        assert_eq!(refusals.seen(), 10_000);
    }

    #[test]
    fn sources_are_told_apart_by_network() {
        assert_eq!(prefix("192.0.2.77".parse().unwrap()), "192.0.2.0/24");
        assert_eq!(prefix("::ffff:192.0.2.77".parse().unwrap()), "192.0.2.0/24");
        assert_eq!(prefix("2001:db8:1:2::3".parse().unwrap()), "2001:db8:1::/48");
    }
}
