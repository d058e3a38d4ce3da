//! What the `README.md` beside the captures says of each: when, how and with what it was made.

use std::fmt::{self, Write};

use crate::{app::App, network::Network, recorder::command, tools::first_line};

/// Who visits the app.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Visitor {
    /// The timeline's script.
    Script,
    /// The person at the terminal, in their own time.
    Person,
}

/// How one capture was made.
pub struct Record {
    app: App,
    /// Names and values, in their order.
    facts: Vec<(&'static str, String)>,
}

impl Record {
    /// Of a capture of `app` that was made just now with `client`.
    pub fn new(
        app: App,
        gap: u64,
        network: Network,
        port: u16,
        visitor: Visitor,
        client: String,
    ) -> Self {
        let (option, hosts) = match network {
            Network::Private => ("", "client 192.0.2.1 and server 192.0.2.2, network namespaces"),
            Network::Here => (" --here", "this machine alone"),
            Network::HereWithSudo => (" --sudo", "this machine alone"),
        };
        let recipe = match visitor {
            Visitor::Script => "capture",
            Visitor::Person => "capture-by-hand",
        };
        let tool = |program, args: &[&str]| {
            first_line(program, args).unwrap_or_else(|| format!("{program}, version unknown"))
        };
        let system =
            [tool("uname", &["-s"]), kernel(&tool("uname", &["-r"])), tool("uname", &["-m"])];
        let interval = if app == App::Sseapp { format!(" {gap}") } else { String::new() };
        let facts = vec![
            ("made", tool("date", &["-u", "+%Y-%m-%d %H:%M:%S UTC"])),
            ("by", format!("`just {recipe} {app} {gap}{option}`")),
            ("hosts", hosts.to_owned()),
            ("server", format!("`{app}{interval}`, built by {}", tool("rustc", &["--version"]))),
            ("client", client),
            ("recorded by", format!("`{}`", command(network, port))),
            ("tcpdump", tool("tcpdump", &["--version"])),
            ("system", system.join(" ")),
        ];
        Self { app, facts }
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| {0} | [{0}.pcap]({0}.pcap) |\n| --- | --- |", self.app)?;
        for (name, value) in &self.facts {
            // A bar would end the cell.
            writeln!(f, "| {name} | {} |", value.replace('|', "\\|"))?;
        }
        Ok(())
    }
}

/// A kernel's version, without what the machine's builder has appended to it, which says nothing of
/// the traffic.
fn kernel(release: &str) -> String {
    release.split('-').next().unwrap_or_default().to_owned()
}

/// `text` with `record` in it: in place of the app's former one, or at the end.
pub fn insert(text: &str, record: &Record) -> String {
    let begin = format!("<!-- {}: made by its capture -->\n", record.app);
    let end = format!("<!-- {}: end -->\n", record.app);
    let block = format!("{begin}\n{record}\n{end}");
    let former = text.find(&begin).and_then(|from| {
        let length = text[from..].find(&end)? + end.len();
        Some(from..from + length)
    });
    let mut text = text.to_owned();
    match former {
        Some(range) => text.replace_range(range, &block),
        None => {
            let gap = if text.is_empty() { "" } else { "\n" };
            // Writing to a string cannot fail.
            let _ = write!(text, "{gap}{block}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(app: App, value: &str) -> Record {
        Record { app, facts: vec![("made", value.to_owned())] }
    }

    #[test]
    fn a_kernel_is_named_by_its_version_alone() {
        assert_eq!(kernel("6.1.0-18-amd64"), "6.1.0");
        assert_eq!(kernel("23.4.0"), "23.4.0");
    }

    #[test]
    fn a_record_takes_the_place_of_the_former_one_and_leaves_the_rest() {
        let text = insert("# Captures\n", &record(App::Webapp, "first"));
        let text = insert(&text, &record(App::Wsapp, "second"));
        let text = format!("{text}\nThe end.\n");
        let again = insert(&text, &record(App::Webapp, "a|b"));
        assert_eq!(again, text.replace("first", "a\\|b"));
        assert!(again.starts_with("# Captures\n\n<!-- webapp: "), "{again}");
        assert!(again.ends_with("\n<!-- wsapp: end -->\n\nThe end.\n"), "{again}");
        assert!(
            again.contains(
                "| wsapp | [wsapp.pcap](wsapp.pcap) |\n| --- | --- |\n| made | second |\n"
            )
        );
    }
}
