//! The lines that are kept, for viewers that come late or fall behind.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt::Write,
    mem,
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};

use payloads::{report::page, tcp::CONNECTION_LIMIT};

use crate::line::{Kind, Line};

/// How many packets are kept at most: as many as the page draws.
const PACKET_LIMIT: usize = page::PACKET_LIMIT as usize;

/// How many bytes of lines are kept at most. What the page draws of a capture takes twice as much in
/// hexadecimal digits, and about as much again in fields and text.
const SIZE_LIMIT: usize = 4 * page::BYTE_LIMIT as usize;

/// How many connections may speak again when all their lines are gone: as many as `payloads` has
/// open at a time.
const IDLE_LIMIT: usize = CONNECTION_LIMIT;

/// About how many bytes a viewer is given at a time.
const PORTION: usize = 64 * 1024;

/// The newest lines of a capture, numbered from 1, and what they need of those that are gone.
pub struct History {
    /// What tells the numbers of this run from those of another.
    run: String,
    limits: Limits,
    /// The kept lines; the first of them has the number `first`.
    lines: VecDeque<Kept>,
    first: u64,
    /// How many bytes and how many packets the kept lines have.
    size: usize,
    packets: usize,
    /// The newest packet.
    packet: u64,
    over: bool,
    /// The lines that are gone and that hold for all that come after them: the `capture` and the
    /// `term` lines, of which there is one for each term that `payloads` knows.
    lasting: Vec<Box<str>>,
    connections: BTreeMap<u64, Known>,
    /// The connections of which no kept line speaks, by the last line that did.
    idle: BTreeMap<u64, u64>,
    places: Vec<Weak<Place>>,
}

struct Limits {
    packets: usize,
    size: usize,
    idle: usize,
}

struct Kept {
    text: Box<str>,
    kind: Kind,
    connection: Option<u64>,
    /// The newest packet at the time of this line.
    packet: u64,
}

/// What is known of a connection.
struct Known {
    /// Its newest `connection` line, and the number of that.
    text: Box<str>,
    told: u64,
    /// The newest line that speaks of it.
    used: u64,
}

/// Where a viewer is.
pub struct Place {
    /// The number of the line that it is given next.
    next: AtomicU64,
    /// Breaks the viewer's connection.
    disconnect: Box<dyn Fn() + Send + Sync>,
}

impl Default for History {
    fn default() -> Self {
        // No two runs begin in the same nanosecond.
        let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let run = format!("{:x}", time.as_nanos());
        let limits = Limits { packets: PACKET_LIMIT, size: SIZE_LIMIT, idle: IDLE_LIMIT };
        Self {
            run,
            limits,
            lines: VecDeque::new(),
            first: 1,
            size: 0,
            packets: 0,
            packet: 0,
            over: false,
            lasting: Vec::new(),
            connections: BTreeMap::new(),
            idle: BTreeMap::new(),
            places: Vec::new(),
        }
    }
}

impl History {
    /// Takes the next line, and lets go of the oldest packets where it is one too many. Viewers that
    /// have not got them are disconnected.
    pub fn push(&mut self, text: &str) {
        let line = Line::of(text);
        if let Some(number) = line.connection {
            self.speak_of(number, line.kind, text);
        }
        if let (Kind::Packet, Some(packet)) = (line.kind, line.packet) {
            self.packet = packet;
        }
        self.keep(text.into(), line.kind, line.connection);
        let first = self.first;
        while self.size > self.limits.size || self.packets > self.limits.packets {
            self.drop_packet();
        }
        if self.first > first {
            self.disconnect_those_left_behind();
        }
    }

    /// Nothing more will come.
    pub fn end(&mut self) {
        self.over = true;
    }

    /// Whether nothing has come.
    pub fn is_empty(&self) -> bool {
        self.next() == 1
    }

    /// The number of the line that comes next.
    fn next(&self) -> u64 {
        self.first + self.lines.len() as u64
    }

    fn keep(&mut self, text: Box<str>, kind: Kind, connection: Option<u64>) {
        self.size += text.len();
        self.packets += usize::from(kind == Kind::Packet);
        self.lines.push_back(Kept { text, kind, connection, packet: self.packet });
    }

    /// The next line speaks of the connection `number`, and may be its own `connection` line. Where
    /// no kept line does, that one is gone too and is said again, since a viewer that came meanwhile
    /// does not have it.
    fn speak_of(&mut self, number: u64, kind: Kind, text: &str) {
        let next = self.next();
        if kind == Kind::Connection {
            let connection = Known { text: text.into(), told: next, used: next };
            if let Some(before) = self.connections.insert(number, connection) {
                self.idle.remove(&before.used);
            }
            return;
        }
        let Some(connection) = self.connections.get_mut(&number) else {
            return;
        };
        let last = mem::replace(&mut connection.used, next);
        if self.idle.remove(&last).is_some() {
            connection.told = next;
            connection.used = next + 1;
            let text = connection.text.clone();
            self.keep(text, Kind::Connection, Some(number));
        }
    }

    /// Drops the oldest packet with all lines that came of it, up to the next packet. Those of the
    /// newest packet are dropped one by one.
    fn drop_packet(&mut self) {
        let Some(packet) = self.lines.front().map(|line| line.packet) else {
            return;
        };
        self.drop_line();
        while packet < self.packet && self.lines.front().is_some_and(|line| line.packet <= packet) {
            self.drop_line();
        }
    }

    fn drop_line(&mut self) {
        let Some(line) = self.lines.pop_front() else {
            return;
        };
        let number = self.first;
        self.first += 1;
        self.size -= line.text.len();
        self.packets -= usize::from(line.kind == Kind::Packet);
        if let Some(connection) = line.connection
            && self.connections.get(&connection).is_some_and(|known| known.used == number)
        {
            self.idle.insert(number, connection);
            if self.idle.len() > self.limits.idle
                && let Some((_, longest_idle)) = self.idle.pop_first()
            {
                self.connections.remove(&longest_idle);
            }
        }
        if matches!(line.kind, Kind::Capture | Kind::Term) {
            self.lasting.push(line.text);
        }
    }

    fn disconnect_those_left_behind(&mut self) {
        let first = self.first;
        self.places.retain(|place| match place.upgrade() {
            Some(place) if place.next.load(Ordering::Relaxed) < first => {
                (place.disconnect)();
                false
            }
            place => place.is_some(),
        });
    }

    /// A place for a viewer that has seen the event with the id `last_seen`, and the events that it
    /// is given first; `None` where it has seen all there will be.
    ///
    /// It goes on where it was. Where what comes next is gone, or the id is of another run, it begins
    /// anew. `disconnect` is to break its connection, whether or not it reads.
    pub fn join(
        &mut self,
        last_seen: Option<&str>,
        disconnect: impl Fn() + Send + Sync + 'static,
    ) -> Option<(Arc<Place>, String)> {
        let missed = last_seen.and_then(|id| self.number(id)).map(|number| number + 1);
        if self.over && missed == Some(self.next()) {
            return None;
        }
        let (next, preface) = match missed {
            Some(next) if next >= self.first => (next, String::new()),
            _ => (self.first, self.preface()),
        };
        let place = Place { next: AtomicU64::new(next), disconnect: Box::new(disconnect) };
        let place = Arc::new(place);
        self.places.retain(|place| place.strong_count() > 0);
        self.places.push(Arc::downgrade(&place));
        Some((place, preface))
    }

    /// The number in an id of this run.
    fn number(&self, id: &str) -> Option<u64> {
        let (run, number) = id.rsplit_once('-')?;
        let number = number.parse().ok()?;
        (run == self.run && number < self.next()).then_some(number)
    }

    /// What the kept lines need of those that are gone, and word that these are. They have no id, so
    /// that a viewer that loses its connection meanwhile begins anew.
    fn preface(&self) -> String {
        let mut events = String::new();
        if self.first == 1 {
            return events;
        }
        let needed = self.connections.values();
        let needed = needed.filter(|known| known.told < self.first && known.used >= self.first);
        let needed = needed.map(|connection| &connection.text);
        for text in self.lasting.iter().chain(needed) {
            let _ = write!(events, "data: {text}\n\n");
        }
        let first = self.lines.iter().find(|line| line.kind == Kind::Packet);
        let packet = first.map_or(self.packet + 1, |line| line.packet);
        let _ = write!(events, "data: {{\"kind\":\"gone\",\"packet\":{packet}}}\n\n");
        events
    }

    /// The next events for the viewer at `place`, or an empty text where there are none yet; `None`
    /// where there will be none, because the capture is over or they are gone.
    pub fn events(&self, place: &Place) -> Option<String> {
        let mut events = String::new();
        let mut next = place.next.load(Ordering::Relaxed);
        let passed = usize::try_from(next.checked_sub(self.first)?).ok()?;
        for line in self.lines.range(passed..) {
            let _ = write!(events, "id: {}-{next}\ndata: {}\n\n", self.run, line.text);
            next += 1;
            if events.len() >= PORTION {
                break;
            }
        }
        place.next.store(next, Ordering::Relaxed);
        (!events.is_empty() || !self.over).then_some(events)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;

    const START: &str = r#"{"kind":"capture","version":1,"start":"2026-11-24T08:06:59.651940Z"}"#;

    fn history(packets: usize, size: usize, idle: usize) -> History {
        let limits = Limits { packets, size, idle };
        History { limits, run: "run".to_owned(), ..History::default() }
    }

    fn connection(number: u64) -> String {
        format!(r#"{{"kind":"connection","connection":{number}}}"#)
    }

    fn packet(number: u64, connection: u64) -> String {
        format!(r#"{{"kind":"packet","packet":{number},"connection":{connection}}}"#)
    }

    fn unit(number: u64, connection: u64) -> String {
        format!(r#"{{"kind":"unit","unit":{number},"connection":{connection}}}"#)
    }

    fn push_all(history: &mut History, lines: &[&str]) {
        lines.iter().for_each(|line| history.push(line));
    }

    /// What a viewer gets that has seen `last_seen`: the id of each event, if it has one, and its line.
    fn seen_by(history: &mut History, last_seen: Option<&str>) -> Vec<(String, String)> {
        let (place, mut events) = history.join(last_seen, || {}).unwrap();
        events += &history.events(&place).unwrap();
        let events =
            events.strip_suffix("\n\n").map_or(Vec::new(), |events| events.split("\n\n").collect());
        let parts = events.into_iter().map(|event| match event.split_once('\n') {
            Some((id, data)) => (id.strip_prefix("id: ").unwrap(), data),
            None => ("", event),
        });
        parts
            .map(|(id, data)| (id.to_owned(), data.strip_prefix("data: ").unwrap().to_owned()))
            .collect()
    }

    fn lines(seen: &[(String, String)]) -> Vec<&str> {
        seen.iter().map(|(_, line)| line.as_str()).collect()
    }

    #[test]
    fn each_line_is_an_event_with_its_number() {
        let mut history = history(9, 9_999, 9);
        push_all(&mut history, &[START, &packet(1, 1)]);
        assert_eq!(
            seen_by(&mut history, None),
            [("run-1".to_owned(), START.to_owned()), ("run-2".to_owned(), packet(1, 1))]
        );
    }

    #[test]
    fn a_viewer_goes_on_after_what_it_has_seen_of_this_run_alone() {
        let mut history = history(9, 9_999, 9);
        push_all(&mut history, &[START, &packet(1, 1), &packet(2, 1)]);
        assert_eq!(lines(&seen_by(&mut history, Some("run-2"))), [packet(2, 1)]);
        assert!(seen_by(&mut history, Some("run-3")).is_empty());
        for other in
            ["", "-", "run", "run-", "run-4", "run--1", "other-2", "run-18446744073709551615"]
        {
            assert_eq!(seen_by(&mut history, Some(other)).len(), 3, "{other:?}");
        }
    }

    #[test]
    fn a_packet_goes_with_all_that_came_of_it_and_what_the_rest_needs_is_said_again() {
        let mut history = history(2, 9_999, 9);
        let term = |name: &str| format!(r#"{{"kind":"term","term":"{name}"}}"#);
        let reversed = r#"{"kind":"connection","connection":1,"midway":true}"#;
        push_all(
            &mut history,
            &[START, &term("a"), &connection(1), &packet(1, 1), &unit(1, 1), reversed],
        );
        push_all(
            &mut history,
            &[&connection(2), &packet(2, 2), &term("b"), &connection(3), &packet(3, 3)],
        );
        assert_eq!(seen_by(&mut history, None)[0].0, "", "{START} is gone");
        push_all(&mut history, &[&packet(4, 1), &packet(5, 3)]);
        let gone = r#"{"kind":"gone","packet":4}"#;
        let expected = [
            ("", START),
            ("", &term("a")),
            ("", &term("b")),
            ("", reversed),
            ("", &connection(3)),
            ("", gone),
            // Line 12 was `reversed`, said again since the others about connection 1 were gone.
            ("run-13", &packet(4, 1)),
            ("run-14", &packet(5, 3)),
        ];
        let expected = expected.map(|(id, line)| (id.to_owned(), line.to_owned()));
        for last_seen in [None, Some("run-9"), Some("other-14")] {
            assert_eq!(seen_by(&mut history, last_seen), expected);
        }
        assert_eq!(lines(&seen_by(&mut history, Some("run-13"))), [packet(5, 3)]);
    }

    #[test]
    fn the_lines_of_the_newest_packet_go_one_by_one() {
        let mut history = history(9, 100, 9);
        push_all(&mut history, &[START, &packet(1, 1), &unit(1, 1), &unit(2, 1), &unit(3, 1)]);
        let gone = r#"{"kind":"gone","packet":2}"#;
        assert_eq!(lines(&seen_by(&mut history, None)), [START, gone, &unit(2, 1), &unit(3, 1)]);
        assert!(history.size <= 100);
    }

    #[test]
    fn the_longest_idle_connections_are_forgotten_and_others_said_again() {
        let mut history = history(1, 9_999, 2);
        for number in 1..=5 {
            push_all(&mut history, &[&connection(number), &packet(number, number)]);
        }
        // 5 is at work, 3 and 4 are idle, and nothing is known of the others any more.
        assert_eq!(history.connections.keys().copied().collect::<Vec<_>>(), [3, 4, 5]);
        push_all(&mut history, &[&packet(6, 3)]);
        let gone = |packet: u64| format!(r#"{{"kind":"gone","packet":{packet}}}"#);
        assert_eq!(lines(&seen_by(&mut history, None)), [connection(3), gone(6), packet(6, 3)]);
        push_all(&mut history, &[&packet(7, 1)]);
        assert_eq!(lines(&seen_by(&mut history, None)), [gone(7), packet(7, 1)]);
        assert_eq!(history.connections.keys().copied().collect::<Vec<_>>(), [3, 5]);
    }

    #[test]
    fn a_capture_without_end_takes_no_more_memory() {
        let mut history = history(10, 9_999, 5);
        for number in 1..=10_000 {
            push_all(
                &mut history,
                &[&connection(number), &packet(number, number), &unit(number, number / 2)],
            );
            drop(history.join(None, || {}));
            assert!(history.packets <= 10 && history.lines.len() <= 40);
            assert!(history.connections.len() <= 20 && history.idle.len() <= 5);
            assert_eq!(
                history.size,
                history.lines.iter().map(|line| line.text.len()).sum::<usize>()
            );
            assert_eq!(history.places.len(), 1);
        }
    }

    #[test]
    fn a_viewer_is_disconnected_once_what_it_comes_to_next_is_gone() {
        let mut history = history(2, 9_999, 9);
        let disconnected = [false; 2].map(|value| Arc::new(AtomicBool::new(value)));
        let places = disconnected
            .clone()
            .map(|flag| history.join(None, move || flag.store(true, Ordering::Relaxed)).unwrap().0);
        let which = || disconnected.clone().map(|flag| flag.load(Ordering::Relaxed));
        push_all(&mut history, &[&packet(1, 1), &packet(2, 1)]);
        assert!(history.events(&places[0]).is_some());
        assert_eq!(which(), [false, false]);
        push_all(&mut history, &[&packet(3, 1)]);
        assert_eq!(which(), [false, true]);
        assert_eq!(history.events(&places[1]), None);
        assert_eq!(
            history.events(&places[0]).unwrap(),
            format!("id: run-3\ndata: {}\n\n", packet(3, 1))
        );
    }

    #[test]
    fn a_capture_that_is_over_has_an_end() {
        let mut history = history(9, 9_999, 9);
        push_all(&mut history, &[START]);
        let (place, _) = history.join(None, || {}).unwrap();
        history.end();
        assert!(history.events(&place).is_some_and(|events| events.contains(START)));
        assert_eq!(history.events(&place), None);
        assert!(history.join(Some("run-1"), || {}).is_none());
        assert!(history.join(Some("other-1"), || {}).is_some());
    }
}
