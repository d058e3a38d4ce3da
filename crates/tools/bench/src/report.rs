//! The measurements in their order, and the tables of what they found.

use std::{
    error::Error,
    io::ErrorKind,
    process::Command,
    time::{Duration, Instant},
};

use crate::{
    load::{self, Saturation},
    machine::{self, Activity, Cores, CpuTime},
    server::{self, Server, Subject},
    wire::App,
};

/// How often each server is measured. Between two of its turns, all the others have theirs, so
/// that what disturbs the machine for a while disturbs all alike.
const ROUNDS: usize = 5;

/// How long a turn is measured.
const SPAN: Duration = Duration::from_millis(500);

/// The numbers of connections under saturation.
const CONNECTIONS: [usize; 3] = [1, 32, 512];

/// The numbers of standing clients.
const STANDING: [usize; 3] = [100, 1_000, 10_000];

/// Open files beside the connections: the console, the binaries, the event queue.
const OTHER_FILES: u64 = 64;

/// With a higher share of its core than this, the client may be what bounds the rate.
const BUSY: f64 = 0.9;

/// With a higher share of the cores than this, other programs make the figures doubtful.
const DISTURBED: f64 = 0.05;

/// The number of connections at which a second client checks the first.
const CHECKED_CONNECTIONS: usize = 32;

/// How many rounds the two clients take.
const CHECK_ROUNDS: usize = 3;

/// By how much the two clients may differ.
const AGREEMENT: f64 = 0.1;

/// Measures `apps` and prints what was found as Markdown.
///
/// # Errors
///
/// If the machine has but one core, if an app does not build or start, or if one answers
/// otherwise than it should.
pub fn run(apps: &[App]) -> Result<(), Box<dyn Error>> {
    let cores = Cores::choose()?;
    for &app in apps {
        eprintln!("building {}", app.name());
        server::build(app)?;
    }
    let started = Instant::now();
    let before = Activity::now(cores)?;
    machine::pin(cores.client)?;
    let date = time::OffsetDateTime::now_utc().date();
    // `run` is given one app or all of them.
    let command = match apps {
        [app] => format!("just bench {}", app.name()),
        _ => "just bench".to_owned(),
    };
    println!(
        "Measured with `{command}` on {date} on {}, built with {}. The servers ran on core {}, the \
         client on core {}.",
        machine::describe(),
        server::compiler()?,
        cores.server,
        cores.client,
    );
    let asked: Vec<App> = apps.iter().copied().filter(|&app| app != App::Sse).collect();
    if !asked.is_empty() {
        print_saturation(&asked, cores)?;
    }
    let documents: Vec<App> = documents(&asked).collect();
    if !documents.is_empty() {
        print_second_client(&documents, cores)?;
    }
    let standing: Vec<App> =
        apps.iter().copied().filter(|app| matches!(app, App::Sse | App::Ws)).collect();
    if !standing.is_empty() {
        print_standing(&standing, cores)?;
    }
    let others = Activity::now(cores)?.of_others_since(&before);
    let others = others.as_secs_f64() / (2.0 * started.elapsed().as_secs_f64());
    println!(
        "\nThis took {} s, in which other programs had {:.0} % of the two cores{}.",
        started.elapsed().as_secs(),
        100.0 * others,
        if others > DISTURBED { ": (!) run it again when they are quiet" } else { "" },
    );
    Ok(())
}

/// Those of `apps` that answer a request with a document.
fn documents(apps: &[App]) -> impl Iterator<Item = App> {
    apps.iter().copied().filter(|app| app.media_type().is_some())
}

/// Measures and prints what each app and those it is compared with can do at most.
fn print_saturation(apps: &[App], cores: Cores) -> Result<(), Box<dyn Error>> {
    println!("\n### As many updates as the server can give");
    let mut comparisons = Vec::new();
    let mut busy = false;
    for &app in apps {
        println!("\n#### {}\n", app.name());
        println!(
            "| clients | server | updates/s | p50 µs | p99 µs | CPU µs | kernel µs | client % |"
        );
        println!("|---:|---|---:|---:|---:|---:|---:|---:|");
        // tcpapp serves one client at a time.
        let connections = if app == App::Tcp { &CONNECTIONS[..1] } else { &CONNECTIONS };
        for &connections in connections {
            eprintln!("{}, {connections} connections", app.name());
            let subjects = Subject::of(app);
            let mut runs: Vec<Vec<Saturation>> = subjects.iter().map(|_| Vec::new()).collect();
            for _ in 0..ROUNDS {
                for (&subject, runs) in subjects.iter().zip(&mut runs) {
                    let server = Server::start(app, subject, cores)?;
                    runs.push(load::saturate(app, &server, connections, SPAN)?);
                }
            }
            let runs_of = |subject| subjects.iter().position(|&s| s == subject).map(|i| &runs[i]);
            for (&subject, runs) in subjects.iter().zip(&runs) {
                for base in [Subject::Floor, Subject::Hyper] {
                    if let Some(base_runs) = runs_of(base).filter(|_| subject == Subject::App) {
                        comparisons.push(format!(
                            "| {} | {connections} | {} | {} |",
                            app.name(),
                            base.name(app),
                            ratios(runs, base_runs),
                        ));
                    }
                }
                let client_share = client_share(runs);
                busy |= client_share > BUSY;
                let cpu = runs.iter().map(|run| run.server_cpu).reduce(CpuTime::plus);
                let system = cpu.map_or(0.0, CpuTime::system_part);
                let cpu_per_update = median(runs, |run| micros(run.cpu_per_update));
                println!(
                    "| {connections} | {} | {:.0} | {:.0} | {:.0} | {:.1} | {:.1} | {:.0}{} |",
                    subject.name(app),
                    median(runs, |run| run.rate),
                    median(runs, |run| micros(run.p50)),
                    median(runs, |run| micros(run.p99)),
                    cpu_per_update,
                    cpu_per_update * system,
                    100.0 * client_share,
                    mark(client_share > BUSY),
                );
            }
        }
    }
    println!(
        "\nMedians of {ROUNDS} rounds of {} ms each, in which the servers of an app take turns. CPU is \
         the server's time for an update, of which the kernel had its part; client is the share of \
         its core that the client used. N clients that ask all the time wait for N divided by the \
         rate on average, and p50 is about that on a quiet machine, so that it is no figure of its \
         own.",
        SPAN.as_millis(),
    );
    println!("\n### Each app beside less of a server\n");
    println!("| app | clients | beside | updates/s | least to most | CPU time |");
    println!("|---|---:|---|---:|---:|---:|");
    comparisons.iter().for_each(|line| println!("{line}"));
    println!(
        "\nThe medians of the rounds' ratios: 1.00 is as good as what the app is beside, less is \
         worse. Least and most are those of the updates in a second."
    );
    let requests: Vec<String> = documents(apps)
        .map(|app| format!("{} bytes for {}", app.update().request.len(), app.name()))
        .collect();
    if !requests.is_empty() {
        println!(
            "\nThe HTTP requests are those of Firefox in the captures of the Python original: {}. \
             The Chromium in this project's own captures sends longer ones.",
            requests.join(", "),
        );
    }
    if busy {
        println!(
            "\n(!) The client used more than {:.0} % of its core, so that this server might have \
             given more updates than it was asked for. A ratio of rates is marked if either of its \
             two servers is one of those: then the ratio of the CPU times is the one to trust.",
            100.0 * BUSY,
        );
    }
    Ok(())
}

/// Measures the apps that answer with a document with `wrk` too, and prints both clients' rates.
fn print_second_client(apps: &[App], cores: Cores) -> Result<(), Box<dyn Error>> {
    println!("\n### The same load from a second client, wrk\n");
    let mut lines = Vec::new();
    let mut all_agree = true;
    for &app in apps {
        eprintln!("{} with wrk", app.name());
        let server = Server::start(app, Subject::App, cores)?;
        let mut rates = Vec::new();
        for _ in 0..CHECK_ROUNDS {
            let own = load::saturate(app, &server, CHECKED_CONNECTIONS, Duration::from_secs(1))?;
            let Some(wrk) = wrk(app, &server)? else {
                println!("Left out: wrk is missing, and `apt-get install wrk` installs it.");
                return Ok(());
            };
            rates.push((own, wrk));
        }
        let ratio = median(&rates, |(own, wrk)| wrk.rate / own.rate);
        let agree = (ratio - 1.0).abs() <= AGREEMENT;
        all_agree &= agree;
        lines.push(format!(
            "| {} | {CHECKED_CONNECTIONS} | {:.0} | {} | {:.0} | {} | {ratio:.2} | {} |",
            app.name(),
            median(&rates, |(own, _)| own.rate),
            share_of_core(median(&rates, |(own, _)| own.client_share)),
            median(&rates, |(_, wrk)| wrk.rate),
            share_of_core(median(&rates, |(_, wrk)| wrk.share)),
            if agree { "yes" } else { "no (!)" },
        ));
    }
    println!(
        "| app | connections | updates/s, this client | its CPU | updates/s, wrk | its CPU | ratio \
         | within {:.0} % |",
        100.0 * AGREEMENT,
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---|");
    lines.iter().for_each(|line| println!("{line}"));
    println!("\nA share of CPU is of the core that the client ran on.");
    if !all_agree {
        println!(
            "\n(!) The two clients do not agree, so that the rate of one of them at least is not \
             what the server can give: a client that used more than {:.0} % of its core was the \
             bound itself; if neither did, something else disturbed the run.",
            100.0 * BUSY,
        );
    }
    Ok(())
}

/// What a run of `wrk` tells.
struct Wrk {
    /// Updates in a second.
    rate: f64,
    /// The part of its core that `wrk` used, from 0 to 1.
    share: f64,
}

/// What `wrk` gets of the server, or none if it is not installed.
fn wrk(app: App, server: &Server) -> Result<Option<Wrk>, Box<dyn Error>> {
    let mut command = Command::new("wrk");
    command.args(["--threads", "1", "--duration", "1", "--connections"]);
    command.arg(CHECKED_CONNECTIONS.to_string());
    for (name, value) in app.request_fields() {
        command.args(["--header", &format!("{name}: {value}")]);
    }
    command.arg(format!("http://{}{}", server.address, app.path()));
    let started = Instant::now();
    let before = machine::cpu_of_ended_children()?;
    let output = match command.output() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        output => String::from_utf8(output?.stdout)?,
    };
    // No other child ends meanwhile.
    let cpu = machine::cpu_of_ended_children()?.saturating_sub(before);
    let share = cpu.as_secs_f64() / started.elapsed().as_secs_f64();
    // wrk names requests that failed, on lines of their own.
    if output.contains("Non-2xx") || output.contains("Socket errors") {
        return Err(format!("wrk met errors: {output}").into());
    }
    let rate = output.lines().find_map(|line| line.strip_prefix("Requests/sec:"));
    Ok(Some(Wrk { rate: rate.ok_or("wrk tells no rate")?.trim().parse()?, share }))
}

/// Measures and prints what clients cost that stay.
fn print_standing(apps: &[App], cores: Cores) -> Result<(), Box<dyn Error>> {
    println!("\n### Clients that stay, and get an update a second each\n");
    println!("| app | clients | own memory a client | server CPU | latest update | client CPU |");
    println!("|---|---:|---:|---:|---:|---:|");
    for &app in apps {
        for clients in STANDING {
            eprintln!("{}, {clients} clients that stay", app.name());
            let files = u64::try_from(clients)? + OTHER_FILES;
            let allowed = machine::allow_open_files(files)?;
            if allowed < files {
                println!(
                    "| {} | {clients} | left out: {files} open files are needed, {allowed} allowed; \
                     `sudo prlimit --pid $$ --nofile={files}` allows them to this shell | | | |",
                    app.name(),
                );
                continue;
            }
            let server = Server::start(app, Subject::App, cores)?;
            let standing = load::stand(app, &server, clients)?;
            println!(
                "| {} | {clients} | {:.1} KiB | {:.1} % | {:.1} ms | {:.1} % |",
                app.name(),
                standing.kib_per_client,
                100.0 * standing.server_share,
                micros(standing.latest) / 1000.0,
                100.0 * standing.client_share,
            );
        }
    }
    println!(
        "\nEach client got every update: sseapp sends it, wsapp is asked for it. \"Latest\" is how \
         far the latest of all was behind its client's schedule, the load client's own delay in \
         reading it included, so that the server was no later. The clients connected as fast as \
         they could, so their schedules are as close together as can be. Memory is what the \
         server's anonymous memory, its heap and stacks, grew by; the kernel's buffers of the \
         sockets come on top."
    );
    Ok(())
}

/// The medians of the rounds' ratios to `base`, as cells of a table: of the rates, the lowest and
/// the highest of these, and of the CPU times an update, each such that 1 is as good as `base` and
/// less is worse.
fn ratios(runs: &[Saturation], base: &[Saturation]) -> String {
    let rates: Vec<f64> = runs.iter().zip(base).map(|(run, base)| run.rate / base.rate).collect();
    let lowest = rates.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = rates.iter().copied().fold(0.0, f64::max);
    let cpu_times: Vec<(&Saturation, &Saturation)> = runs.iter().zip(base).collect();
    format!(
        "{:.2}{} | {lowest:.2} to {highest:.2} | {:.2}",
        median(&rates, |rate| *rate),
        mark(client_share(runs) > BUSY || client_share(base) > BUSY),
        median(&cpu_times, |(run, base)| micros(base.cpu_per_update) / micros(run.cpu_per_update)),
    )
}

/// The part of its core that the client used, from 0 to 1.
fn client_share(runs: &[Saturation]) -> f64 {
    median(runs, |run| run.client_share)
}

/// A client's share of its core in percent, marked if that may be what bounds the rate.
fn share_of_core(share: f64) -> String {
    format!("{:.0} %{}", 100.0 * share, mark(share > BUSY))
}

/// What is added to a figure that is doubtful.
fn mark(doubtful: bool) -> &'static str {
    if doubtful { " (!)" } else { "" }
}

/// The median of what `value` tells of each item, the higher one of two.
fn median<T>(items: &[T], value: impl Fn(&T) -> f64) -> f64 {
    let mut values: Vec<f64> = items.iter().map(value).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
