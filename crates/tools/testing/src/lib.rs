//! What the tests share, those of the apps above all: start an app's own binary on a free port, read its console,
//! exchange raw bytes with it, break its connections, stop it.
//!
//! For tests alone: a thing that does not go as a test expects is a panic that says so.

mod contract;
mod http;
mod server;
mod traffic;

pub use contract::{
    an_unread_console_stops_nothing, at_once, faults_leave_no_trace, is_an_http_app, start_errors,
    the_clock_follows_tz,
};
pub use http::{Response, VISIT, masked, on_the_wire, sha256};
#[cfg(unix)]
pub use server::signal;
pub use server::{Client, Server, fails_to_start};
pub use traffic::{TRAFFIC, Traffic};
