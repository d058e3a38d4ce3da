//! A scripted visitor of the apps: netcat for tcpapp, a real browser for the others.
//!
//! [`timeline`] plays the timeline of the captures against a server that runs, [`capture`] records
//! one such visit, and the tests of this crate look at the pages in the browser.

pub mod app;
pub mod browser;
pub mod capture;
mod closing;
mod failure;
mod netcat;
pub mod network;
pub mod record;
mod recorder;
mod scratch;
pub mod stop;
pub mod timeline;
mod tools;

pub use failure::{Failure, Result};
