//! Numbers of things, in words.

use std::fmt;

/// `count` of `thing`, in words.
pub(crate) fn plural(count: u64, thing: &str) -> impl fmt::Display {
    struct Plural<'a>(u64, &'a str);
    impl fmt::Display for Plural<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            let Self(count, thing) = self;
            write!(f, "{count} {thing}{}", if *count == 1 { "" } else { "s" })
        }
    }
    Plural(count, thing)
}
