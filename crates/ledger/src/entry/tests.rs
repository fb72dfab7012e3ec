#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use super::*;
use expect_test::expect_file;
use proptest::prelude::*;
use serde_json::{Value, json};

fn id(byte: u8) -> ObjectId {
    ObjectId([byte; 16])
}

const STATE: [u8; 32] = [0x55; 32];

/// An entry as it is written, with what `Parts` borrows.
#[derive(Clone, Debug)]
struct Whole {
    wall: i64,
    steady: i64,
    tongue: Tongue,
    deeds: Vec<(Action, ObjectId, Option<u32>)>,
    verdict: Verdict,
    rows: Vec<RowChange>,
    errands: Vec<Errand>,
    unrecorded: u64,
    sealed: Vec<u8>,
}

impl Whole {
    fn use_of_a_key() -> Self {
        Self {
            wall: 1_795_600_383_250,
            steady: 86_400_000,
            tongue: Tongue::Aws,
            deeds: vec![(Action::Encrypt, id(0x44), Some(1))],
            verdict: Verdict::Done,
            rows: Vec::new(),
            errands: Vec::new(),
            unrecorded: 0,
            sealed: b"sealed bytes".to_vec(),
        }
    }

    fn encode(&self) -> Vec<u8> {
        let mut bytes = self.encode_without_state();
        if !self.rows.is_empty() {
            set_state(&mut bytes, &STATE);
        }
        bytes
    }

    fn encode_without_state(&self) -> Vec<u8> {
        encode(&Parts {
            wall: Timestamp(self.wall),
            steady: Steady(self.steady),
            tenant: id(0x11),
            principal: id(0x22),
            request: RequestId(id(0x33)),
            tongue: self.tongue,
            deeds: &self.deeds,
            verdict: &self.verdict,
            rows: &self.rows,
            errands: &self.errands,
            unrecorded: self.unrecorded,
            log_month: 202_611,
            sealed: &self.sealed,
        })
    }

    fn clear(&self) -> Clear {
        Clear {
            wall: Timestamp(self.wall),
            steady: Steady(self.steady),
            tenant: id(0x11),
            principal: id(0x22),
            request: RequestId(id(0x33)),
            tongue: Some(self.tongue),
            deeds: self.deeds.iter().map(|(action, object, version)| (*action as u16, *object, *version)).collect(),
            verdict: self.verdict.clone(),
            rows: self.rows.clone(),
            errands: self.errands.iter().map(noted).collect(),
            unrecorded: self.unrecorded,
            log_month: 202_611,
            sealed: self.sealed.clone(),
            state: (!self.rows.is_empty()).then_some(STATE),
        }
    }
}

fn a_change() -> Whole {
    let key = RowId::new(Table::Key, id(0x44));
    Whole {
        deeds: vec![(Action::DestroyDue, id(0x44), None)],
        tongue: Tongue::House,
        rows: vec![
            RowChange { row: key, before: Some([0xaa; 32]), after: [0xbb; 32] },
            RowChange { row: RowId::new(Table::Name, id(0x55)), before: None, after: [0xcc; 32] },
        ],
        errands: vec![Errand::Scrub { key: id(0x44) }],
        unrecorded: 7,
        ..Whole::use_of_a_key()
    }
}

fn a_prune() -> Whole {
    Whole {
        deeds: vec![(Action::Prune, id(0xff), None)],
        rows: vec![],
        errands: vec![Errand::Prune { before: 1_000_000 }],
        ..a_change()
    }
}

fn noted(errand: &Errand) -> ErrandNote {
    match errand {
        Errand::Scrub { key } => ErrandNote::Scrub { key: *key },
        Errand::Prune { before } => ErrandNote::Prune { before: *before },
    }
}

fn refusals() -> Whole {
    let sum = RefusalSum {
        prefix: "192.0.2.0/24".into(),
        reason: "bad-signature".into(),
        first: Timestamp(1_795_600_383_000),
        last: Timestamp(1_795_600_383_999),
        count: 100,
    };
    Whole { deeds: vec![(Action::CountRefusals, id(0xff), None)], verdict: Verdict::Refusals(sum), ..a_change() }
}

fn named() -> Vec<(&'static str, Whole)> {
    let denied = Whole { verdict: Verdict::Refused("denied"), ..Whole::use_of_a_key() };
    let (change, prune) = (("change", a_change()), ("prune", a_prune()));
    vec![("use", Whole::use_of_a_key()), ("denied", denied), change, prune, ("refusals", refusals())]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn verdict_json(verdict: &Verdict) -> Value {
    match verdict {
        Verdict::Done => json!("done"),
        Verdict::Refused(word) => json!(word),
        Verdict::Other(word) => json!(word),
        Verdict::Refusals(sum) => json!({
            "prefix": sum.prefix, "reason": sum.reason, "first": sum.first.0, "last": sum.last.0, "count": sum.count,
        }),
    }
}

fn entry_json(name: &str, whole: &Whole) -> Value {
    let clear = whole.clear();
    let (bytes, change) = (whole.encode(), |change: &RowChange| {
        json!({
            "table": change.row.table as u8, "id": hex(&change.row.id.0),
            "before": change.before.map(|hash| hex(&hash)), "after": hex(&change.after),
        })
    });
    json!({
        "name": name,
        "bytes": hex(&bytes),
        "leaf_hash": hex(&crate::leaf_hash(&bytes)),
        "wall": clear.wall.0, "steady": clear.steady.0,
        "tenant": hex(&clear.tenant.0), "principal": hex(&clear.principal.0), "request": hex(&clear.request.0.0),
        "tongue": whole.tongue as u8,
        "deeds": clear.deeds.iter().map(|(action, object, version)| json!([action, hex(&object.0), version]))
            .collect::<Vec<_>>(),
        "verdict": verdict_json(&clear.verdict),
        "rows": clear.rows.iter().map(change).collect::<Vec<_>>(),
        "scrubs": whole.errands.iter().filter_map(|errand| match errand {
            Errand::Scrub { key } => Some(hex(&key.0)),
            Errand::Prune { .. } => None,
        }).collect::<Vec<_>>(),
        "prunes": whole.errands.iter().filter_map(|errand| match errand {
            Errand::Prune { before } => Some(*before),
            Errand::Scrub { .. } => None,
        }).collect::<Vec<_>>(),
        "unrecorded": clear.unrecorded, "log_month": clear.log_month, "sealed": hex(&clear.sealed),
        "state": clear.state.map(|state| hex(&state)),
    })
}

fn a_detail() -> Vec<(DetailKey, Detail)> {
    vec![
        (DetailKey::Principal, Detail::Text("alice".into())),
        (DetailKey::Context, Detail::Bytes(b"KWpairs\x01\0\0\0\x01a\0\0\0\x011".to_vec())),
        (DetailKey::Bytes, Detail::Number(4_096)),
    ]
}

fn vectors() -> Value {
    let entries: Vec<Value> = named().iter().map(|(name, whole)| entry_json(name, whole)).collect();
    let detail = json!({
        "bytes": hex(&encode_detail(&a_detail())),
        "values": [[1, "alice"], [10, {"bytes": "4b5770616972730100000001610000000131".to_owned()}], [14, 4_096]],
    });
    let site = [0x77; 16];
    let associated = hex(&detail_associated(&site, id(0x11), RequestId(id(0x33))));
    let refused: Vec<Value> = refused().iter().map(|(why, bytes)| json!({"why": why, "bytes": hex(bytes)})).collect();
    json!({
        "entries": entries, "detail": detail,
        "detail_associated": {
            "site": hex(&site), "tenant": hex(&[0x11; 16]), "request": hex(&[0x33; 16]), "bytes": associated,
        },
        "refused": refused,
    })
}

#[test]
fn the_documents_vectors_are_what_is_written() {
    let written = serde_json::to_string_pretty(&vectors()).unwrap() + "\n";
    expect_file!["../../../../docs/formats/vectors/entry.json"].assert_eq(&written);
}

#[test]
fn vectors_are_read_as_what_they_say() {
    for (name, whole) in named() {
        assert_eq!(decode_entry(&whole.encode()), Ok(whole.clear()), "{name}");
    }
    let read = decode_detail(&encode_detail(&a_detail())).unwrap();
    let expected: Vec<(u16, Detail)> = a_detail().into_iter().map(|(key, value)| (key as u16, value)).collect();
    assert_eq!(read, expected);
}

#[test]
fn the_document_knows_every_action_and_word() {
    let document = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/formats/entry.md"));
    for action in Action::ALL {
        let line = format!("\n| {} | {} |\n", *action as u16, action.name());
        assert!(document.contains(&line), "{line}");
    }
    for word in WORDS {
        assert!(document.contains(&format!("`{word}`")), "{word}");
    }
}

#[test]
fn every_word_of_a_fault_is_read_as_written() {
    let source = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../domain/src/fault.rs"));
    let body = source.split("fn word(&self)").nth(1).unwrap().split("\n    }\n").next().unwrap();
    let words: Vec<&str> = body.split('"').skip(1).step_by(2).collect();
    assert!(words.len() > 20);
    assert!(words.iter().all(|word| WORDS.contains(word)), "{words:?}");
    assert!(WORDS.iter().all(|word| words.contains(word)), "{WORDS:?}");
}

/// What must not be read as an entry, whole.
const UNREADABLE: &[(&str, &str)] = &[
    ("nothing", ""),
    ("no map", "80"),
    ("an empty map", "a0"),
    ("fields missing", "a10001"),
    ("a map of 2^64-1 pairs", "bbffffffffffffffff0001"),
];

/// Fields behind those of an entry that is otherwise well-formed, and whether it is read.
const FIELDS: &[(&str, &str, bool)] = &[
    ("bytes in the state root's place that are no hash", "0e43010203", false),
    ("arrays, maps, null and booleans", "186484f6f5f4a2012002a1616101", true),
    ("a negative number", "1864393fff", true),
    ("the least number", "18643bffffffffffffffff", true),
    ("bytes with a head longer than need be", "0e5803010203", false),
    ("a number with a head longer than need be", "18641817", false),
    ("a negative number with a head longer than need be", "18643800", false),
    ("a key with a head longer than need be", "190064f6", false),
    ("a key that stood before", "0d4100", false),
    ("a map whose keys do not ascend", "1864a2616201616102", false),
    ("a map with a key twice", "1864a201010102", false),
    ("text that is not UTF-8", "186461ff", false),
    ("bytes beyond the end", "18647b8000000000000000", false),
    ("a float", "1864f90000", false),
    ("a tag", "1864c001", false),
    ("undefined", "1864f7", false),
    ("an indefinite array", "18649f01ff", false),
    ("indefinite text", "18647f6161ff", false),
    ("one item too many", "1864f600", false),
];

/// The least entry, and what must not be read.
fn refused() -> Vec<(&'static str, Vec<u8>)> {
    let whole = Whole::use_of_a_key().encode();
    let fields = FIELDS.iter().filter(|(.., read)| !read);
    let fields = fields.map(|(why, field, _)| (*why, with_field(&whole, &unhex(field))));
    let mut format_2 = whole.clone();
    format_2[2] = 2;
    let indefinite = [&[0xbf], &whole[1..], &[0xff]].concat();
    UNREADABLE
        .iter()
        .map(|(why, bytes)| (*why, unhex(bytes)))
        .chain([("format 2", format_2), ("an indefinite map", indefinite)])
        .chain(fields)
        .collect()
}

#[test]
fn what_is_not_deterministic_is_refused() {
    for (why, bytes) in refused() {
        assert_eq!(decode_entry(&bytes), Err(Malformed), "{why}");
    }
}

/// The bytes of an entry with one more field.
fn with_field(bytes: &[u8], key_and_value: &[u8]) -> Vec<u8> {
    let mut more = bytes.to_vec();
    more[0] += 1;
    more.extend_from_slice(key_and_value);
    more
}

#[test]
fn what_a_newer_release_added_is_passed_over() {
    let whole = a_change();
    for (what, field, _) in FIELDS.iter().filter(|(.., read)| *read) {
        assert_eq!(decode_entry(&with_field(&whole.encode(), &unhex(field))), Ok(whole.clone().clear()), "{what}");
    }
}

#[test]
fn depth_has_a_limit_and_no_cost() {
    for (depth, read) in [(15, true), (16, false), (1_000_000, false)] {
        let field = [vec![0x18, 0x64], vec![0x81; depth], vec![0x00]].concat();
        let got = decode_entry(&with_field(&a_change().encode(), &field));
        assert_eq!(got.is_ok(), read, "{depth}");
    }
}

#[test]
fn a_newer_releases_words_are_kept_or_passed_over() {
    let bytes = Whole { verdict: Verdict::Other("postponed".into()), ..a_change() }.encode();
    assert_eq!(decode_entry(&bytes).unwrap().verdict, Verdict::Other("postponed".into()));

    let row = |table: u8| {
        let mut bytes = a_change().encode();
        let at = bytes.windows(3).position(|three| three == [0x84, Table::Name as u8, 0x50]).unwrap();
        bytes[at + 1] = table;
        decode_entry(&bytes).unwrap().rows.len()
    };
    assert_eq!((row(Table::Token as u8), row(23)), (2, 1));

    let mut bytes = a_change().encode();
    let at = bytes.windows(3).position(|three| three == [0x82, ERRAND_SCRUB, 0x50]).unwrap();
    bytes[at + 1] = 9;
    assert_eq!(decode_entry(&bytes).unwrap().errands, vec![ErrandNote::Other(9)]);
}

#[test]
fn a_truncated_entry_is_none() {
    let bytes = refusals().encode();
    for length in 0..bytes.len() {
        assert_eq!(decode_entry(&bytes[..length]), Err(Malformed), "{length}");
    }
}

#[test]
fn an_entry_is_written_into_room_that_was_made_for_it() {
    for (name, whole) in named() {
        let bytes = whole.encode();
        assert!(bytes.capacity() < bytes.len() + 192, "{name}: {} for {}", bytes.capacity(), bytes.len());
    }
}

fn ids() -> impl Strategy<Value = ObjectId> {
    any::<[u8; 16]>().prop_map(ObjectId)
}

fn verdicts() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        Just(Verdict::Done),
        prop::sample::select(WORDS).prop_map(Verdict::Refused),
        (any::<String>(), any::<String>(), any::<i64>(), any::<i64>(), any::<u64>()).prop_map(
            |(prefix, reason, first, last, count)| {
                let (first, last) = (Timestamp(first), Timestamp(last));
                Verdict::Refusals(RefusalSum { prefix, reason, first, last, count })
            }
        ),
    ]
}

fn row_changes() -> impl Strategy<Value = RowChange> {
    (prop::sample::select(Table::ALL.to_vec()), ids(), any::<Option<[u8; 32]>>(), any::<[u8; 32]>())
        .prop_map(|(table, id, before, after)| RowChange { row: RowId::new(table, id), before, after })
}

fn wholes() -> impl Strategy<Value = Whole> {
    let deeds = prop::collection::vec((prop::sample::select(Action::ALL), ids(), any::<Option<u32>>()), 0..40);
    let errands = prop::collection::vec(
        prop_oneof![
            ids().prop_map(|key| Errand::Scrub { key }),
            any::<u64>().prop_map(|before| Errand::Prune { before })
        ],
        0..3,
    );
    let rows = prop::collection::vec(row_changes(), 0..40);
    let tongue = prop::sample::select(Tongue::ALL.to_vec());
    let sealed = prop::collection::vec(any::<u8>(), 0..300);
    (any::<i64>(), any::<i64>(), tongue, deeds, verdicts(), rows, errands, any::<u64>(), sealed).prop_map(
        |(wall, steady, tongue, deeds, verdict, rows, errands, unrecorded, sealed)| Whole {
            wall,
            steady,
            tongue,
            deeds,
            verdict,
            rows,
            errands,
            unrecorded,
            sealed,
        },
    )
}

fn details() -> impl Strategy<Value = Detail> {
    prop_oneof![
        any::<String>().prop_map(Detail::Text),
        any::<Vec<u8>>().prop_map(Detail::Bytes),
        any::<u64>().prop_map(Detail::Number),
    ]
}

proptest! {
    #[test]
    fn entries_are_read_as_they_are_written(whole in wholes()) {
        prop_assert_eq!(decode_entry(&whole.encode()), Ok(whole.clear()));
    }

    #[test]
    fn details_are_read_as_they_are_written(values in prop::collection::vec(details(), 0..30)) {
        let pairs: Vec<(DetailKey, Detail)> = values.into_iter().map(|value| (DetailKey::Parameter, value)).collect();
        let read: Vec<(u16, Detail)> = pairs.iter().map(|(key, value)| (*key as u16, value.clone())).collect();
        prop_assert_eq!(decode_detail(&encode_detail(&pairs)), Ok(read));
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in any::<Vec<u8>>(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let _ = decode_entry(&bytes);
        let _ = decode_detail(&bytes);
        let mut edited = refusals().encode();
        let at = at.index(edited.len());
        edited[at] = byte;
        let _ = decode_entry(&edited);
    }
}
