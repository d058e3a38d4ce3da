//! The README and the pages beside it are what the captures, the code and the justfile say.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use payloads::{decode::Kind, input::Reader, report::transcript::Transcript, tcp::Side};
use readme::{APPS, Captures, DOCUMENTS, PAGE, PICTURE, chart, digest, filled, page};

/// The documents that link to each other and name commands.
const PAGES: [&str; 4] =
    ["README.md", "pcap/README.md", "pcap/exercises.md", "crates/tools/bench/README.md"];

/// The most words of prose that the README may have.
const WORD_LIMIT: usize = 4000;

/// The most bytes that the picture of the page may have.
const PICTURE_LIMIT: usize = 200 * 1024;

/// The most lines that the README promises an app to have.
const APP_LINES: usize = 80;

/// The functions of each app, which have their names in the Python original too. There `app` is an
/// object, and the last four start in a `__main__` block, which is `main` here.
const FUNCTIONS: [(&str, &[&str]); 5] = [
    ("tcpapp", &["main", "handle_client"]),
    ("webapp", &["main", "app", "home"]),
    ("ajaxapp", &["main", "app", "home", "server_time"]),
    ("sseapp", &["main", "app", "home", "stream", "event_stream"]),
    ("wsapp", &["main", "app", "home", "server_time"]),
];

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

/// The lines of a document outside code blocks and outside what is filled in, each with its number.
fn prose(document: &str) -> Vec<(usize, &str)> {
    let (mut code, mut block) = (false, false);
    let mut lines = Vec::new();
    for (line, number) in document.lines().zip(1..) {
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

/// The prose of a document as one line, with `FILLED` for each value that is filled in, and without
/// the definitions of links.
fn sentences(document: &str) -> String {
    let lines = prose(document).into_iter().map(|(_, line)| line);
    let lines = lines.filter(|line| !(line.starts_with('[') && line.contains("]: ")));
    let mut text = lines.collect::<Vec<_>>().join(" ");
    while let Some(start) = text.find("<!-- = ") {
        let end = text[start..].find("<!-- /= -->").expect("a value is closed") + start;
        text.replace_range(start..end + "<!-- /= -->".len(), "FILLED");
    }
    text
}

/// The headings of a document, each with its level.
fn headings(document: &str) -> Vec<(usize, &str)> {
    let lines = prose(document).into_iter().map(|(_, line)| line);
    lines
        .filter_map(|line| {
            let heading = line.trim_start_matches('#');
            let level = line.len() - heading.len();
            heading.strip_prefix(' ').filter(|_| level > 0).map(|heading| (level, heading))
        })
        .collect()
}

#[test]
fn the_documents_are_what_the_captures_say() {
    let captures = captures();
    for document in DOCUMENTS {
        let text = read(document);
        let filled = filled(&text, &captures).unwrap();
        for ((line, expected), number) in text.lines().zip(filled.lines()).zip(1..) {
            assert_eq!(line, expected, "{document} line {number}: run `just readme`");
        }
        assert_eq!(text, filled, "{document}: run `just readme`");
    }
}

#[test]
fn the_readme_is_short() {
    // Link targets and the bars of tables between words count as well as words do, so that this
    // finds rather more words than a reader would.
    let text = sentences(&read("README.md"));
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '\'' | '’');
    let words = text.split(|c| !is_part(c)).filter(|word| !word.is_empty()).count();
    assert!(words <= WORD_LIMIT, "{words} words of prose, and {WORD_LIMIT} are allowed");
    assert!(words > WORD_LIMIT / 2, "only {words} words were found");
}

#[test]
fn the_contents_name_every_section() {
    let readme = read("README.md");
    let headings = headings(&readme);
    let contents: Vec<_> = headings
        .iter()
        .filter(|(level, heading)| (2..=3).contains(level) && *heading != "Contents")
        .map(|(level, heading)| {
            format!("{}* [{heading}](#{})", "  ".repeat(level - 2), anchor(heading))
        })
        .collect();
    let listed: Vec<_> = prose(&readme)
        .into_iter()
        .map(|(_, line)| line)
        .skip_while(|line| *line != "## Contents")
        .skip(1)
        .take_while(|line| !line.starts_with('#'))
        .filter(|line| !line.is_empty())
        .collect();
    assert_eq!(listed, contents);
    assert!(headings.iter().all(|(level, _)| *level <= 3), "a section is not in the contents");
}

/// Each exercise is named in the README, and in the contents of its own page.
#[test]
fn the_readme_names_every_exercise() {
    let (readme, exercises) = (read("README.md"), read("pcap/exercises.md"));
    let headings = headings(&exercises);
    let names: Vec<_> = headings.iter().filter(|(level, _)| *level == 2).collect();
    assert!(names.len() >= 9, "{names:?}");
    for (_, name) in names {
        let anchor = anchor(name);
        let named = [format!("\n* [{name}]: "), format!("\n* [{name}] ")];
        assert!(named.iter().any(|text| readme.contains(text)), "{name:?} is not in the README");
        assert!(readme.contains(&format!("\n[{name}]: pcap/exercises.md#{anchor}\n")), "{name:?}");
        assert!(exercises.contains(&format!("\n* [{name}](#{anchor})\n")), "{name:?}");
    }
}

#[test]
fn the_chart_is_what_the_captures_say() {
    assert_eq!(read("pcap/update.svg"), chart(&captures()), "run `just readme`");
}

#[test]
fn the_page_is_what_the_captures_say() {
    // Not `assert_eq`, which would print all of both.
    assert!(read(PAGE) == page(&captures()), "{PAGE}: run `just readme`");
}

/// The picture is of this page: what it was taken of is noted beside it.
#[test]
fn the_picture_is_of_the_page() {
    let picture = fs::read(top().join(PICTURE)).unwrap();
    assert!(picture.len() <= PICTURE_LIMIT, "{PICTURE} has {} bytes", picture.len());
    let noted =
        format!("{}  index.html\n{}  index.png\n", digest(read(PAGE).as_bytes()), digest(&picture));
    assert_eq!(read("pcap/index.sha256"), noted, "run `just picture`");
    assert!(read("README.md").contains(&format!("]({PICTURE})")));
}

#[test]
fn a_wrong_digit_in_any_block_or_value_is_found() {
    let captures = captures();
    let mut places = 0;
    for document in DOCUMENTS.map(read) {
        for (open, close) in [("<!-- begin ", "\n<!-- end -->"), ("<!-- = ", "<!-- /= -->")] {
            for (start, _) in document.match_indices(open) {
                let from = start + document[start..].find("-->").unwrap();
                let to = from + document[from..].find(close).unwrap();
                let digit = document[from..to].rfind(|c: char| c.is_ascii_digit()).unwrap() + from;
                let mut wrong = document.clone();
                let other = if document.as_bytes()[digit] == b'7' { "8" } else { "7" };
                wrong.replace_range(digit..=digit, other);
                let filled = filled(&wrong, &captures).unwrap();
                assert_eq!(filled, document, "{}", &document[start..from]);
                places += 1;
            }
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
        "has 4 bytes instead",
        "header has 20 bytes",
        "24 bytes a frame",
        // The original's capture, which is not here.
        "13 packets with application data",
        // What netcat and `wc -c` say in an exercise.
        "takes 6 bytes instead of 5",
    ];
    let mut text = DOCUMENTS.map(|document| sentences(&read(document))).join(" ");
    for phrase in fixed {
        assert!(text.contains(phrase), "{phrase:?} is in no document");
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
    let justfile = read("justfile");
    let recipes: BTreeSet<_> = justfile
        .lines()
        .filter(|line| !line.starts_with([' ', '#', '[']) && line.contains(':'))
        .filter_map(|line| line.split([' ', ':']).next())
        .collect();
    let mut checked = 0;
    for (page, text) in PAGES.map(|page| (page, read(page))) {
        for (start, _) in text.match_indices("just ") {
            let before = text[..start].chars().next_back();
            if !matches!(before, Some('`' | '\n')) {
                continue;
            }
            let recipe = text[start + 5..].split(|c: char| !(c.is_alphanumeric() || c == '-'));
            let recipe = recipe.into_iter().next().unwrap_or_default();
            assert!(recipes.contains(recipe), "{page}: the justfile has no recipe {recipe:?}");
            checked += 1;
        }
        let command = "cargo run -p ";
        for (start, _) in text.match_indices(command) {
            let name = text[start + command.len()..].split(|c: char| !c.is_alphanumeric()).next();
            let name = name.unwrap();
            let is_crate = ["crates", "crates/tools"]
                .map(|folder| top().join(folder).join(name).join("Cargo.toml"))
                .iter()
                .any(|manifest| manifest.is_file());
            assert!(is_crate, "{page}: there is no crate {name:?}");
            checked += 1;
        }
    }
    assert!(checked > 20, "only {checked} commands were found");
}

#[test]
fn the_links_lead_somewhere() {
    let mut checked = 0;
    for page in PAGES {
        let text = read(page);
        for (number, line) in prose(&text) {
            let inline = line
                .match_indices("](")
                .map(|(start, _)| line[start + 2..].split(')').next().unwrap());
            let defined = line.strip_prefix('[').and_then(|line| line.split_once("]: "));
            for target in inline.chain(defined.map(|(_, target)| target)) {
                check_link(page, target).unwrap_or_else(|error| panic!("{page} {number}: {error}"));
                checked += 1;
            }
        }
    }
    assert!(checked > 70, "only {checked} links were found");
}

/// A reference such as `[axum]` or `[tcpapp][tcpapp.rs]` is defined, and what is defined is used.
#[test]
fn the_references_are_defined() {
    for page in PAGES {
        let text = read(page);
        let lines = prose(&text);
        let defined: BTreeSet<_> = lines
            .iter()
            .filter_map(|(_, line)| line.strip_prefix('[')?.split_once("]: "))
            .map(|(name, _)| name)
            .collect();
        let text = sentences(&text);
        let mut used = BTreeSet::new();
        let mut code = false;
        for (index, c) in text.char_indices() {
            match c {
                '`' => code = !code,
                '[' if !code => {
                    let (name, after) = text[index + 1..].split_once(']').unwrap();
                    // In `[text][name]` and `[text](target)` the text is no reference.
                    if !after.starts_with(['(', '[']) {
                        used.insert(name);
                    }
                }
                _ => {}
            }
        }
        assert_eq!(used, defined, "{page}");
    }
}

/// Checks a link in the document `page`.
fn check_link(page: &str, target: &str) -> Result<(), String> {
    if target.starts_with("https://") {
        return Ok(());
    }
    let (path, name) = target.split_once('#').map_or((target, None), |(p, n)| (p, Some(n)));
    let file = match path {
        "" => top().join(page),
        path => top().join(page).parent().unwrap_or(Path::new("")).join(path),
    };
    if !file.exists() {
        return Err(format!("there is no file {target}"));
    }
    let Some(name) = name else { return Ok(()) };
    let text = fs::read_to_string(&file).map_err(|error| format!("{target}: {error}"))?;
    match headings(&text).iter().any(|(_, heading)| anchor(heading) == name) {
        true => Ok(()),
        false => Err(format!("there is no heading for {target}")),
    }
}

/// The anchor that GitHub gives a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}

/// Whether the code defines a function of this name, or has its generator under it.
fn defines(code: &str, name: &str) -> bool {
    [format!("fn {name}("), format!("let {name} =")].iter().any(|text| code.contains(text))
}

#[test]
fn the_functions_of_the_original_are_in_the_apps() {
    for (app, functions) in FUNCTIONS {
        let code = read(&format!("crates/{app}/src/main.rs"));
        for name in functions {
            assert!(defines(&code, name), "{app} has no {name}");
        }
    }
    assert!(!defines(&read("crates/tcpapp/src/main.rs"), "app"), "tcpapp has an app");
}

/// The functions are where the table of "Read the code" says, in the order that it says.
#[test]
fn the_readme_leads_to_the_code() {
    let readme = read("README.md");
    let mut checked = 0;
    let rows = readme.lines().skip_while(|line| !line.starts_with("| To see how"));
    for row in rows.skip(2).take_while(|line| line.starts_with('|')) {
        let (_, name) = row.split_once("][").unwrap();
        let (name, _) = name.split_once(']').unwrap();
        let target = readme.lines().find_map(|line| line.strip_prefix(&format!("[{name}]: ")));
        let code = read(target.unwrap());
        for function in row.split('`').skip(1).step_by(2) {
            assert!(defines(&code, function), "{row}");
            checked += 1;
        }
    }
    assert!(checked >= 8, "only {checked} functions were found");
    for app in APPS {
        let code = read(&format!("crates/{app}/src/main.rs"));
        let places: Vec<_> = ["//! Run it", "fn main(", "fn app(", "async fn home("]
            .iter()
            .filter_map(|text| code.find(text))
            .collect();
        assert!(places.len() >= 2 && places.is_sorted(), "{app}: {places:?}");
    }
}

/// The small table of what the server pays is taken from the tables of the bench.
#[test]
fn the_readme_and_the_bench_tell_the_same() {
    let (readme, bench) = (read("README.md"), read("crates/tools/bench/README.md"));
    let rows = readme.lines().skip_while(|line| !line.starts_with("| App     | Connections "));
    let mut checked = 0;
    for row in rows.skip(2).take_while(|line| line.starts_with('|')) {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let [_, app, connections, rate, cpu, _] = cells[..] else { panic!("{row}") };
        let connections = connections.split([' ']).next().unwrap().replace([','], "");
        let connections = connections.trim_end_matches(',');
        let (rate, cpu) = (rate.replace(',', ""), cpu.trim_end_matches(" µs"));
        let same = |line: &&str| {
            // Of clients that get an update a second each, the bench tells the share of a core: with
            // 10,000 of them, a percent is a microsecond an update.
            line.starts_with(&format!("| {connections} | {app} | {rate} | "))
                && line.contains(&format!(" | {cpu} | "))
                || rate == connections
                    && line.starts_with(&format!("| {app} | {connections} | "))
                    && line.contains(&format!(" | {cpu} % | "))
        };
        assert_eq!(bench.lines().filter(same).count(), 1, "{row}");
        checked += 1;
    }
    assert_eq!(checked, APPS.len());
}

#[test]
fn no_app_is_longer_than_promised() {
    assert!(read("README.md").contains(&format!("No app has more than {APP_LINES} lines")));
    for app in APPS {
        let lines = read(&format!("crates/{app}/src/main.rs")).lines().count();
        assert!(lines <= APP_LINES, "{app} has {lines} lines");
    }
}

#[test]
fn the_readme_names_the_version_of_rust() {
    let manifest = read("Cargo.toml");
    let version = manifest.lines().find_map(|line| line.strip_prefix("rust-version = "));
    let version = version.unwrap().trim_matches('"');
    assert!(read("README.md").contains(&format!("Rust {version} or newer")));
}

/// The update in a diagram is the one that the text beneath it shows and explains.
#[test]
fn the_diagrams_show_the_update_that_the_text_explains() {
    let readme = read("README.md");
    for capture in captures().all() {
        let frames = capture.frames_of(Side::Client).ok().and_then(|mut frames| frames.next());
        let unit = match capture.app {
            // The text has all of the conversation.
            "tcpapp" => continue,
            "webapp" => &capture.exchange("/", 2).unwrap()[0],
            "ajaxapp" => &capture.exchange("/time", 1).unwrap()[0],
            "sseapp" => &capture.exchange("/time", 1).unwrap()[2],
            "wsapp" => frames.unwrap(),
            other => panic!("{other}"),
        };
        let update = format!("One update, at {:.1} s", unit.time as f64 / 1e9);
        let diagram = readme.split(&format!("<!-- begin diagram {} -->", capture.app)).nth(1);
        let diagram = diagram.unwrap().split("<!-- end -->").next().unwrap();
        assert!(diagram.contains(&update), "{}: {update}", capture.app);
    }
}

/// The program that unmasks frames compiles, and prints what it says that it prints.
#[test]
fn the_program_unmasks_the_frames() {
    let readme = read("README.md");
    let program = readme.split("```rust\n").nth(1).unwrap().split("```").next().unwrap();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (source, binary) = (folder.join("unmask.rs"), folder.join("unmask"));
    fs::write(&source, program).unwrap();
    let status = Command::new("rustc").arg(&source).arg("-o").arg(&binary).status().unwrap();
    assert!(status.success());
    let printed = String::from_utf8(Command::new(&binary).output().unwrap().stdout).unwrap();
    let promised: Vec<_> =
        program.lines().filter_map(|line| line.split_once("; // ")).map(|(_, text)| text).collect();
    assert_eq!(promised.len(), 2);
    assert_eq!(printed.lines().collect::<Vec<_>>(), promised);
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

/// Each packet goes from the client's host to the server's or back, and has the checksums that a
/// network would carry (RFC 1071; RFC 791 section 3.1; RFC 9293 section 3.1).
#[test]
fn the_captures_are_of_two_hosts() {
    let [client, server] = [1, 2].map(|number| ([2, 0, 0, 0, 0, number], [192, 0, 2, number]));
    for app in APPS {
        let path = top().join(format!("pcap/{app}.pcap"));
        let mut reader = Reader::new(fs::File::open(path).unwrap());
        let mut number = 0;
        while let Some(packet) = reader.next_packet().unwrap() {
            number += 1;
            let frame = packet.data;
            assert_eq!(frame.len(), packet.frame_len as usize, "{app}, packet {number}");
            // The headers of Ethernet and of IPv4 without options, and what comes after them.
            let (ethernet, ip, tcp) = (&frame[..14], &frame[14..34], &frame[34..]);
            let addresses = (&ethernet[6..12], &ip[12..16], &ethernet[..6], &ip[16..]);
            let is_from_to = |from: &([u8; 6], [u8; 4]), to: &([u8; 6], [u8; 4])| {
                addresses == (&from.0[..], &from.1[..], &to.0[..], &to.1[..])
            };
            assert!(
                is_from_to(&client, &server) || is_from_to(&server, &client),
                "{app}, packet {number}: {addresses:?}"
            );
            assert_eq!(ones_complement_sum([ip]), 0xffff, "{app}, packet {number}");
            let length = u16::try_from(tcp.len()).unwrap().to_be_bytes();
            // The pseudo-header, with TCP's protocol number.
            let parts = [&ip[12..], &[0, 6], &length, tcp];
            assert_eq!(ones_complement_sum(parts), 0xffff, "{app}, packet {number}");
        }
        assert!(number > 10, "{app}");
    }
}

/// The sum by which headers are checked: all ones where nothing has changed. Each part but the last
/// has an even length.
fn ones_complement_sum<const N: usize>(parts: [&[u8]; N]) -> u16 {
    let words = parts.iter().flat_map(|part| part.chunks(2));
    words.fold(0, |sum: u16, word| {
        let word = u16::from_be_bytes([word[0], word.get(1).copied().unwrap_or(0)]);
        let (sum, carried) = sum.overflowing_add(word);
        sum + u16::from(carried)
    })
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
