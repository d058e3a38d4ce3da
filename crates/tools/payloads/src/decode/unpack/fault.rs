//! What codings there are, and what is wrong where one does not unpack.

use std::fmt::{self, Display, Formatter};

/// The largest window of br and zstd, in bytes: what RFC 9659 section 3 grants to zstd as a content
/// coding.
pub const WINDOW_LIMIT: usize = 8 * 1024 * 1024;

/// A way of packing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Coding {
    /// gzip (RFC 9110 section 8.4.1.3).
    Gzip,
    /// deflate (RFC 9110 section 8.4.1.2).
    Deflate,
    /// br.
    Brotli,
    /// zstd.
    Zstd,
    /// permessage-deflate.
    Messages,
}

impl Coding {
    /// Its name, as in `Content-Encoding` or `Sec-WebSocket-Extensions`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
            Self::Messages => "permessage-deflate",
        }
    }

    /// Where it is defined.
    pub fn source(self) -> &'static str {
        match self {
            Self::Gzip => "RFC 1952",
            Self::Deflate => "RFC 1950",
            Self::Brotli => "RFC 7932",
            Self::Zstd => "RFC 8878",
            Self::Messages => "RFC 7692",
        }
    }

    pub(super) fn named(token: &str) -> Option<Self> {
        // "x-gzip" is to be taken for "gzip" (RFC 9110 section 8.4.1.3).
        let known = [
            ("gzip", Self::Gzip),
            ("x-gzip", Self::Gzip),
            ("deflate", Self::Deflate),
            ("br", Self::Brotli),
            ("zstd", Self::Zstd),
        ];
        known.iter().find(|(name, _)| name.eq_ignore_ascii_case(token)).map(|(_, coding)| *coding)
    }
}

/// Why no more is unpacked. All that was unpacked before has been given.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// The bytes are not as the coding's source asks for.
    Damaged(Coding),
    /// The content unpacked to the end, but its checksum is another.
    Checksum(Coding),
    /// The content unpacked to the end, but its length is not the one that it states.
    Length(Coding),
    /// The bytes end before the coding does.
    Unfinished(Coding),
    /// The coding ended before the bytes did. The bytes after it are not unpacked.
    Trailing(Coding),
    /// It refers to a dictionary, which the bytes do not hold.
    Dictionary(Coding),
    /// It asks for a window of more than [`WINDOW_LIMIT`].
    Window(Coding),
    /// It unpacks to more than a content or message, or all of them together, may give.
    Cut,
    /// All together take more than [`MEMORY_LIMIT`](super::MEMORY_LIMIT).
    Crowded,
    /// It refers to an earlier message, which was not unpacked.
    Context,
}

impl Display for Fault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged(coding) => {
                write!(f, "what follows is not {} ({})", coding.name(), coding.source())
            }
            Self::Checksum(coding) => {
                write!(f, "the checksum of {} is another ({})", coding.name(), coding.source())
            }
            Self::Length(coding) => write!(
                f,
                "the length that {} states is another ({})",
                coding.name(),
                coding.source()
            ),
            Self::Unfinished(coding) => write!(f, "it ends in the middle of {}", coding.name()),
            Self::Trailing(coding) => write!(f, "bytes follow the end of {}", coding.name()),
            Self::Dictionary(coding) => {
                write!(f, "{} refers to a dictionary that is not at hand", coding.name())
            }
            Self::Window(coding) => write!(
                f,
                "{} asks to keep more than {} MiB for later reference",
                coding.name(),
                WINDOW_LIMIT / (1024 * 1024)
            ),
            Self::Cut => f.write_str("cut: it unpacks to more than is kept of it"),
            Self::Crowded => f.write_str("not unpacked: too much is being unpacked at once"),
            Self::Context => {
                f.write_str("not unpacked: it refers to an earlier message, which was not unpacked")
            }
        }
    }
}
