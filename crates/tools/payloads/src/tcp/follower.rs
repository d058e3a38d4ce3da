//! What a connection is, and whoever wants to hear what it says.

use super::stream::Output;
use crate::input::Endpoint;

/// The side of a connection that a byte comes from.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Side {
    /// The side that sent the first SYN.
    #[default]
    Client,
    /// The side that answered it.
    Server,
}

impl Side {
    /// The other side.
    pub fn peer(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }

    /// 0 for the client, 1 for the server.
    pub fn index(self) -> usize {
        self as usize
    }

    /// The letter that labels its messages, as in `C1`.
    pub fn letter(self) -> char {
        match self {
            Self::Client => 'C',
            Self::Server => 'S',
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }
}

/// How a connection began and who its ends are.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionInfo {
    /// Its number, from 1 in the order of their first packets.
    pub number: u64,
    /// Where it is kept: less than [`CONNECTION_LIMIT`](super::CONNECTION_LIMIT), and another connection's once it is over.
    pub slot: usize,
    /// The client's end.
    pub client: Endpoint,
    /// The server's end.
    pub server: Endpoint,
    /// Whether the capture begins in the middle of it.
    pub midway: bool,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ending {
    /// Both sides said that they are done (FIN).
    Closed,
    /// This side broke it off (RST).
    Reset(Side),
    /// It was the longest idle one, and its place was needed.
    Dropped,
}

/// Where bytes come from.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// Their connection.
    pub connection: &'a ConnectionInfo,
    /// The side that sent them.
    pub side: Side,
    /// When their packet was captured, in nanoseconds since 1970.
    pub time: i64,
}

/// Follows the connections of a capture: takes what both sides say, as it comes.
pub trait Follower {
    /// What it keeps of each connection.
    type Kept;

    /// A connection begins: what to keep of it.
    fn opened(&mut self, connection: &ConnectionInfo, time: i64) -> Self::Kept;
    /// This came out of one side's [`Stream`](super::Stream).
    fn take(&mut self, kept: &mut Self::Kept, origin: &Origin<'_>, output: Output<'_>);
    /// How many bytes of what was taken are kept until more completes them.
    fn kept_size(&self, kept: &Self::Kept) -> usize;
    /// Their memory is needed.
    fn release(&mut self, kept: &mut Self::Kept, connection: &ConnectionInfo, time: i64);
    /// Nothing will complete them: the connection or the capture is over.
    fn finish(&mut self, kept: &mut Self::Kept, connection: &ConnectionInfo, time: i64);
    /// A connection ended.
    fn ended(&mut self, connection: &ConnectionInfo, time: i64, ending: Ending);
    /// A connection's place is now `to` instead of `from`; the one that was there is over.
    fn moved(&mut self, from: usize, to: usize);
}
