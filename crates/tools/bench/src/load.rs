//! The load client: many connections on one thread, which checks each byte it gets.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    error::Error,
    io::{self, ErrorKind, Read, Write},
    net::{self, SocketAddr},
    process,
    time::{Duration, Instant},
};

use mio::{Events, Interest, Poll, Token, net::TcpStream};

use crate::{
    machine::{self, CpuTime},
    server::Server,
    wire::{Answer, App, Exchange},
};

/// How long the load runs before it is measured.
const WARM_UP: Duration = Duration::from_millis(100);

/// A server that is silent for this long does not answer any more.
const PATIENCE: Duration = Duration::from_secs(5);

/// From update to update of a standing client.
const PERIOD: Duration = Duration::from_secs(1);

/// How many updates each standing client is to get.
const UPDATES: u32 = 4;

/// How long the CPU time of standing clients is measured. All of them are there for this long.
const STANDING_SPAN: Duration = PERIOD.saturating_mul(UPDATES - 1);

/// How many connections are opened before those that are open get their turn.
const OPEN_AT_ONCE: usize = 16;

/// What was measured of a server whose clients ask again as soon as they are answered.
pub struct Saturation {
    /// Updates in a second.
    pub rate: f64,
    /// Half of the updates took their client no longer than this.
    pub p50: Duration,
    /// 99 in 100 updates took their client no longer than this.
    pub p99: Duration,
    /// The server's CPU time, in total.
    pub server_cpu: CpuTime,
    /// The server's CPU time for one update.
    pub cpu_per_update: Duration,
    /// The part of its core that the client used, from 0 to 1.
    pub client_share: f64,
}

impl Saturation {
    /// Sums up the updates of a span that took `elapsed`, from what each of them took.
    ///
    /// # Errors
    ///
    /// If there was none.
    fn of(
        mut latencies: Vec<Duration>,
        elapsed: Duration,
        server_cpu: CpuTime,
        client_cpu: CpuTime,
    ) -> Result<Self, Box<dyn Error>> {
        if latencies.is_empty() {
            return Err(format!("the server gave no whole answer within {elapsed:.1?}").into());
        }
        latencies.sort_unstable();
        let updates = u32::try_from(latencies.len())?;
        Ok(Self {
            rate: f64::from(updates) / elapsed.as_secs_f64(),
            p50: latencies[latencies.len() / 2],
            p99: latencies[latencies.len() * 99 / 100],
            server_cpu,
            cpu_per_update: server_cpu.total / updates,
            client_share: share(client_cpu, elapsed),
        })
    }
}

/// What was measured of a server whose clients stay and get an update a second each.
pub struct Standing {
    /// The server's memory for each client, in KiB.
    pub kib_per_client: f64,
    /// The part of its core that the server used, from 0 to 1.
    pub server_share: f64,
    /// The part of its core that the client used, from 0 to 1.
    pub client_share: f64,
    /// How far behind its schedule the latest of all updates was.
    pub latest: Duration,
}

/// A connection, and what has come of the next answer.
struct Client {
    conn: TcpStream,
    buffer: Vec<u8>,
    filled: usize,
    /// When the last request left. For a standing client, the start of its schedule.
    since: Instant,
    updates: u32,
}

impl Client {
    /// Connects and exchanges what opens a connection.
    fn open(address: SocketAddr, opening: &Exchange, update: &Exchange) -> io::Result<Self> {
        let mut conn = net::TcpStream::connect(address)?;
        conn.set_read_timeout(Some(PATIENCE))?;
        let since = Instant::now();
        conn.write_all(&opening.request)?;
        let mut received = vec![0; opening.answer.bytes.len()];
        conn.read_exact(&mut received)?;
        check(&opening.answer, &received)?;
        conn.set_nonblocking(true)?;
        let buffer = vec![0; 2 * update.answer.bytes.len()];
        Ok(Self { conn: TcpStream::from_std(conn), buffer, filled: 0, since, updates: 0 })
    }

    /// Sends a request. The socket has room for it, since the one before has been answered.
    fn send(&mut self, request: &[u8]) -> io::Result<()> {
        let sent = self.conn.write(request)?;
        if sent == request.len() {
            Ok(())
        } else {
            Err(io::Error::other(format!("a request of {} bytes did not fit", request.len())))
        }
    }

    /// Takes what has come, checks it and returns how many answers it completes.
    fn receive(&mut self, answer: &Answer) -> io::Result<u32> {
        let mut answers = 0;
        loop {
            let room = self.buffer.len() - self.filled;
            match self.conn.read(&mut self.buffer[self.filled..]) {
                Ok(0) => return Err(io::Error::other("the server closed a connection")),
                Ok(length) => {
                    self.filled += length;
                    let mut complete = self.buffer[..self.filled].chunks_exact(answer.bytes.len());
                    for received in &mut complete {
                        check(answer, received)?;
                        answers += 1;
                    }
                    let rest = complete.remainder().len();
                    self.buffer.copy_within(self.filled - rest..self.filled, 0);
                    self.filled = rest;
                    // A read that leaves room has taken all there was, and epoll tells of what
                    // comes later (epoll(7), question 9).
                    if length < room {
                        return Ok(answers);
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(answers),
                Err(error) => return Err(error),
            }
        }
    }
}

fn check(expected: &Answer, received: &[u8]) -> io::Result<()> {
    if expected.matches(received) {
        return Ok(());
    }
    let [received, expected] = [received, &expected.bytes].map(|bytes| bytes.escape_ascii());
    Err(io::Error::other(format!("the server sent \"{received}\" instead of \"{expected}\"")))
}

/// Lets `connections` clients ask `server` for one update after the other, and measures for `span`.
///
/// # Errors
///
/// If a connection fails, an answer is not as expected, or none comes while it measures.
pub fn saturate(
    app: App,
    server: &Server,
    connections: usize,
    span: Duration,
) -> Result<Saturation, Box<dyn Error>> {
    let (opening, update) = (app.opening(), app.update());
    let mut poll = Poll::new()?;
    let mut clients = Vec::with_capacity(connections);
    for token in 0..connections {
        let mut client = Client::open(server.address, &opening, &update)?;
        poll.registry().register(&mut client.conn, Token(token), Interest::READABLE)?;
        clients.push(client);
    }
    let cpu = || -> Result<_, Box<dyn Error>> {
        Ok((Instant::now(), CpuTime::of(server.pid())?, CpuTime::of(process::id())?))
    };
    for client in &mut clients {
        client.since = Instant::now();
        client.send(&update.request)?;
    }
    let mut events = Events::with_capacity(connections);
    let mut latencies = Vec::new();
    let warm = Instant::now() + WARM_UP;
    let mut start = None;
    loop {
        poll.poll(&mut events, Some(PATIENCE))?;
        if events.is_empty() {
            return Err("the server does not answer any more".into());
        }
        for event in &events {
            let client = &mut clients[event.token().0];
            match client.receive(&update.answer)? {
                0 => continue,
                1 if client.filled == 0 => {}
                _ => return Err("the server answered more than it was asked".into()),
            }
            let now = Instant::now();
            latencies.push(now - client.since);
            client.since = now;
            client.send(&update.request)?;
        }
        let now = Instant::now();
        match start {
            None if now >= warm => {
                start = Some(cpu()?);
                latencies.clear();
            }
            Some((start, server_start, client_start)) if now >= start + span => {
                let (end, server_end, client_end) = cpu()?;
                return Saturation::of(
                    latencies,
                    end - start,
                    server_end.since(server_start),
                    client_end.since(client_start),
                );
            }
            _ => {}
        }
    }
}

/// Lets `count` clients stay with `server` and get an update a second each: sseapp sends it, and
/// the other apps are asked for it.
///
/// # Errors
///
/// If a connection fails, an update is not as expected or comes early, or one is missed.
pub fn stand(app: App, server: &Server, count: usize) -> Result<Standing, Box<dyn Error>> {
    let memory_before = machine::memory_kib(server.pid())?;
    let mut crowd = Crowd {
        poll: Poll::new()?,
        events: Events::with_capacity(1024),
        clients: Vec::with_capacity(count),
        update: app.update(),
        due: BinaryHeap::new(),
        latest: Duration::ZERO,
        served: 0,
    };
    let opening = app.opening();
    for token in 0..count {
        let mut client = Client::open(server.address, &opening, &crowd.update)?;
        crowd.poll.registry().register(&mut client.conn, Token(token), Interest::READABLE)?;
        crowd.due.push(Reverse((client.since + PERIOD, token)));
        crowd.clients.push(client);
        if token % OPEN_AT_ONCE == 0 {
            crowd.turn(Duration::ZERO)?;
        }
    }
    let start = Instant::now();
    let server_start = CpuTime::of(server.pid())?;
    let client_start = CpuTime::of(process::id())?;
    while start.elapsed() < STANDING_SPAN {
        crowd.turn(STANDING_SPAN.saturating_sub(start.elapsed()))?;
    }
    let elapsed = start.elapsed();
    let server_cpu = CpuTime::of(server.pid())?.since(server_start);
    let client_cpu = CpuTime::of(process::id())?.since(client_start);
    while crowd.served < count {
        if start.elapsed() > STANDING_SPAN + PATIENCE {
            let missing = count - crowd.served;
            return Err(format!("{missing} of {count} clients did not get every update").into());
        }
        crowd.turn(PERIOD)?;
    }
    if crowd.latest >= PERIOD {
        return Err("a client missed an update".into());
    }
    let memory = machine::memory_kib(server.pid())?.saturating_sub(memory_before);
    Ok(Standing {
        kib_per_client: memory as f64 / count as f64,
        server_share: share(server_cpu, elapsed),
        client_share: share(client_cpu, elapsed),
        latest: crowd.latest,
    })
}

fn share(cpu: CpuTime, elapsed: Duration) -> f64 {
    cpu.total.as_secs_f64() / elapsed.as_secs_f64()
}

/// Clients that stay.
struct Crowd {
    poll: Poll,
    events: Events,
    clients: Vec<Client>,
    update: Exchange,
    /// When which client is to ask next.
    due: BinaryHeap<Reverse<(Instant, usize)>>,
    latest: Duration,
    /// How many clients have all their updates.
    served: usize,
}

impl Crowd {
    /// Asks for the updates that are due, then waits for updates, for `patience` at most, and
    /// takes those that have come.
    fn turn(&mut self, patience: Duration) -> Result<(), Box<dyn Error>> {
        let mut wait = patience;
        if !self.update.request.is_empty() {
            while let Some(&Reverse((due, token))) = self.due.peek() {
                let early = due.saturating_duration_since(Instant::now());
                if !early.is_zero() {
                    wait = wait.min(early);
                    break;
                }
                self.due.pop();
                self.due.push(Reverse((due + PERIOD, token)));
                self.clients[token].send(&self.update.request)?;
            }
        }
        self.poll.poll(&mut self.events, Some(wait))?;
        for event in &self.events {
            let client = &mut self.clients[event.token().0];
            for _ in 0..client.receive(&self.update.answer)? {
                client.updates += 1;
                let due = client.since + PERIOD * client.updates;
                let behind = Instant::now().checked_duration_since(due);
                self.latest = self.latest.max(behind.ok_or("an update came early")?);
                if client.updates == UPDATES {
                    self.served += 1;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A client of tcpapp's updates, and the server's end of its connection.
    fn pair() -> (Client, net::TcpStream, Answer) {
        let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
        let nothing = App::Web.opening();
        let update = App::Tcp.update();
        let client = Client::open(listener.local_addr().unwrap(), &nothing, &update).unwrap();
        (client, listener.accept().unwrap().0, update.answer)
    }

    /// Sends `bytes` to the client and lets it take them, once they are there.
    fn deliver(
        client: &mut Client,
        server: &mut net::TcpStream,
        answer: &Answer,
        bytes: &[u8],
    ) -> io::Result<u32> {
        let mut poll = Poll::new().unwrap();
        poll.registry().register(&mut client.conn, Token(0), Interest::READABLE).unwrap();
        server.write_all(bytes).unwrap();
        poll.poll(&mut Events::with_capacity(1), Some(PATIENCE)).unwrap();
        poll.registry().deregister(&mut client.conn).unwrap();
        client.receive(answer)
    }

    #[test]
    fn a_span_without_an_update_is_an_error() {
        let now = CpuTime::of(process::id()).unwrap();
        let cpu = now.since(now);
        let sum_up = |latencies| Saturation::of(latencies, Duration::from_millis(500), cpu, cpu);
        assert_eq!(
            sum_up(Vec::new()).err().unwrap().to_string(),
            "the server gave no whole answer within 500.0ms",
        );
        let one = sum_up(vec![Duration::from_millis(3)]).unwrap();
        assert_eq!((one.rate, one.p50, one.p99), (2.0, one.p99, Duration::from_millis(3)));
    }

    #[test]
    fn answers_are_counted_however_they_are_cut() {
        let (mut client, mut server, answer) = pair();
        let mut take = |bytes: &[u8]| deliver(&mut client, &mut server, &answer, bytes).unwrap();
        assert_eq!(take(b"12:3"), 0);
        assert_eq!(take(b"4:56\n\n"), 1);
        assert_eq!(take(b"12:34:57\n\n12:34:58\n\n12:34"), 2);
        assert_eq!(take(b":59\n\n"), 1);
    }

    #[test]
    fn a_wrong_byte_is_an_error_that_shows_it() {
        let (mut client, mut server, answer) = pair();
        let error = deliver(&mut client, &mut server, &answer, b"12:34:56\n!").unwrap_err();
        assert_eq!(error.to_string(), r#"the server sent "12:34:56\n!" instead of "00:00:00\n\n""#);
    }

    #[test]
    fn a_closed_connection_is_an_error() {
        let (mut client, server, answer) = pair();
        drop(server);
        let mut poll = Poll::new().unwrap();
        poll.registry().register(&mut client.conn, Token(0), Interest::READABLE).unwrap();
        poll.poll(&mut Events::with_capacity(1), Some(PATIENCE)).unwrap();
        assert!(client.receive(&answer).is_err());
    }
}
