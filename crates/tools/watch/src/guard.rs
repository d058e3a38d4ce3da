//! Who is answered: those who ask for this server by its own name, and no other website's page.
//!
//! What is captured is nobody else's business. A server on the loopback address is out of reach of
//! other machines, but not of the pages of other sites in a browser on this one.

use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{HOST, ORIGIN},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};

/// The names of this server, with its port.
#[derive(Clone)]
pub struct Names(Vec<String>);

impl Names {
    /// The names of the server that listens on `port` of the loopback address.
    pub fn new(port: u16) -> Self {
        let hosts = ["127.0.0.1", "localhost"];
        let mut names: Vec<_> = hosts.iter().map(|host| format!("{host}:{port}")).collect();
        if port == 80 {
            // The port of the scheme is left out (RFC 9110 section 7.2).
            names.extend(hosts.map(str::to_owned));
        }
        Self(names)
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|own| own.eq_ignore_ascii_case(name))
    }
}

/// Answers a request that is for another host with 421 (RFC 9110 section 15.5.20).
///
/// A site can have its own name stand for 127.0.0.1 (DNS rebinding): to the browser, this server's
/// answers are then that site's own. `Host` still names the site, and no script can change it.
pub async fn own_name(State(names): State<Names>, request: Request, next: Next) -> Response {
    let mut hosts = request.headers().get_all(HOST).iter().map(HeaderValue::to_str);
    // A request that names the whole address is for the host in that (RFC 9112 section 3.2.2).
    let in_target = request.uri().authority().is_none_or(|host| names.has(host.as_str()));
    match (hosts.next(), hosts.next()) {
        (Some(Ok(host)), None) if names.has(host) && in_target => next.run(request).await,
        (Some(_), None) => {
            let line = format!("This server is {} alone.\n", names.0.join(" or "));
            (StatusCode::MISDIRECTED_REQUEST, line).into_response()
        }
        // RFC 9112 section 3.2.
        _ => (StatusCode::BAD_REQUEST, "One Host field is needed.\n").into_response(),
    }
}

/// Answers a request of another site's page with 403.
///
/// A browser would not let the page read the answer, but a server should not rely on that, nor stream
/// to whoever only makes it busy. `Origin` comes with requests to other origins (Fetch standard,
/// section 3.2), `Sec-Fetch-Site` with all that browsers send (Fetch Metadata Request Headers,
/// section 2.3); other programs send neither.
pub async fn same_origin(State(names): State<Names>, request: Request, next: Next) -> Response {
    if is_same_origin(&names, request.headers()) {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, "These events are for this server's own page.\n").into_response()
    }
}

fn is_same_origin(names: &Names, headers: &HeaderMap) -> bool {
    let own_origin = |origin: &HeaderValue| {
        origin
            .to_str()
            .is_ok_and(|origin| origin.strip_prefix("http://").is_some_and(|host| names.has(host)))
    };
    // `none` is what a person asked for, as in the address bar.
    let own_site = |site: &HeaderValue| site == "same-origin" || site == "none";
    headers.get_all(ORIGIN).iter().all(own_origin)
        && headers.get_all("sec-fetch-site").iter().all(own_site)
}
