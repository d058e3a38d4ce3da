//! What is packed unpacks to what it was, whatever the cuts; what is damaged gives what came before;
//! and bombs are cut.
//!
//! The bytes were packed by other programs: those in hexadecimal by Python's zlib and gzip, and its
//! brotli and zstandard of PyPI, those in `inputs/unpack` by the script there.

use std::time::Instant;

use payloads::decode::unpack::{
    Agreement, BURST, Budget, Coding, Fault, MEMORY_LIMIT, MessageUnpacker, POOL, Parameters,
    RATIO, Unpacker, WINDOW_LIMIT,
};

const TIME: &[u8] = b"{\"time\": \"08:04:23\"}\n";

/// [`TIME`], packed.
const TIMES: [(&str, &str); 10] = [
    ("gzip", "1f8b0800000000000203ab562ac9cc4d55b2525032b0b03230b1323256aae50200e3204fb915000000"),
    // With the name of a file.
    (
        "x-gzip",
        "1f8b08080000000002ff74696d652e6a736f6e00\
         ab562ac9cc4d55b2525032b0b03230b1323256aae50200e3204fb915000000",
    ),
    // With a comment, and with all that a header may have.
    (
        "gzip",
        "1f8b08100000000000006120636f6d6d656e7400\
         ab562ac9cc4d55b2525032b0b03230b1323256aae50200e3204fb915000000",
    ),
    (
        "gzip",
        "1f8b081e000000000000060061620200787974696d652e6a736f6e006120636f6d6d656e7400064b\
         ab562ac9cc4d55b2525032b0b03230b1323256aae50200e3204fb915000000",
    ),
    ("deflate", "789cab562ac9cc4d55b2525032b0b03230b1323256aae5020040830539"),
    // Without zlib's header and checksum.
    ("deflate", "ab562ac9cc4d55b2525032b0b03230b1323256aae50200"),
    ("br", "0b0a807b2274696d65223a202230383a30343a3233227d0a03"),
    ("zstd", "28b52ffd2015a900007b2274696d65223a202230383a30343a3233227d0a"),
    // With a checksum.
    ("ZSTD", "28b52ffd2415a900007b2274696d65223a202230383a30343a3233227d0a3d41ef6c"),
    // After a frame to skip (RFC 8878 section 3.1.2), of 3 bytes.
    ("zstd", "502a4d1803000000abcdef28b52ffd2015a900007b2274696d65223a202230383a30343a3233227d0a"),
];

const NUMBERS: [(&str, &[u8]); 11] = [
    ("gzip", include_bytes!("inputs/unpack/numbers.gz")),
    ("gzip", include_bytes!("inputs/unpack/numbers.members.gz")),
    ("deflate", include_bytes!("inputs/unpack/numbers.zlib")),
    ("deflate", include_bytes!("inputs/unpack/numbers.deflate")),
    ("deflate", include_bytes!("inputs/unpack/numbers.fixed.deflate")),
    ("br", include_bytes!("inputs/unpack/numbers.br")),
    ("br", include_bytes!("inputs/unpack/numbers.small-window.br")),
    ("br", include_bytes!("inputs/unpack/numbers.pieces.br")),
    ("zstd", include_bytes!("inputs/unpack/numbers.zst")),
    ("gzip, br", include_bytes!("inputs/unpack/numbers.gz.br")),
    ("zstd , identity,\tGZIP", include_bytes!("inputs/unpack/numbers.zst.gz")),
];

const FIVE_TIMES: &[u8] = include_bytes!("inputs/unpack/numbers.5-times.pieces.zst");

/// Each a gigabyte of zeros.
const BOMBS: [(&str, &[u8]); 2] = [
    ("br", include_bytes!("inputs/unpack/bomb.br")),
    ("gzip, gzip", include_bytes!("inputs/unpack/bomb.gz.gz")),
];

fn numbers() -> Vec<u8> {
    let line = |i: u64| match i % 50 {
        0 => format!("number {i}\n"),
        _ => format!("{}\n", i * i % 97),
    };
    (0..40_000).map(line).collect::<String>().into_bytes()
}

fn from_hex(hex: &str) -> Vec<u8> {
    let hex: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let digits = hex.chunks(2).map(|digits| str::from_utf8(digits).unwrap());
    digits.map(|digits| u8::from_str_radix(digits, 16).unwrap()).collect()
}

fn unpacker(encoding: &str, budget: &Budget) -> Unpacker {
    Unpacker::for_content_encoding(encoding.as_bytes(), budget).unwrap()
}

/// What `pieces` unpack to, and how that ends.
fn unpack<'p>(
    encoding: &str,
    pieces: impl IntoIterator<Item = &'p [u8]>,
) -> (Vec<u8>, Result<(), Fault>) {
    let mut unpacker = unpacker(encoding, &Budget::default());
    let mut out = Vec::new();
    for piece in pieces {
        if let Err(fault) = unpacker.push(piece, &mut out) {
            // It stays so.
            let len = out.len();
            assert_eq!(unpacker.push(piece, &mut out), Err(fault));
            assert_eq!(unpacker.finish(), Err(fault));
            assert_eq!(out.len(), len);
            return (out, Err(fault));
        }
    }
    let end = unpacker.finish();
    (out, end)
}

/// Numbers that look random and are the same each time (xorshift64).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

#[test]
fn each_coding_unpacks() {
    for (encoding, packed) in TIMES {
        let packed = from_hex(packed);
        assert_eq!(unpack(encoding, [&packed[..]]), (TIME.to_vec(), Ok(())), "{encoding}");
    }
    let numbers = numbers();
    for (encoding, packed) in NUMBERS {
        let (out, end) = unpack(encoding, [packed]);
        assert!(out == numbers && end == Ok(()), "{encoding}: {} bytes, {end:?}", out.len());
    }
    let (out, end) = unpack("zstd", FIVE_TIMES.chunks(1000));
    assert!(out == numbers.repeat(5) && end == Ok(()), "{} bytes, {end:?}", out.len());
}

#[test]
fn cuts_make_no_difference() {
    for (encoding, packed) in TIMES {
        let packed = from_hex(packed);
        for first in 0..=packed.len() {
            for second in first..=packed.len() {
                let pieces = [&packed[..first], &packed[first..second], &packed[second..]];
                assert_eq!(
                    unpack(encoding, pieces),
                    (TIME.to_vec(), Ok(())),
                    "{encoding}, cut at {first} and {second}"
                );
            }
        }
    }
    let numbers = numbers();
    let mut random = Random(1);
    for (encoding, packed) in NUMBERS {
        for limit in [1, 2, 3, 10, 100, 1000, 1000, 1000, 1000] {
            let mut rest = packed;
            let mut pieces = Vec::new();
            while !rest.is_empty() {
                let (piece, after) = rest.split_at(rest.len().min(1 + random.below(limit)));
                pieces.push(piece);
                rest = after;
            }
            let (out, end) = unpack(encoding, pieces);
            assert!(out == numbers && end == Ok(()), "{encoding}: {} bytes, {end:?}", out.len());
        }
    }
}

/// What its sender has flushed is there at once, as a stream of events needs it.
#[test]
fn flushed_bytes_do_not_wait() {
    let numbers = numbers();
    // Each flush is of 50,000 bytes. The brotli and zstd files of pieces have that many until the
    // last few bytes of each.
    let pieces = [
        ("br", &include_bytes!("inputs/unpack/numbers.pieces.br")[..], numbers.clone()),
        ("zstd", FIVE_TIMES, numbers.repeat(5)),
    ];
    for (encoding, packed, text) in pieces {
        let mut unpacker = unpacker(encoding, &Budget::default());
        let mut out = Vec::new();
        let mut lengths = vec![0];
        for byte in packed.chunks(1) {
            unpacker.push(byte, &mut out).unwrap();
            lengths.push(out.len());
        }
        for flushed in (50_000..text.len()).step_by(50_000) {
            assert!(lengths.contains(&flushed), "{encoding} does not stop at {flushed}");
        }
    }
}

#[test]
fn the_header_names_the_codings() {
    let budget = Budget::default();
    let name = |value: &str| {
        Unpacker::for_content_encoding(value.as_bytes(), &budget)
            .map(|unpacker| unpacker.name().to_string())
    };
    assert_eq!(name("gzip").as_deref(), Some("gzip"));
    assert_eq!(name("X-GZip").as_deref(), Some("gzip"));
    assert_eq!(name(" gzip ,, br\t").as_deref(), Some("gzip, br"));
    assert_eq!(name("identity, zstd").as_deref(), Some("zstd"));
    for value in ["", "identity", ",", "compress", "gzip, compress", "gzip br", "br;q=1", "dcz"] {
        assert_eq!(name(value), None, "{value}");
    }
    assert_eq!(name("br, br, br, br").as_deref(), Some("br, br, br, br"));
    assert_eq!(name("br, br, br, br, br"), None);
    assert!(Unpacker::for_content_encoding(b"gzip\xff", &budget).is_none());
}

#[test]
fn deflate_without_zlib_is_named() {
    let budget = Budget::default();
    for (packed, raw) in [(TIMES[4].1, false), (TIMES[5].1, true)] {
        let mut unpacker = unpacker("deflate", &budget);
        unpacker.push(&from_hex(packed), &mut Vec::new()).unwrap();
        assert_eq!(unpacker.is_raw_deflate(), raw);
    }
}

/// Some streams of DEFLATE alone begin nearly as those of zlib do (RFC 1950 section 2.2).
#[test]
fn what_only_resembles_zlib_is_deflate_alone() {
    // A stored block, of which 5 bits of the first byte say nothing (RFC 1951 section 3.2.4), as a
    // number that is divisible by 31, of the method 8 of zlib, and both, with too large a window.
    for (first, len) in [(0x00, 31), (0x78, 5), (0x88, 28)] {
        let len_bytes = u16::to_le_bytes(len);
        let mut packed = vec![first, len_bytes[0], len_bytes[1], !len_bytes[0], !len_bytes[1]];
        let text = vec![b'x'; len.into()];
        packed.extend(&text);
        packed.extend(from_hex("010000ffff"));
        let mut unpacker = unpacker("deflate", &Budget::default());
        let mut out = Vec::new();
        assert_eq!(unpacker.push(&packed, &mut out), Ok(()), "{first:x}");
        assert_eq!((unpacker.finish(), out), (Ok(()), text), "{first:x}");
        assert!(unpacker.is_raw_deflate());
    }
}

#[test]
fn no_content_is_complete() {
    for encoding in ["gzip", "deflate", "br", "zstd", "gzip, br"] {
        assert_eq!(unpack(encoding, []), (Vec::new(), Ok(())), "{encoding}");
        assert_eq!(unpack(encoding, [&b""[..]]), (Vec::new(), Ok(())), "{encoding}");
    }
}

#[test]
fn what_ends_too_early_gives_what_came() {
    let numbers = numbers();
    for (encoding, packed) in NUMBERS {
        let coding = match encoding {
            "gzip" => Coding::Gzip,
            "deflate" => Coding::Deflate,
            "zstd" => Coding::Zstd,
            "br" => Coding::Brotli,
            _ => continue,
        };
        for quarters in 1..=3 {
            let len = packed.len() * quarters / 4;
            let (out, end) = unpack(encoding, packed[..len].chunks(100));
            if packed.len() == 5055 && quarters == 2 {
                // There the second member of gzip begins, or nearly so.
                continue;
            }
            assert_eq!(end, Err(Fault::Unfinished(coding)), "{encoding}");
            assert!(numbers.starts_with(&out), "{encoding}");
            // Nothing waits but the last block of zstd, of 128 KiB at most; all the text is less.
            let least = if encoding == "zstd" { 0 } else { numbers.len() * quarters / 4 / 6 };
            assert!(out.len() >= least, "{encoding}: {} bytes of {quarters} quarters", out.len());
        }
    }
    for (encoding, packed) in TIMES {
        let packed = from_hex(packed);
        for len in 1..packed.len() {
            let (out, end) = unpack(encoding, [&packed[..len]]);
            // After the frame that is skipped, another one need not follow.
            let whole = packed[0] == 0x50 && len == 11;
            assert!(whole == end.is_ok(), "{encoding} {len}");
            assert!(TIME.starts_with(&out));
        }
    }
}

#[test]
fn each_fault_is_named() {
    let changed = |index: usize, place: usize| {
        let (encoding, packed) = TIMES[index];
        let mut packed = from_hex(packed);
        packed[place] ^= 1;
        (encoding, packed)
    };
    let len = |index: usize| from_hex(TIMES[index].1).len();
    let more =
        |index: usize, hex: &str| (TIMES[index].0, from_hex(&format!("{}{hex}", TIMES[index].1)));
    use Coding::*;
    use Fault::*;
    for ((encoding, packed), unpacked, fault, words) in [
        (changed(0, 0), false, Damaged(Gzip), "what follows is not gzip (RFC 1952)"),
        (
            changed(0, len(0) - 5),
            true,
            Checksum(Gzip),
            "the checksum of gzip is another (RFC 1952)",
        ),
        (
            changed(0, len(0) - 1),
            true,
            Length(Gzip),
            "the length that gzip states is another (RFC 1952)",
        ),
        (
            changed(4, len(4) - 1),
            true,
            Checksum(Deflate),
            "the checksum of deflate is another (RFC 1950)",
        ),
        (changed(7, 0), false, Damaged(Zstd), "what follows is not zstd (RFC 8878)"),
        (changed(7, 5), true, Length(Zstd), "the length that zstd states is another (RFC 8878)"),
        (
            changed(8, len(8) - 1),
            true,
            Checksum(Zstd),
            "the checksum of zstd is another (RFC 8878)",
        ),
        (more(0, "00"), true, Trailing(Gzip), "bytes follow the end of gzip"),
        (more(4, "00"), true, Trailing(Deflate), "bytes follow the end of deflate"),
        (more(5, "00"), true, Trailing(Deflate), "bytes follow the end of deflate"),
        (more(6, "00"), true, Trailing(Brotli), "bytes follow the end of br"),
        (more(7, "00000000"), true, Trailing(Zstd), "bytes follow the end of zstd"),
        (more(0, "1f"), true, Unfinished(Gzip), "it ends in the middle of gzip"),
        // A reserved bit in each header.
        (("gzip", from_hex("1f8b0820000000000203")), false, Damaged(Gzip), ""),
        (("zstd", from_hex("28b52ffd2800")), false, Damaged(Zstd), ""),
        (("br", from_hex("11")), false, Damaged(Brotli), "what follows is not br (RFC 7932)"),
        // A block with a sequence whose bits have no end, and then another one.
        (("zstd", from_hex("28b52ffd0038 240000 00010000 010000")), false, Damaged(Zstd), ""),
        // A reference to before the first byte.
        (
            ("deflate", from_hex("030200")),
            false,
            Damaged(Deflate),
            "what follows is not deflate (RFC 1950)",
        ),
        // A header's checksum: of gzip with FHCRC.
        (("gzip", from_hex("1f8b08020000000002030000")), false, Checksum(Gzip), ""),
        (
            ("deflate", from_hex("78bb0000000103")),
            false,
            Dictionary(Deflate),
            "deflate refers to a dictionary that is not at hand",
        ),
        (("zstd", from_hex("28b52ffd0100070000")), false, Dictionary(Zstd), ""),
        // Windows of 8 MiB and of an eighth more.
        (
            ("zstd", from_hex("28b52ffd0069")),
            false,
            Window(Zstd),
            "zstd asks to keep more than 8 MiB for later reference",
        ),
        (("zstd", from_hex("28b52ffd0068")), false, Unfinished(Zstd), ""),
        // One of 4 MiB and seven eighths of that.
        (("zstd", from_hex("28b52ffd0067")), false, Unfinished(Zstd), ""),
        // Windows of 16 MiB and of 8 MiB, and the beginning of a block that fills them.
        (("br", from_hex("cfffffff41")), false, Window(Brotli), ""),
        (("br", from_hex("cdffffff41")), false, Unfinished(Brotli), ""),
    ] {
        let (out, end) = unpack(encoding, packed.chunks(1));
        assert_eq!(end, Err(fault), "{encoding}");
        assert!(words.is_empty() || words == fault.to_string(), "{fault}");
        assert_eq!(out == TIME, unpacked, "{fault}: {}", out.escape_ascii());
    }
}

/// A fault in a coding that was applied early is found last, and one that was applied late does not
/// keep what came before it from the others.
#[test]
fn faults_go_through_a_chain() {
    let numbers = numbers();
    let packed = include_bytes!("inputs/unpack/numbers.gz.br");
    let (out, end) = unpack("gzip, br", packed[..2500].chunks(100));
    assert_eq!(end, Err(Fault::Unfinished(Coding::Brotli)));
    assert!(numbers.starts_with(&out) && out.len() > 40_000, "{}", out.len());
    let mut damaged = packed.to_vec();
    damaged[2000] ^= 0x10;
    let (out, end) = unpack("gzip, br", damaged.chunks(100));
    assert!(end.is_err());
    let same = out.iter().zip(&numbers).take_while(|(one, other)| one == other).count();
    assert!(same > 40_000, "{same}");
}

#[test]
fn random_damage_gives_what_came_before() {
    let numbers = numbers();
    let mut random = Random(7);
    let mut faults = 0;
    for (encoding, packed) in NUMBERS {
        for _ in 0..60 {
            let mut damaged = packed.to_vec();
            let place = random.below(damaged.len());
            damaged[place] ^= 1 << random.below(8);
            let (out, end) = unpack(encoding, damaged.chunks(1 + random.below(2000)));
            assert!(out.len() as u64 <= BURST + RATIO * packed.len() as u64);
            faults += u32::from(end.is_err());
            let same = out.iter().zip(&numbers).take_while(|(one, other)| one == other).count();
            // zstd waits for a block, and a chain for what packs well.
            if !encoding.contains("zst") && !encoding.contains(',') {
                assert!(
                    same >= 5 * place.saturating_sub(300),
                    "{encoding}: {same} bytes up to byte {place}"
                );
            }
        }
    }
    // The others are in names, times or systems of a header, or of raw deflate, which has no checksum.
    assert!(faults > 500, "{faults} of 660");
}

/// Random bytes, and packed ones with many changes, cost no more than they may and do no harm.
#[test]
fn anything_can_be_put_in() {
    let mut random = Random(3);
    let encodings = ["gzip", "deflate", "br", "zstd", "gzip, br", "zstd, zstd", "br, deflate"];
    let mut seeds: Vec<Vec<u8>> = TIMES.iter().map(|(_, packed)| from_hex(packed)).collect();
    seeds.extend(NUMBERS.iter().map(|(_, packed)| packed[..1500].to_vec()));
    seeds.extend(BOMBS.iter().map(|(_, packed)| packed.to_vec()));
    seeds.push(FIVE_TIMES.to_vec());
    let budget = Budget::default();
    for round in 0..3_000 {
        let mut bytes = seeds[random.below(seeds.len())].clone();
        for _ in 0..random.below(8) {
            let place = random.below(bytes.len());
            match random.below(4) {
                0 => bytes[place] = random.below(256) as u8,
                1 => bytes.truncate(place.max(1)),
                2 => bytes.insert(place, random.below(256) as u8),
                _ => bytes[place] ^= 1 << random.below(8),
            }
        }
        let encoding = encodings[random.below(encodings.len())];
        let budget = if round % 2 == 0 { budget.clone() } else { Budget::default() };
        let mut unpacker = unpacker(encoding, &budget);
        let mut out = Vec::new();
        let step = 1 + random.below(500);
        let result = bytes.chunks(step).try_for_each(|piece| unpacker.push(piece, &mut out));
        assert!(out.len() as u64 <= BURST + RATIO * bytes.len() as u64);
        assert!(result.is_err() || unpacker.size() > 0);
        assert_eq!(budget.memory(), unpacker.size());
        let _ = unpacker.finish();
    }
    assert_eq!(budget.memory(), 0);

    let agreement = Parameters { takes_over: true, window_bits: 9 };
    for _ in 0..1_000 {
        let mut messages = MessageUnpacker::new(agreement, &budget);
        for _ in 0..3 {
            let bytes: Vec<_> = (0..random.below(60)).map(|_| random.below(256) as u8).collect();
            let mut out = Vec::new();
            let _ = messages.push(&bytes, &mut out);
            let _ = messages.end(&mut out);
        }
    }
}

#[test]
fn bombs_are_cut() {
    for (encoding, packed) in BOMBS {
        let begin = Instant::now();
        let mut unpacker = unpacker(encoding, &Budget::default());
        let mut out = Vec::new();
        assert_eq!(unpacker.push(packed, &mut out), Err(Fault::Cut), "{encoding}");
        assert!(unpacker.is_cut());
        assert_eq!(unpacker.size(), 0);
        let may = (BURST + RATIO * packed.len() as u64) as usize;
        assert!(out.len() <= may && out.len() > may / 2, "{encoding}: {} bytes", out.len());
        assert!(out.iter().all(|byte| *byte == 0));
        assert!(begin.elapsed().as_secs() < 5, "{:?}", begin.elapsed());
    }
    assert_eq!(Fault::Cut.to_string(), "cut: it unpacks to more than is kept of it");
}

/// `blocks` blocks of zstd, each of which is 128 KiB of the same byte.
fn zstd_bomb(blocks: usize) -> Vec<u8> {
    // A window of 128 KiB; a block of type 1 and of 128 KiB.
    let mut packed = from_hex("28b52ffd0038");
    for _ in 0..blocks {
        packed.extend(from_hex("02001041"));
    }
    packed
}

#[test]
fn what_a_content_may_give_is_bounded() {
    let bomb = zstd_bomb(1000);
    let (out, end) = unpack("zstd", [&bomb[..]]);
    assert_eq!(end, Err(Fault::Cut));
    assert_eq!(out.len() as u64, BURST + RATIO * bomb.len() as u64);
    // What is put in later earns no more than what is put in at once.
    let (out, end) = unpack("zstd", bomb.chunks(4));
    assert_eq!(end, Err(Fault::Cut));
    assert!(out.len() as u64 <= BURST + RATIO * bomb.len() as u64);
    // What came before does not make it give more.
    let mut after_other = from_hex("28b52ffd0038");
    after_other.extend([0, 0, 16].iter().chain(&vec![b'x'; 128 * 1024]).cycle().take(30 * 131_075));
    let plain = 30 * 128 * 1024;
    let mut unpacker = unpacker("zstd", &Budget::default());
    let mut out = Vec::new();
    unpacker.push(&after_other, &mut out).unwrap();
    assert_eq!(out.len(), plain);
    assert_eq!(unpacker.push(&bomb[6..], &mut out), Err(Fault::Cut));
    assert!((out.len() - plain) as u64 <= BURST + RATIO * bomb.len() as u64);
    // Just below the limit nothing is cut.
    let mut whole = zstd_bomb(8);
    whole.extend(from_hex("010000"));
    let (out, end) = unpack("zstd", [&whole[..]]);
    assert_eq!((out.len() as u64, end), (BURST, Ok(())));
}

/// What packs no better than text does has no limit, and needs no more than its window.
#[test]
fn a_long_content_is_not_cut() {
    let budget = Budget::default();
    let numbers = numbers();
    let mut unpacker = unpacker("zstd", &budget);
    let mut unpacked = 0;
    let mut most = 0;
    for _ in 0..40 {
        for piece in FIVE_TIMES.chunks(1400) {
            let mut out = Vec::new();
            unpacker.push(piece, &mut out).unwrap();
            unpacked += out.len();
            most = most.max(unpacker.size());
        }
    }
    assert_eq!(unpacker.finish(), Ok(()));
    assert_eq!(unpacked, 40 * 5 * numbers.len());
    assert!(most < 1024 * 1024, "{most}");
}

#[test]
fn many_bombs_are_no_more_than_a_large_one() {
    let budget = Budget::default();
    let bomb = zstd_bomb(8);
    let mut given = 0;
    let mut put_in = 0;
    for round in 0..200 {
        let mut out = Vec::new();
        let _ = unpacker("zstd", &budget).push(&bomb, &mut out);
        // The first ones give what each may.
        assert!(out.len() as u64 == BURST || round > 60, "{round}: {}", out.len());
        given += out.len() as u64;
        put_in += bomb.len() as u64;
    }
    assert!(given > POOL / 2);
    assert!(given <= POOL + RATIO * put_in, "{given}");
    let (encoding, packed) = NUMBERS[0];
    let mut late = unpacker(encoding, &budget);
    let mut out = Vec::new();
    // Text packs better than it earns here, but not by much.
    assert_eq!(late.push(&packed[..1000], &mut out), Ok(()));
    assert!(out.len() > 10_000);
}

#[test]
fn memory_is_bounded() {
    let budget = Budget::default();
    let mut all = Vec::new();
    let mut crowded = 0;
    for _ in 0..2 * MEMORY_LIMIT / (32 * 1024) {
        let mut unpacker = unpacker("gzip", &budget);
        match unpacker.push(&from_hex(TIMES[0].1)[..20], &mut Vec::new()) {
            Ok(()) => all.push(unpacker),
            Err(fault) => {
                assert_eq!(fault, Fault::Crowded);
                crowded += 1;
            }
        }
        assert!(budget.memory() <= MEMORY_LIMIT);
    }
    assert!(crowded > 0 && all.len() > 500, "{} and {crowded}", all.len());
    let sum: usize = all.iter().map(Unpacker::size).sum();
    assert_eq!(budget.memory(), sum);
    all.clear();
    assert_eq!(budget.memory(), 0);
    assert_eq!(Fault::Crowded.to_string(), "not unpacked: too much is being unpacked at once");
}

/// What an unpacker keeps for later reference, or to decode with, counts as its memory.
#[test]
fn memory_is_counted() {
    let budget = Budget::default();
    // After the header, and shortly before the end.
    for (index, header) in [(0, 10), (5, 1), (8, 6)] {
        let (encoding, packed) = TIMES[index];
        let packed = from_hex(packed);
        let mut unpacker = unpacker(encoding, &budget);
        let mut out = Vec::new();
        unpacker.push(&packed[..header], &mut out).unwrap();
        let before = unpacker.size();
        unpacker.push(&packed[header..packed.len() - 1], &mut out).unwrap();
        let after = unpacker.size();
        assert_eq!(budget.memory(), after);
        let least = 32 * 1024;
        assert!(
            before < least && (least..4 * least).contains(&after),
            "{encoding} {before} {after}"
        );
    }
}

/// Work counts, where it gives few bytes or none.
#[test]
fn what_gives_nothing_is_cut_too() {
    // Deflate: four empty blocks in five bytes, each with the fixed code.
    let blocks = from_hex("0208208000").repeat(20_000);
    // Zstandard: a block of 98,047 sequences, which take no more than 11 bytes.
    let sequences = from_hex("28b52ffd00385c00000878ffffff540000008001");
    for (encoding, packed) in [("deflate", blocks), ("zstd", sequences)] {
        let mut out = Vec::new();
        let mut unpacker = unpacker(encoding, &Budget::default());
        assert_eq!(unpacker.push(&packed, &mut out), Err(Fault::Cut), "{encoding}");
        assert!(out.is_empty());
    }
    // Brotli: a block with 256 codes each for literals, lengths and distances, before the first code,
    // where others have left little of what may be given.
    let codes = format!("f0ffefff012000ff0f0001f87f0008{}f07f01e0ff0200", "00".repeat(65));
    let budget = Budget::default();
    let bomb = zstd_bomb(8);
    for _ in 0..POOL / BURST {
        unpacker("zstd", &budget).push(&bomb, &mut Vec::new()).unwrap();
    }
    let mut taken = 0;
    for _ in 0..100 {
        let mut unpacker = unpacker("br", &budget);
        let _ = unpacker.push(&from_hex(&codes), &mut Vec::new());
        taken += unpacker.size();
    }
    // 100 such blocks would take 118 MB.
    assert!((2_000_000..20_000_000).contains(&taken), "{taken}");
    // Nothing is begun that may give nothing: no header is read.
    let mut late = unpacker("gzip", &budget);
    assert_eq!(late.push(&from_hex(TIMES[0].1)[..10], &mut Vec::new()), Err(Fault::Cut));
}

/// The largest window of brotli is not granted, only what is put to use of it.
#[test]
fn a_window_is_as_large_as_it_has_to_be() {
    // A window of 16 MiB (WBITS 24), and an uncompressed block of 1 byte that is not the last.
    let budget = Budget::default();
    let mut small = unpacker("br", &budget);
    let mut out = Vec::new();
    small.push(&from_hex("0f008041"), &mut out).unwrap();
    assert_eq!(out, b"A");
    assert!(small.size() < 200 * 1024, "{}", small.size());
    // What a gigabyte of zeros asks for before it is cut.
    let mut large = unpacker("br", &budget);
    let (_, bomb) = BOMBS[0];
    let mut most = 0;
    for piece in bomb.chunks(10) {
        let _ = large.push(piece, &mut out);
        most = most.max(large.size());
    }
    assert!(most < WINDOW_LIMIT + 1024 * 1024, "{most}");
}

fn agreed(value: &str) -> Result<Option<Agreement>, Fault> {
    Agreement::from_extensions(value.as_bytes())
}

#[test]
fn the_response_names_the_parameters() {
    let usual = Parameters { takes_over: true, window_bits: 15 };
    for (value, client, server) in [
        ("permessage-deflate", usual, usual),
        (
            "permessage-deflate; server_no_context_takeover; client_max_window_bits=10",
            Parameters { window_bits: 10, ..usual },
            Parameters { takes_over: false, ..usual },
        ),
        (
            " permessage-deflate ;client_no_context_takeover;server_max_window_bits = \"8\" ",
            Parameters { takes_over: false, ..usual },
            Parameters { window_bits: 8, ..usual },
        ),
    ] {
        assert_eq!(agreed(value), Ok(Some(Agreement { client, server })), "{value}");
    }
    for window_bits in 8..=15 {
        let value = format!("permessage-deflate; server_max_window_bits={window_bits}");
        let server = Parameters { window_bits, ..usual };
        assert_eq!(agreed(&value), Ok(Some(Agreement { client: usual, server })), "{value}");
    }
    for value in ["", "permessage-bzip2", "x-webkit-deflate-frame", "permessage-deflate, other"] {
        assert_eq!(agreed(value), Ok(None), "{value}");
    }
    for parameter in [
        "server_max_window_bits",
        "server_max_window_bits=7",
        "server_max_window_bits=16",
        "server_max_window_bits=08",
        "client_max_window_bits",
        "client_no_context_takeover=1",
        "max_window_bits=9",
        "other",
        "server_no_context_takeover; server_no_context_takeover",
    ] {
        let value = format!("permessage-deflate; {parameter}");
        assert_eq!(agreed(&value), Err(Fault::Damaged(Coding::Messages)), "{value}");
    }
}

/// Unpacks messages one after the other, each of them byte by byte.
fn messages(parameters: Parameters, packed: &[&str]) -> Vec<Result<String, Fault>> {
    let mut unpacker = MessageUnpacker::new(parameters, &Budget::default());
    packed
        .iter()
        .map(|packed| {
            let mut out = Vec::new();
            for byte in from_hex(packed).chunks(1) {
                let _ = unpacker.push(byte, &mut out);
            }
            unpacker.end(&mut out).map(|()| String::from_utf8_lossy(&out).into_owned())
        })
        .collect()
}

const TAKES_OVER: Parameters = Parameters { takes_over: true, window_bits: 15 };
const BEGINS_ANEW: Parameters = Parameters { takes_over: false, window_bits: 15 };

/// The examples of RFC 7692 section 7.2.3.
#[test]
fn the_examples_of_the_standard_unpack() {
    for packed in [
        // One block; in two fragments, which is the same here; a stored block; a block that says it
        // is the last; and two blocks.
        "f248cdc9c90700",
        "000500faff48656c6c6f00",
        "f348cdc9c9070000",
        "f248050000 00ffffcac9c90700",
    ] {
        assert_eq!(messages(TAKES_OVER, &[packed]), [Ok("Hello".into())], "{packed}");
        // Twice the same: each on its own.
        assert_eq!(
            messages(BEGINS_ANEW, &[packed, packed]),
            [Ok("Hello".into()), Ok("Hello".into())],
            "{packed}"
        );
    }
    // The second message refers to the first; a message may be empty.
    assert_eq!(
        messages(TAKES_OVER, &["f248cdc9c90700", "f200110000", "00", "f200110000"]),
        [Ok("Hello".into()), Ok("Hello".into()), Ok("".into()), Ok("Hello".into())]
    );
    // After a block that says it is the last, a message may refer to what was before it too.
    assert_eq!(
        messages(TAKES_OVER, &["f348cdc9c9070000", "f200110000"]),
        [Ok("Hello".into()), Ok("Hello".into())]
    );
}

/// Messages of Python's zlib, with the smallest window that it has and with the largest.
#[test]
fn a_window_is_as_large_as_was_agreed() {
    let small = Parameters { takes_over: true, window_bits: 9 };
    let time = |second| Ok(format!("{{\"time\": \"08:04:2{second}\"}}"));
    let long = Ok("x".repeat(600));
    let first = "aa562ac9cc4d55b2525032b0b03230b1323256aa0500";
    assert_eq!(
        messages(
            small,
            &[
                first,
                "aa46173351aa0500",
                "aa1805a380060000",
                "aa562ac9cc4d55b2525032b0b03230b1323255aa0500"
            ]
        ),
        [time(3), time(4), long.clone(), time(5)]
    );
    let large = [first, "aa46173351aa0500", "aa1805a380060000", "c2486ba64ab50000"];
    assert_eq!(messages(TAKES_OVER, &large), [time(3), time(4), long.clone(), time(5)]);
    // The last one refers to what is more than 512 bytes away.
    assert_eq!(
        messages(small, &large),
        [time(3), time(4), long, Err(Fault::Damaged(Coding::Messages))]
    );
}

#[test]
fn after_a_fault_the_context_is_lost() {
    // A block of the type that is reserved.
    let packed = ["f248cdc9c90700", "07", "f200110000", "f248cdc9c90700"];
    let damaged = Err(Fault::Damaged(Coding::Messages));
    let hello = || Ok("Hello".to_string());
    assert_eq!(
        messages(TAKES_OVER, &packed),
        [hello(), damaged.clone(), Err(Fault::Context), Err(Fault::Context)]
    );
    assert_eq!(
        messages(BEGINS_ANEW, &packed),
        // The third refers to a message that it may not refer to.
        [hello(), damaged.clone(), damaged, hello()]
    );
    // A message that ends in the middle of a block; it would swallow the end that is left out.
    assert_eq!(
        messages(BEGINS_ANEW, &["f248cdc9", "", "f248cdc9c90700"]),
        [
            Err(Fault::Unfinished(Coding::Messages)),
            Err(Fault::Unfinished(Coding::Messages)),
            hello()
        ]
    );
    let mut unpacker = MessageUnpacker::new(TAKES_OVER, &Budget::default());
    unpacker.lose();
    assert_eq!(unpacker.push(b"\xf2", &mut Vec::new()), Err(Fault::Context));
    assert_eq!(
        Fault::Context.to_string(),
        "not unpacked: it refers to an earlier message, which was not unpacked"
    );
}

#[test]
fn a_message_is_cut_too() {
    // 100 MB of zeros by Python's zlib are this, and then a lot of zero bytes.
    let mut packed = from_hex("ecc101010000008090feafee080a");
    packed.resize(100_000, 0);
    let budget = Budget::default();
    let mut unpacker = MessageUnpacker::new(TAKES_OVER, &budget);
    let mut out = Vec::new();
    let result = unpacker.push(&packed[..1000], &mut out);
    assert!(result.is_ok(), "{result:?}");
    assert!(out.len() > 1_000_000, "{}", out.len());
    assert_eq!(unpacker.push(&packed[1000..], &mut out), Err(Fault::Cut));
    let may = BURST + RATIO * packed.len() as u64;
    // A block counts too.
    assert!((may - 2000..=may).contains(&(out.len() as u64)), "{}", out.len());
    assert_eq!(unpacker.end(&mut out), Err(Fault::Cut));
    assert_eq!(unpacker.push(b"\xf2", &mut out), Err(Fault::Context));
    assert!(unpacker.size() == 0 && budget.memory() == 0);
}
