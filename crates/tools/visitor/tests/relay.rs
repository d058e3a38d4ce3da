//! The relay between raw sockets on this machine: what one side does, the other sees, as if there
//! were no relay.

use std::{
    io::{ErrorKind, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use socket2::SockRef;
use visitor::relay::relay;

/// How long a test waits for a fact before it fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server behind a relay.
struct Behind {
    server: TcpListener,
    relay: SocketAddr,
}

impl Behind {
    fn start() -> Self {
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let relay = start_relay(server.local_addr().unwrap());
        Self { server, relay }
    }

    /// A client's connection to the relay and the relay's to the server.
    fn connect(&self) -> (TcpStream, TcpStream) {
        let client = TcpStream::connect(self.relay).unwrap();
        let (server, _) = self.server.accept().unwrap();
        for side in [&client, &server] {
            side.set_read_timeout(Some(PATIENCE)).unwrap();
            side.set_nodelay(true).unwrap();
        }
        (client, server)
    }
}

/// The address of a relay to `server`, which runs until the test ends.
fn start_relay(server: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            match relay(listener, server).await {}
        });
    });
    address
}

/// Makes the end of a connection a reset.
fn reset(side: TcpStream) {
    SockRef::from(&side).set_linger(Some(Duration::ZERO)).unwrap();
}

/// Checks that this is the next that comes.
#[track_caller]
fn comes(side: &mut TcpStream, expected: &[u8]) {
    let mut bytes = vec![0; expected.len()];
    side.read_exact(&mut bytes).unwrap();
    assert_eq!(bytes, expected);
}

#[track_caller]
fn has_ended(side: &mut TcpStream) {
    assert_eq!(side.read(&mut [0]).unwrap(), 0);
}

#[track_caller]
fn was_reset(side: &mut TcpStream) {
    assert_eq!(side.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[test]
fn each_byte_is_passed_on_at_once() {
    let behind = Behind::start();
    let (mut client, mut server) = behind.connect();
    for byte in 0..=255 {
        client.write_all(&[byte]).unwrap();
        comes(&mut server, &[byte]);
        server.write_all(&[byte, !byte]).unwrap();
        comes(&mut client, &[byte, !byte]);
    }
}

#[test]
fn no_byte_waits_for_the_acknowledgement_of_the_one_before() {
    let behind = Behind::start();
    let (mut client, mut server) = behind.connect();
    for swapped in [false, true] {
        let (asking, answering) =
            if swapped { (&mut server, &mut client) } else { (&mut client, &mut server) };
        let start = Instant::now();
        for _ in 0..100 {
            asking.write_all(b"?").unwrap();
            comes(answering, b"?");
            // The one who asks acknowledges this with the next question, or else after 40 ms.
            answering.write_all(b"a").unwrap();
            comes(asking, b"a");
            answering.write_all(b"b").unwrap();
            comes(asking, b"b");
        }
        assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    }
}

#[test]
fn the_server_may_speak_first() {
    let behind = Behind::start();
    let (mut client, mut server) = behind.connect();
    server.write_all(b"Hello!\n").unwrap();
    comes(&mut client, b"Hello!\n");
}

#[test]
fn a_side_that_has_ended_its_sending_still_receives() {
    let behind = Behind::start();
    let (mut client, mut server) = behind.connect();
    client.write_all(b"last words").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    comes(&mut server, b"last words");
    has_ended(&mut server);
    server.write_all(b"an answer").unwrap();
    comes(&mut client, b"an answer");
    drop(server);
    has_ended(&mut client);

    let (mut client, mut server) = behind.connect();
    server.shutdown(Shutdown::Write).unwrap();
    has_ended(&mut client);
    client.write_all(b"still here").unwrap();
    comes(&mut server, b"still here");
    drop(client);
    has_ended(&mut server);
}

#[test]
fn a_reset_is_passed_on_both_ways() {
    let behind = Behind::start();
    let (client, mut server) = behind.connect();
    reset(client);
    was_reset(&mut server);

    let (mut client, server) = behind.connect();
    reset(server);
    was_reset(&mut client);
}

#[test]
fn what_was_sent_before_a_reset_arrives_before_it() {
    let behind = Behind::start();
    for _ in 0..50 {
        let (mut client, mut server) = behind.connect();
        client.write_all(&[b'x'; 1000]).unwrap();
        reset(client);
        comes(&mut server, &[b'x'; 1000]);
        was_reset(&mut server);

        let (mut client, mut server) = behind.connect();
        // A reset before the relay has seen that it is connected would count as a refusal.
        client.write_all(b"connected").unwrap();
        comes(&mut server, b"connected");
        server.write_all(&[b'y'; 1000]).unwrap();
        reset(server);
        comes(&mut client, &[b'y'; 1000]);
        was_reset(&mut client);
    }
}

/// Waits until the connection has an error, without a read or a write.
#[track_caller]
fn fails(side: &TcpStream) -> ErrorKind {
    let start = Instant::now();
    loop {
        if let Some(error) = side.take_error().unwrap() {
            return error.kind();
        }
        assert!(start.elapsed() < PATIENCE, "nothing has become of it");
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_reset_after_the_end_of_sending_is_passed_on() {
    let behind = Behind::start();
    let (client, mut server) = behind.connect();
    client.shutdown(Shutdown::Write).unwrap();
    has_ended(&mut server);
    reset(client);
    // By this name a socket has it whose other side has ended its sending before (tcp(7)).
    assert_eq!(fails(&server), ErrorKind::BrokenPipe);

    let (mut client, server) = behind.connect();
    server.shutdown(Shutdown::Write).unwrap();
    has_ended(&mut client);
    reset(server);
    assert_eq!(fails(&client), ErrorKind::BrokenPipe);

    // It has closed its socket altogether, and what it is still sent is answered with a reset.
    let (client, mut server) = behind.connect();
    drop(client);
    has_ended(&mut server);
    server.write_all(b"x").unwrap();
    assert_eq!(fails(&server), ErrorKind::BrokenPipe);
}

/// Writes until the other side takes no more for a while, and returns how many bytes it took.
fn fill(side: &mut TcpStream) -> usize {
    side.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    let piece = [b'.'; 64 * 1024];
    let mut count = 0;
    loop {
        match side.write(&piece) {
            Ok(written) => count += written,
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut));
                return count;
            }
        }
    }
}

#[test]
fn a_side_that_does_not_read_stops_the_other_and_loses_nothing() {
    let behind = Behind::start();
    let (mut client, mut server) = behind.connect();
    let sent = fill(&mut client);
    // The other direction is not stopped.
    server.write_all(b"not yet").unwrap();
    comes(&mut client, b"not yet");
    client.shutdown(Shutdown::Write).unwrap();
    let mut received = Vec::new();
    server.read_to_end(&mut received).unwrap();
    assert_eq!(received.len(), sent);
    // What the system keeps for two connections, and what the relay keeps.
    assert!(sent < 64 * 1024 * 1024, "{sent} bytes were taken");
}

#[test]
fn a_reset_is_passed_on_while_the_other_side_does_not_read() {
    let behind = Behind::start();
    let (mut client, server) = behind.connect();
    fill(&mut client);
    reset(client);
    assert_eq!(fails(&server), ErrorKind::ConnectionReset);

    let (client, mut server) = behind.connect();
    fill(&mut server);
    reset(server);
    assert_eq!(fails(&client), ErrorKind::ConnectionReset);
}

#[test]
fn where_no_server_is_the_client_is_reset() {
    // Nobody listens on a port that is bound and no more.
    let server = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    server.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
    let address = server.local_addr().unwrap().as_socket().unwrap();
    let mut client = TcpStream::connect(start_relay(address)).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    was_reset(&mut client);
}

#[test]
fn connections_beyond_the_limit_wait_for_a_place() {
    const LIMIT: usize = 128;
    let behind = Behind::start();
    let mut connections: Vec<_> = (0..LIMIT).map(|_| behind.connect()).collect();
    let mut waiting = TcpStream::connect(behind.relay).unwrap();
    waiting.write_all(b"first").unwrap();
    behind.server.set_nonblocking(true).unwrap();
    thread::sleep(Duration::from_millis(100));
    assert_eq!(behind.server.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
    for (client, server) in &mut connections {
        client.write_all(b"x").unwrap();
        comes(server, b"x");
    }
    connections.pop();
    behind.server.set_nonblocking(false).unwrap();
    let (mut server, _) = behind.server.accept().unwrap();
    comes(&mut server, b"first");
}
