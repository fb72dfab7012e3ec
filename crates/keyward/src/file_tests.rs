#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use super::*;
use serde_json::Value;

fn key() -> Secret {
    Secret::new(vec![7; 32])
}

fn sealed(plaintext: &[u8]) -> Vec<u8> {
    let mut output = Vec::new();
    let header = Header::with(*b"prefix7", b"wrapped key".to_vec()).unwrap();
    let mut passage = Passage { input: &mut &*plaintext, output: &mut output, progress: &|_| {} };
    let written = seal(&header, &key(), &mut passage).unwrap();
    assert_eq!(written, u64::try_from(output.len()).unwrap());
    output
}

fn opened_with(key: &Secret, file: &[u8]) -> Result<Vec<u8>, FileFault> {
    let mut rest = file.strip_prefix(MAGIC.as_slice()).ok_or(FileFault::Header("no magic"))?;
    let header = Header::read(&mut rest)?;
    let mut output = Vec::new();
    open(&header, key, &mut Passage { input: &mut rest, output: &mut output, progress: &|_| {} })?;
    Ok(output)
}

fn opened(file: &[u8]) -> Result<Vec<u8>, FileFault> {
    opened_with(&key(), file)
}

fn data(len: usize) -> Vec<u8> {
    (0..len).map(|at| u8::try_from(at % 251).unwrap()).collect()
}

#[test]
fn every_length_comes_back() {
    for len in [0, 1, 5_000, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 3 * CHUNK_BYTES + 17] {
        let file = sealed(&data(len));
        let chunks = len.div_ceil(CHUNK_BYTES).max(1);
        assert_eq!(file.len(), FIXED_BYTES + 11 + len + 16 * chunks, "{len}");
        assert_eq!(opened(&file).unwrap(), data(len), "{len}");
    }
}

#[test]
fn a_file_that_is_cut_anywhere_is_refused() {
    let file = sealed(&data(2 * CHUNK_BYTES + 100));
    let (head, chunk) = (FIXED_BYTES + 11, CHUNK_BYTES + 16);
    let ends = [8, 20, head - 1, head, head + 1, head + 16, head + chunk, head + 2 * chunk, file.len() - 1];
    for end in ends {
        assert!(opened(&file[..end]).is_err(), "cut at {end}");
    }
    assert!(opened(&[file.as_slice(), b"more"].concat()).is_err());
}

#[test]
fn a_file_whose_chunks_were_moved_is_refused() {
    let file = sealed(&data(3 * CHUNK_BYTES));
    let (head, chunk) = (FIXED_BYTES + 11, CHUNK_BYTES + 16);
    let part = |at: usize| &file[head + at * chunk..head + (at + 1) * chunk];
    for order in [[1, 0, 2], [0, 0, 2], [0, 2, 1], [0, 1, 1]] {
        let moved = [&file[..head], part(order[0]), part(order[1]), part(order[2])].concat();
        assert!(opened(&moved).is_err(), "{order:?}");
    }
    let other = sealed_under(*b"another", &data(3 * CHUNK_BYTES));
    let mixed = [&file[..head + chunk], &other[head + chunk..]].concat();
    assert!(matches!(opened(&mixed), Err(FileFault::Broken { chunk: 1 })));
}

fn sealed_under(prefix: [u8; 7], plaintext: &[u8]) -> Vec<u8> {
    let mut output = Vec::new();
    let header = Header::with(prefix, b"wrapped key".to_vec()).unwrap();
    seal(&header, &key(), &mut Passage { input: &mut &*plaintext, output: &mut output, progress: &|_| {} }).unwrap();
    output
}

#[test]
fn a_file_with_one_other_bit_is_refused() {
    let file = sealed(&data(CHUNK_BYTES + 10));
    let places = (0..FIXED_BYTES + 20).chain([FIXED_BYTES + 11 + CHUNK_BYTES + 5, file.len() - 1]);
    for at in places {
        let mut edited = file.clone();
        edited[at] ^= 1;
        assert!(opened(&edited).is_err(), "byte {at}");
    }
    assert!(opened_with(&Secret::new(vec![8; 32]), &file).is_err());
}

#[test]
fn an_end_of_nothing_is_the_end_of_an_empty_file_only() {
    let header = Header::with(*b"prefix7", b"w".to_vec()).unwrap();
    let head = header.bytes();
    let mut sealer = StreamSealer::new(&[7; 32], *b"prefix7", &head).unwrap();
    let (mut first, mut last) = (data(CHUNK_BYTES), Vec::new());
    sealer.seal(&mut first, false).unwrap();
    sealer.seal(&mut last, true).unwrap();
    assert!(matches!(opened(&[head, first, last].concat()), Err(FileFault::Broken { chunk: 1 })));
}

#[test]
fn nothing_is_written_of_a_chunk_that_is_not_believed() {
    let file = sealed(&data(2 * CHUNK_BYTES));
    let mut edited = file.clone();
    *edited.last_mut().unwrap() ^= 1;
    let mut rest = &edited[8..];
    let header = Header::read(&mut rest).unwrap();
    let mut output = Vec::new();
    let mut passage = Passage { input: &mut rest, output: &mut output, progress: &|_| {} };
    assert!(open(&header, &key(), &mut passage).is_err());
    assert_eq!(output, data(CHUNK_BYTES));
}

/// Bytes that follow from a case's name, as `tools/independent/file.py` makes them.
fn text(name: &str, len: usize) -> Vec<u8> {
    let blocks = (0..len.div_ceil(32)).flat_map(|at| crypto::sha256(format!("{name} {at}").as_bytes()));
    blocks.take(len).collect()
}

/// Data key, file and plaintext of a case.
fn built(case: &Value) -> (Secret, Vec<u8>, Vec<u8>) {
    let number = |name: &str| usize::try_from(case[name].as_u64().unwrap()).unwrap();
    let name = case["name"].as_str().unwrap();
    let key = Secret::new(text(&format!("{name} key"), 32));
    let prefix = text(&format!("{name} prefix"), 7).try_into().unwrap();
    let header = Header::with(prefix, text(&format!("{name} wrapped"), number("wrapped"))).unwrap();
    let (plaintext, mut file) = (text(name, number("bytes")), Vec::new());
    seal(&header, &key, &mut Passage { input: &mut &*plaintext, output: &mut file, progress: &|_| {} }).unwrap();
    (key, file, plaintext)
}

/// Made by `tools/independent/file.py make`, which shares no code with this.
#[test]
fn the_vectors_of_the_independent_script_are_made_opened_and_refused() {
    let vectors: Value = serde_json::from_str(include_str!("../../../docs/formats/vectors/file-v1.json")).unwrap();
    let (opens, refused) = (vectors["opens"].as_array().unwrap(), vectors["refused"].as_array().unwrap());
    assert!(opens.len() >= 5 && refused.len() >= 5);
    for case in opens {
        let (key, file, plaintext) = built(case);
        let digest: String = crypto::sha256(&file).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(case["file_sha256"], digest, "{}", case["name"]);
        assert!(opened_with(&key, &file).unwrap() == plaintext, "{}", case["name"]);
    }
    for case in refused {
        let (key, mut file, _) = built(opens.iter().find(|one| one["name"] == case["of"]).unwrap());
        let place = |name: &str| case[name].as_u64().map(|at| usize::try_from(at).unwrap());
        if let Some(at) = place("flip") {
            file[at] ^= 1;
        }
        file.truncate(place("keep").unwrap_or(file.len()));
        file.extend((0..case["more"].as_str().unwrap().len() / 2).map(|_| 0));
        assert!(opened_with(&key, &file).is_err(), "{}", case["why"]);
    }
}
