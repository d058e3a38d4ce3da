//! The README is what the captures, the code and the justfile say.

use std::{collections::BTreeSet, fs, path::PathBuf};

use payloads::{decode::Kind, report::transcript::Transcript, tcp::Side};
use readme::{APPS, Captures, chart, filled};

fn top() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../..")
}

fn read(path: &str) -> String {
    let path = top().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn captures() -> Captures {
    Captures::read(&top().join("pcap")).unwrap()
}

/// The lines of the README outside code blocks and outside what is filled in, each with its number.
fn prose(readme: &str) -> Vec<(usize, &str)> {
    let (mut code, mut block) = (false, false);
    let mut lines = Vec::new();
    for (line, number) in readme.lines().zip(1..) {
        if line.starts_with("<!-- begin ") {
            block = true;
        } else if line == "<!-- end -->" {
            block = false;
        } else if line.trim_start().starts_with("```") {
            code = !code;
        } else if !code && !block {
            lines.push((number, line));
        }
    }
    lines
}

#[test]
fn the_readme_is_what_the_captures_say() {
    let readme = read("README.md");
    let filled = filled(&readme, &captures()).unwrap();
    for ((line, expected), number) in readme.lines().zip(filled.lines()).zip(1..) {
        assert_eq!(line, expected, "README.md line {number}: run `just readme`");
    }
    assert_eq!(readme, filled, "run `just readme`");
}

#[test]
fn the_chart_is_what_the_captures_say() {
    assert_eq!(read("pcap/update.svg"), chart(&captures()), "run `just readme`");
}

#[test]
fn a_wrong_digit_in_any_block_or_value_is_found() {
    let readme = read("README.md");
    let captures = captures();
    let mut places = 0;
    for (open, close) in [("<!-- begin ", "\n<!-- end -->"), ("<!-- = ", "<!-- /= -->")] {
        for (start, _) in readme.match_indices(open) {
            let from = start + readme[start..].find("-->").unwrap();
            let to = from + readme[from..].find(close).unwrap();
            let digit = readme[from..to].rfind(|c: char| c.is_ascii_digit()).unwrap() + from;
            let mut wrong = readme.clone();
            let other = if readme.as_bytes()[digit] == b'7' { "8" } else { "7" };
            wrong.replace_range(digit..=digit, other);
            assert_eq!(filled(&wrong, &captures).unwrap(), readme, "{}", &readme[start..from]);
            places += 1;
        }
    }
    assert!(places > 40, "only {places} places were found");
}

/// A number of bytes or packets in a sentence is filled in from a capture, unless it is one of
/// these, which no capture can change.
#[test]
fn no_count_in_a_sentence_is_written_by_hand() {
    let fixed = [
        // Limits and constants of the apps, which their own tests check.
        "4096 bytes",
        // The length of a header by its standard, and what the legend says of it.
        "14 bytes of Ethernet",
        "header has 4 bytes",
        "header has 40 bytes",
        "header has 20 bytes",
        "takes 24 bytes more",
        // The original's capture, which is not here.
        "13 packets with application data",
        // What netcat and `wc -c` say in an exercise.
        "takes 6 bytes instead of 5",
    ];
    let readme = read("README.md");
    let text: Vec<_> = prose(&readme).into_iter().map(|(_, line)| line).collect();
    let mut text = text.join(" ");
    while let Some(start) = text.find("<!-- = ") {
        let end = text[start..].find("<!-- /= -->").expect("a value is closed") + start;
        text.replace_range(start..end + "<!-- /= -->".len(), "FILLED");
    }
    for phrase in fixed {
        assert!(text.contains(phrase), "{phrase:?} is no longer in the README");
        text = text.replace(phrase, "");
    }
    let words: Vec<_> = text.split_whitespace().collect();
    for pair in words.windows(2) {
        let is_number = pair[0].chars().all(|c| c.is_ascii_digit());
        let is_unit =
            ["byte", "packet", "segment", "frame"].iter().any(|unit| pair[1].starts_with(unit));
        assert!(!(is_number && is_unit), "{} {} is written by hand", pair[0], pair[1]);
    }
}

#[test]
fn the_commands_exist() {
    let readme = read("README.md");
    let justfile = read("justfile");
    let recipes: BTreeSet<_> = justfile
        .lines()
        .filter(|line| !line.starts_with([' ', '#', '[']) && line.contains(':'))
        .filter_map(|line| line.split([' ', ':']).next())
        .collect();
    let mut checked = 0;
    for (start, _) in readme.match_indices("just ") {
        let before = readme[..start].chars().next_back();
        if !matches!(before, Some('`' | '\n')) {
            continue;
        }
        let recipe = readme[start + 5..].split(|c: char| !(c.is_alphanumeric() || c == '-')).next();
        let recipe = recipe.unwrap_or_default();
        assert!(recipes.contains(recipe), "the justfile has no recipe {recipe:?}");
        checked += 1;
    }
    for (start, command) in readme.match_indices("cargo run -p ") {
        let name =
            readme[start + command.len()..].split(|c: char| !c.is_alphanumeric()).next().unwrap();
        let is_crate = ["crates", "crates/tools"]
            .map(|folder| top().join(folder).join(name).join("Cargo.toml"))
            .iter()
            .any(|manifest| manifest.is_file());
        assert!(is_crate, "there is no crate {name:?}");
        checked += 1;
    }
    assert!(checked > 20, "only {checked} commands were found");
}

#[test]
fn the_links_lead_somewhere() {
    let readme = read("README.md");
    let anchors: BTreeSet<String> = readme
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| anchor(line.trim_start_matches('#').trim()))
        .collect();
    let mut checked = 0;
    for (_, line) in prose(&readme) {
        for (start, _) in line.match_indices("](") {
            let target = line[start + 2..].split(')').next().unwrap();
            check_link(target, &anchors);
            checked += 1;
        }
        if let Some((_, target)) = line.strip_prefix('[').and_then(|line| line.split_once("]: ")) {
            check_link(target, &anchors);
            checked += 1;
        }
    }
    assert!(checked > 30, "only {checked} links were found");
}

fn check_link(target: &str, anchors: &BTreeSet<String>) {
    if let Some(name) = target.strip_prefix('#') {
        assert!(anchors.contains(name), "there is no heading for #{name}");
    } else if !target.starts_with("https://") {
        assert!(top().join(target).exists(), "there is no file {target}");
    }
}

/// The anchor that GitHub gives a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}

#[test]
fn the_functions_of_the_original_are_in_the_apps() {
    let readme = read("README.md");
    for app in APPS {
        let row = readme.lines().find(|line| line.starts_with(&format!("| `{app}.py`"))).unwrap();
        let functions = row.split('|').nth(3).unwrap();
        let code = read(&format!("crates/{app}/src/main.rs"));
        let names: Vec<_> = functions.split('`').skip(1).step_by(2).collect();
        assert!(names.len() >= 2, "{row}");
        for name in names {
            let defines = [format!("fn {name}("), format!("let {name} =")];
            assert!(defines.iter().any(|text| code.contains(text)), "{app} has no {name}");
        }
        assert!(code.contains("async fn main("), "{app}");
    }
    assert!(read("crates/common/src/lib.rs").contains("pub fn formatted_time("));
}

/// What an update takes by the contract of the five apps. Of an HTTP update the client's part
/// depends on the browser.
#[test]
fn an_update_in_the_captures_is_what_the_apps_promise() {
    let packets = [3, 3, 3, 2, 3];
    let server_bytes = [10, 552, 128, 34, 22];
    for (capture, (packets, bytes)) in
        captures().all().iter().zip(packets.into_iter().zip(server_bytes))
    {
        let update = capture.stats.usual.unwrap().update;
        assert_eq!(update.figures.total_packets, packets, "{}", capture.app);
        assert_eq!(update.division(Side::Server).total, bytes, "{}", capture.app);
        assert_eq!(update.division(Side::Server).of(Kind::Time), 8, "{}", capture.app);
    }
}

/// The legend's formula, for the headers of Ethernet and IPv4.
#[test]
fn frames_are_headers_and_application_data() {
    for capture in captures().all() {
        let figures = capture.stats.overall;
        assert_eq!(
            figures.frame_bytes,
            34 * figures.total_packets + figures.tcp_bytes + figures.app_bytes,
            "{}",
            capture.app
        );
    }
}

/// The texts beside the captures are those of these captures.
#[test]
fn the_texts_are_of_the_captures() {
    for capture in captures().all() {
        let text = read(&format!("pcap/{}.txt", capture.app));
        let mut lines = text.lines();
        let command = format!("$ TZ=UTC tcpdump -nn -r {}.pcap", capture.app);
        assert_eq!(lines.next(), Some(command.as_str()), "run `just parse`");
        let listed: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
        assert_eq!(listed.len() as u64, capture.stats.overall.total_packets, "run `just parse`");
        let lengths = listed
            .iter()
            .filter_map(|line| line.rsplit_once("length "))
            .map(|(_, rest)| rest.split(':').next().unwrap().parse::<u64>().unwrap());
        assert_eq!(lengths.sum::<u64>(), capture.stats.overall.app_bytes, "run `just parse`");
        // Captures made at different times have different times in them.
        let said: String = capture.transcripts.iter().map(Transcript::text).collect();
        let frames = capture.frames().map(Transcript::hex_dump).unwrap_or_default();
        for word in [said, frames].concat().split(|c: char| !c.is_ascii_digit() && c != ':') {
            if word.len() == 8 && word.split(':').count() == 3 {
                assert!(text.contains(word), "{word}: run `just parse`");
            }
        }
    }
}
