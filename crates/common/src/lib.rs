//! What the five apps share: their pages, the clock, and how they start.
//!
//! What shows an app's technique is not here: it stays in that app's `main.rs`.

pub mod console;
#[cfg(feature = "json")]
mod json;
mod start;

#[cfg(feature = "json")]
pub use json::spaced_json;
#[cfg(feature = "web")]
pub use start::serve;
pub use start::{StartError, address, no_arguments};

use time::OffsetDateTime;

/// The pages, as the files in `crates/common/pages` have them; `{time}` stands where the time goes.
pub mod page {
    /// The page of webapp.
    pub const WEBAPP: &str = include_str!("../pages/webapp.html");

    /// The page of ajaxapp.
    pub const AJAXAPP: &str = include_str!("../pages/ajaxapp.html");

    /// The page of sseapp.
    pub const SSEAPP: &str = include_str!("../pages/sseapp.html");

    /// The page of wsapp.
    pub const WSAPP: &str = include_str!("../pages/wsapp.html");
}

/// The server's local time now, as `HH:MM:SS`.
///
/// The zone is the system's, or the one that the environment variable `TZ` names. Where the system
/// cannot tell its zone, the time is UTC.
pub fn formatted_time() -> String {
    format_time(OffsetDateTime::now_local().unwrap_or_else(|_| OffsetDateTime::now_utc()))
}

/// The time of day of `instant` in its own zone, as `HH:MM:SS`: 24 hours, zero padded.
pub fn format_time(instant: OffsetDateTime) -> String {
    let (hour, minute, second) = instant.to_hms();
    let digit = |number: u8| char::from(b'0' + number);
    // `format!` would take four times as long to pad the digits, and each update needs them.
    String::from_iter([
        digit(hour / 10),
        digit(hour % 10),
        ':',
        digit(minute / 10),
        digit(minute % 10),
        ':',
        digit(second / 10),
        digit(second % 10),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::UtcOffset;

    #[test]
    fn format_time_pads_with_zeros_and_counts_to_24() {
        let midnight = OffsetDateTime::UNIX_EPOCH;
        assert_eq!(format_time(midnight), "00:00:00");
        assert_eq!(format_time(midnight + time::Duration::seconds(3_723)), "01:02:03");
        assert_eq!(format_time(midnight + time::Duration::seconds(86_399)), "23:59:59");
    }

    #[test]
    fn format_time_is_that_of_the_instants_own_zone() {
        let kolkata = UtcOffset::from_hms(5, 30, 0).unwrap();
        assert_eq!(format_time(OffsetDateTime::UNIX_EPOCH.to_offset(kolkata)), "05:30:00");
    }
}
