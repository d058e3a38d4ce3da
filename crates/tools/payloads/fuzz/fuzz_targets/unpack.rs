#![no_main]

#[path = "../../tests/checks/mod.rs"]
#[allow(dead_code, reason = "each target checks one thing")]
mod checks;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    checks::unpack::content(input);
    checks::unpack::messages(input);
});
