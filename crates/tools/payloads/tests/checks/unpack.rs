//! What must hold for packed content and messages, whatever they are.

use payloads::decode::unpack::{
    BURST, Budget, Fault, MessageUnpacker, Parameters, RATIO, Unpacker,
};

const ENCODINGS: [&str; 8] =
    ["gzip", "deflate", "br", "zstd", "gzip, br", "zstd, gzip", "deflate, deflate", "br, zstd"];

/// `input` as content: a byte that says how it was packed, one that says where it is cut, and what
/// follows.
pub fn content(input: &[u8]) {
    let [how, step, packed @ ..] = input else {
        return;
    };
    let encoding = ENCODINGS[usize::from(*how) % ENCODINGS.len()];
    let whole = unpack(encoding, packed, packed.len().max(1));
    let cut = unpack(encoding, packed, 1 + usize::from(*step));
    // What is damaged may give a little more or less, by where it is cut; nothing else may.
    let len = whole.0.len().min(cut.0.len());
    assert!(whole.0[..len] == cut.0[..len], "{encoding} differs by where it is cut");
    if whole.1.is_ok() || cut.1.is_ok() {
        let is_cut = whole.1 == Err(Fault::Cut) || cut.1 == Err(Fault::Cut);
        assert!(whole == cut || is_cut, "{encoding}: {:?} and {:?}", whole.1, cut.1);
    }
}

fn unpack(encoding: &str, packed: &[u8], step: usize) -> (Vec<u8>, Result<(), Fault>) {
    let budget = Budget::default();
    let mut unpacker = Unpacker::for_content_encoding(encoding.as_bytes(), &budget).unwrap();
    let mut out = Vec::new();
    let mut result = Ok(());
    for piece in packed.chunks(step) {
        let before = out.len() as u64;
        result = unpacker.push(piece, &mut out);
        assert!(out.len() as u64 - before <= BURST + RATIO * piece.len() as u64);
        assert_eq!(budget.memory(), unpacker.size());
        if result.is_err() {
            assert_eq!(unpacker.size(), 0);
            break;
        }
    }
    assert!(out.len() as u64 <= BURST + RATIO * packed.len() as u64);
    let end = unpacker.finish();
    assert!(result.is_ok() || end == result);
    drop(unpacker);
    assert_eq!(budget.memory(), 0);
    (out, end)
}

/// `input` as messages: a byte that says how they were packed, and for each of them its length and
/// its bytes.
pub fn messages(input: &[u8]) {
    let Some((how, mut rest)) = input.split_first() else {
        return;
    };
    let parameters = Parameters { takes_over: how & 1 == 0, window_bits: 8 + (how >> 1) % 8 };
    let budget = Budget::default();
    let mut at_once = MessageUnpacker::new(parameters, &budget);
    let mut by_bytes = MessageUnpacker::new(parameters, &budget);
    while let [len, after @ ..] = rest {
        let (message, after) = after.split_at(usize::from(*len).min(after.len()));
        rest = after;
        let (mut whole, mut bytes) = (Vec::new(), Vec::new());
        let _ = at_once.push(message, &mut whole);
        for byte in message.chunks(1) {
            let _ = by_bytes.push(byte, &mut bytes);
        }
        let (one, other) = (at_once.end(&mut whole), by_bytes.end(&mut bytes));
        assert!(whole.len() as u64 <= BURST + RATIO * (message.len() + 4) as u64);
        if one != other {
            assert!(one == Err(Fault::Cut) || other == Err(Fault::Cut), "{one:?} and {other:?}");
            return;
        }
        assert!(one.is_err() || whole == bytes);
    }
}
