//! The page of the five captures, for a browser.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::Captures;

/// The page, by its path in the repository.
pub const PAGE: &str = "pcap/index.html";

/// The picture of the page, by its path in the repository.
pub const PICTURE: &str = "pcap/index.png";

/// The page of the captures, which needs nothing but a browser.
pub fn page(captures: &Captures) -> String {
    let named =
        captures.all().iter().map(|capture| (capture.app.to_owned(), capture.lines.clone()));
    payloads::report::page::page(&named.collect::<Vec<_>>())
}

/// The SHA-256 of `bytes` in hexadecimal, as sha256sum prints it.
pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
