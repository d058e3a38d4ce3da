//! x
fn main() {
    let mut all = Vec::new();
    for a in std::env::args().skip(1) {
        let s = payloads::stats::Stats::read(std::fs::File::open(&a).unwrap(), None).unwrap();
        for w in s.warnings() { eprintln!("{a}: {w}"); }
        all.push((a, s));
    }
    let v: Vec<_> = all.iter().map(|(a, s)| (a.as_str(), s)).collect();
    println!("{}\n{}\n{}\n{}", payloads::stats::overall_table(&v), payloads::stats::update_table(&v), payloads::stats::server_table(&v), payloads::stats::division_table(&v));
}
