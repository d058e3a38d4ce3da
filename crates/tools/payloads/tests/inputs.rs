//! Tries again what fuzzing found, and a little more of the same.

mod checks;
mod writer;

use std::{fs, path::Path};

use writer::Random;

/// How many changed inputs are tried of each kind.
const ROUNDS: usize = 2_000;

/// The files of a folder, in the order of their names.
fn files(folder: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.is_file());
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// Checks all inputs, and then random changes of them.
fn check(inputs: &[Vec<u8>], rounds: usize, check: fn(&[u8])) {
    for input in inputs {
        check(input);
    }
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for _ in 0..rounds {
        let mut input = inputs[random.below(inputs.len())].clone();
        for _ in 0..1 + random.below(20) {
            let at = random.below(input.len() + 1);
            match random.below(4) {
                0 => input.truncate(at),
                1 if at < input.len() => input[at] ^= 1 << random.below(8),
                _ => input.insert(at, random.next().to_le_bytes()[0]),
            }
        }
        check(&input);
    }
}

#[test]
fn captures() {
    let mut inputs = files("tests/inputs/capture");
    inputs.extend(files("tests/captures").into_iter().filter(|file| !file.starts_with(b"#!")));
    let foreign = files("tests/captures/foreign");
    inputs.extend(foreign.into_iter().filter(|file| file.starts_with(b"\xd4\xc3\xb2\xa1")));
    assert!(inputs.len() >= 11 + 18);
    check(&inputs, ROUNDS / 4, checks::capture);
}

#[test]
fn segments() {
    check(&files("tests/inputs/segments"), ROUNDS, checks::segments);
}

#[test]
fn pieces() {
    check(&files("tests/inputs/pieces"), ROUNDS, checks::pieces);
}

#[test]
fn headers() {
    check(&files("tests/inputs/headers"), ROUNDS, checks::headers::packets);
}

/// Each packed file, said to be packed in each way, and cut in several.
#[test]
fn packed_content() {
    let files = files("tests/inputs/unpack");
    let packed = files.iter().filter(|file| !file.starts_with(b"#!") && file.len() < 6_000);
    let inputs: Vec<_> =
        packed.flat_map(|file| (0..8).map(|how| [&[how, how * 31], &file[..]].concat())).collect();
    assert!(inputs.len() >= 80);
    check(&inputs, ROUNDS, checks::unpack::content);
}

#[test]
fn packed_messages() {
    // "Hello" twice (RFC 7692 section 7.2.3.2), an empty message, and damaged ones.
    let messages = b"\x07\xf2\x48\xcd\xc9\xc9\x07\x00\x05\xf2\x00\x11\x00\x00\x01\x00\x02\x07\xff";
    let inputs: Vec<_> = (0..16).map(|how| [&[how], &messages[..]].concat()).collect();
    check(&inputs, ROUNDS, checks::unpack::messages);
}

/// Conversations of a few words each, all of which are near to what somebody speaks.
#[test]
fn words() {
    for seed in 1..=ROUNDS as u64 {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let mut input = vec![random.next().to_le_bytes()[0]];
        for _ in 0..1 + random.below(6) {
            // Who says how many words, and which.
            let count = random.below(4);
            input.extend([random.next().to_le_bytes()[0], 128 + u8::try_from(count).unwrap()]);
            for _ in 0..=count {
                input.push(u8::try_from(random.below(checks::WORDS.len())).unwrap());
            }
        }
        checks::pieces(&input);
    }
}
