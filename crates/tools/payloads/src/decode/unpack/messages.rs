//! WebSocket messages as permessage-deflate packs them (RFC 7692).

use super::{
    deflate::{Inflate, Pause, WINDOW_BITS},
    fault::{Coding, Fault},
    limits::{Account, Budget, Given, Room},
};

/// What every packed message ends with and what is left out when it is sent (RFC 7692 section
/// 7.2.1): the length of an empty stored block.
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// What the two sides agreed to, as the response's `Sec-WebSocket-Extensions` says.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Agreement {
    /// How the client packs.
    pub client: Parameters,
    /// How the server packs.
    pub server: Parameters,
}

/// How one side packs (RFC 7692 section 7.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Parameters {
    /// Whether a message may refer to earlier ones (context takeover).
    pub takes_over: bool,
    /// The window is of 2 to the power of this many bytes.
    pub window_bits: u8,
}

impl Default for Parameters {
    fn default() -> Self {
        Self { takes_over: true, window_bits: WINDOW_BITS }
    }
}

impl Agreement {
    /// What the response's `Sec-WebSocket-Extensions` says (several such fields with commas between),
    /// if it is permessage-deflate alone. With an error the field agrees to that, but with parameters
    /// that are unknown, are there twice, or have a value that RFC 7692 section 7.1 does not have, for
    /// which the client must fail the connection.
    pub fn from_extensions(value: &[u8]) -> Result<Option<Self>, Fault> {
        const DAMAGED: Fault = Fault::Damaged(Coding::Messages);
        let trim = |text: &str| text.trim_matches([' ', '\t']).to_string();
        let Ok(value) = str::from_utf8(value) else {
            return Ok(None);
        };
        // No parameter of permessage-deflate has a comma or a semicolon in its value, quoted or not.
        let mut extensions = value.split(',').filter(|extension| !trim(extension).is_empty());
        let (Some(extension), None) = (extensions.next(), extensions.next()) else {
            return Ok(None);
        };
        let mut parts = extension.split(';').map(trim);
        // Extension names are tokens, which are compared as they are (RFC 6455 section 9.1).
        if parts.next().as_deref() != Some(Coding::Messages.name()) {
            return Ok(None);
        }
        let mut agreement = Self::default();
        let mut seen = Vec::new();
        for part in parts {
            let (name, value) = match part.split_once('=') {
                Some((name, value)) => (trim(name), Some(trim(value))),
                None => (part, None),
            };
            let (side, what) = match name.split_once('_') {
                Some(("client", what)) => (&mut agreement.client, what),
                Some(("server", what)) => (&mut agreement.server, what),
                _ => return Err(DAMAGED),
            };
            match (what, value) {
                ("no_context_takeover", None) => side.takes_over = false,
                ("max_window_bits", Some(value)) => side.window_bits = window_bits(&value)?,
                _ => return Err(DAMAGED),
            }
            if seen.contains(&name) {
                return Err(DAMAGED);
            }
            seen.push(name);
        }
        Ok(Some(agreement))
    }
}

/// The value of `server_max_window_bits` or `client_max_window_bits`, a token that may be quoted
/// (RFC 6455 section 9.1): a decimal number from 8 to 15 without leading zeros.
fn window_bits(value: &str) -> Result<u8, Fault> {
    let quoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    match quoted.unwrap_or(value) {
        "8" => Ok(8),
        "9" => Ok(9),
        "10" => Ok(10),
        "11" => Ok(11),
        "12" => Ok(12),
        "13" => Ok(13),
        "14" => Ok(14),
        "15" => Ok(15),
        _ => Err(Fault::Damaged(Coding::Messages)),
    }
}

/// Unpacks the packed messages of one side of a connection. Those that are not packed, whose first
/// frame has no RSV1, leave it as it is, and so do control frames.
pub struct MessageUnpacker {
    parameters: Parameters,
    inflate: Inflate,
    /// Whether the last message was at the end of a block.
    at_block: bool,
    account: Account,
    /// Why the rest of this message is not unpacked.
    fault: Option<Fault>,
    /// Whether later messages may refer to one that was not unpacked.
    lost: bool,
}

impl MessageUnpacker {
    /// An unpacker for the side that packs with these parameters.
    pub fn new(parameters: Parameters, budget: &Budget) -> Self {
        Self {
            parameters,
            inflate: Inflate::raw(parameters.window_bits),
            at_block: true,
            account: Account::new(budget),
            fault: None,
            lost: false,
        }
    }

    /// Puts the next bytes of a message in, which are payload of its frames with the masking undone,
    /// and appends what they unpack to to `out`, as [`Unpacker::push`](super::Unpacker::push) does.
    /// After an error nothing more of this message is unpacked, and each call gives the same one.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
        if self.lost {
            return Err(Fault::Context);
        }
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let may = self.account.open(bytes.len());
        let mut room = Room::new(out, may);
        let result = if may == 0 && !bytes.is_empty() {
            Err(Fault::Cut)
        } else {
            self.inflate(bytes, &mut room)
        };
        let mut given = Given::default();
        given.add(may, &room);
        let memory = size_of::<Self>() + self.inflate.window_size();
        let result = self.account.close(given, result, memory);
        if let Err(fault) = result {
            self.fault = Some(fault);
        }
        result
    }

    /// The message's last frame is over: appends what is still to come to `out`, and makes ready for
    /// the next message. With an error, the message was not unpacked to its end.
    pub fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Fault> {
        let mut result = self.push(&TAIL, out);
        if result.is_ok() && !self.at_block {
            result = Err(Fault::Unfinished(Coding::Messages));
        }
        self.fault = None;
        self.account.begin();
        if result.is_err() {
            self.lose();
        } else if !self.parameters.takes_over {
            self.forget();
        }
        result
    }

    /// A packed message, or some of it, is missing: the rest of it is not to be put in, and later
    /// ones may refer to it.
    pub fn lose(&mut self) {
        self.fault = None;
        self.lost = self.parameters.takes_over;
        self.forget();
    }

    /// The memory that it takes, in bytes.
    pub fn size(&self) -> usize {
        self.account.memory
    }

    fn inflate(&mut self, mut bytes: &[u8], room: &mut Room<'_>) -> Result<(), Fault> {
        while !bytes.is_empty() {
            let pause = self.inflate.push(Coding::Messages, &mut bytes, room)?;
            self.at_block = pause == Pause::Block;
            if pause == Pause::End {
                // A message may go on after a block that says it is the last (RFC 7692 section
                // 7.2.3.4).
                self.inflate.begin_again();
            }
        }
        Ok(())
    }

    /// Begins without anything to refer to.
    fn forget(&mut self) {
        self.inflate = Inflate::raw(self.parameters.window_bits);
        self.at_block = true;
        self.account.take(0);
    }
}
