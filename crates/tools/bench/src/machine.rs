//! What Linux tells of a machine and of a process, and what is set for the run.

use std::{error::Error, fs, time::Duration};

use nix::{
    sched::{CpuSet, sched_getaffinity, sched_setaffinity},
    sys::{
        resource::{Resource, UsageWho, getrlimit, getrusage, setrlimit},
        time::TimeValLike,
    },
    time::ClockId,
    unistd::{Pid, SysconfVar, sysconf},
};

/// The cores of the run.
#[derive(Clone, Copy)]
pub struct Cores {
    /// Where each server runs, all its threads.
    pub server: usize,
    /// Where the load client runs, this process.
    pub client: usize,
}

impl Cores {
    /// Two of the cores that this process may run on, of two separate physical cores if there
    /// are any.
    ///
    /// # Errors
    ///
    /// If this process may run on one core only.
    pub fn choose() -> Result<Self, Box<dyn Error>> {
        let allowed = sched_getaffinity(THIS_THREAD)?;
        let mut cores = (0..CpuSet::count()).rev().filter(|&core| allowed.is_set(core) == Ok(true));
        let (Some(server), Some(other)) = (cores.next(), cores.next()) else {
            return Err("this needs two cores, one for the server and one for the client".into());
        };
        // Siblings are the hardware threads of one physical core.
        let siblings = siblings(server);
        let client = cores
            .chain([other])
            .find(|&core| siblings.is_empty() || siblings != self::siblings(core))
            .unwrap_or(other);
        Ok(Self { server, client })
    }
}

/// In calls of `sched_setaffinity` and `sched_getaffinity`, the thread that calls.
const THIS_THREAD: Pid = Pid::from_raw(0);

fn siblings(core: usize) -> String {
    let path = format!("/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list");
    fs::read_to_string(path).unwrap_or_default()
}

/// Keeps the calling thread, and the threads and processes that it starts, on `core`.
///
/// # Errors
///
/// If the system refuses.
pub fn pin(core: usize) -> nix::Result<()> {
    let mut set = CpuSet::new();
    set.set(core)?;
    sched_setaffinity(THIS_THREAD, &set)
}

/// Lets this process and those it starts have `files` open files each, if the system allows it,
/// and returns how many they may have.
///
/// # Errors
///
/// If the system does not tell its limit.
pub fn allow_open_files(files: u64) -> nix::Result<u64> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    if soft >= files {
        return Ok(soft);
    }
    // Beyond the hard limit, root alone may go.
    for hard in [hard.max(files), hard] {
        let soft = files.min(hard);
        if setrlimit(Resource::RLIMIT_NOFILE, soft, hard).is_ok() {
            return Ok(soft);
        }
    }
    Ok(soft)
}

/// CPU time of a process, all its threads, since it started.
#[derive(Clone, Copy)]
pub struct CpuTime {
    /// User and system, from the process's CPU-time clock, to the nanosecond.
    pub total: Duration,
    /// User, in the kernel's ticks.
    user_ticks: u64,
    /// System, in the kernel's ticks.
    system_ticks: u64,
}

impl CpuTime {
    /// The CPU time of process `pid`.
    ///
    /// # Errors
    ///
    /// If there is no such process.
    pub fn of(pid: u32) -> Result<Self, Box<dyn Error>> {
        let total = ClockId::pid_cpu_clock_id(Pid::from_raw(pid.try_into()?))?.now()?.into();
        // Fields 14 and 15 of proc_pid_stat(5), counted behind the name in parentheses.
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        let mut fields = stat.rsplit(')').next().unwrap_or_default().split(' ').skip(12);
        let mut ticks = || -> Result<u64, Box<dyn Error>> {
            Ok(fields.next().ok_or("/proc/PID/stat lacks fields")?.parse()?)
        };
        Ok(Self { total, user_ticks: ticks()?, system_ticks: ticks()? })
    }

    /// The CPU time from `earlier` to this.
    pub fn since(self, earlier: Self) -> Self {
        Self {
            total: self.total.saturating_sub(earlier.total),
            user_ticks: self.user_ticks.saturating_sub(earlier.user_ticks),
            system_ticks: self.system_ticks.saturating_sub(earlier.system_ticks),
        }
    }

    /// Adds the CPU time `other`, of another span.
    pub fn plus(self, other: Self) -> Self {
        Self {
            total: self.total + other.total,
            user_ticks: self.user_ticks + other.user_ticks,
            system_ticks: self.system_ticks + other.system_ticks,
        }
    }

    /// The part of the total that was spent in the system, from 0 to 1.
    ///
    /// The kernel counts it in ticks of 10 ms, so it is good over seconds only.
    pub fn system_part(self) -> f64 {
        self.system_ticks as f64 / (self.user_ticks + self.system_ticks).max(1) as f64
    }
}

/// The CPU time of the processes that this process started and that have ended.
///
/// # Errors
///
/// If the system does not tell.
pub fn cpu_of_ended_children() -> Result<Duration, Box<dyn Error>> {
    cpu_of(UsageWho::RUSAGE_CHILDREN)
}

/// User and system time together.
fn cpu_of(who: UsageWho) -> Result<Duration, Box<dyn Error>> {
    let usage = getrusage(who)?;
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(Duration::from_micros(micros.try_into()?))
}

/// What all programs did on the cores of the run, and what those of the run did.
pub struct Activity {
    /// All CPU time on the two cores, that which the hypervisor gave to others included.
    busy: Duration,
    /// The CPU time of this process and of those that it started and that have ended.
    own: Duration,
}

impl Activity {
    /// The activity until now.
    ///
    /// # Errors
    ///
    /// If the system does not tell.
    pub fn now(cores: Cores) -> Result<Self, Box<dyn Error>> {
        let ticks_per_second = sysconf(SysconfVar::CLK_TCK)?.ok_or("unknown clock tick")?;
        let stat = fs::read_to_string("/proc/stat")?;
        let mut ticks = 0;
        for core in [cores.server, cores.client] {
            // Fields of proc_stat(5): user, nice, system, idle, iowait, irq, softirq, steal.
            let name = format!("cpu{core} ");
            let line = stat.lines().find_map(|line| line.strip_prefix(&name));
            let fields = line.ok_or("/proc/stat lacks a core")?.split(' ').take(8).enumerate();
            for (_, field) in fields.filter(|(index, _)| !matches!(index, 3 | 4)) {
                ticks += field.parse::<u64>()?;
            }
        }
        let own = cpu_of(UsageWho::RUSAGE_SELF)? + cpu_of_ended_children()?;
        Ok(Self { busy: Duration::from_secs(ticks) / u32::try_from(ticks_per_second)?, own })
    }

    /// The CPU time that other programs had on the two cores from `earlier` to this.
    pub fn of_others_since(&self, earlier: &Self) -> Duration {
        let busy = self.busy.saturating_sub(earlier.busy);
        busy.saturating_sub(self.own.saturating_sub(earlier.own))
    }
}

/// The anonymous memory of process `pid` in KiB: its heap and its stacks, but not its code, which
/// it reads page by page when it first needs it, and which does not grow with its clients.
///
/// # Errors
///
/// If there is no such process.
pub fn memory_kib(pid: u32) -> Result<u64, Box<dyn Error>> {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let anonymous = rollup.lines().find_map(|line| line.strip_prefix("Anonymous:"));
    let kib = anonymous.and_then(|value| value.trim().strip_suffix(" kB"));
    Ok(kib.ok_or("/proc/PID/smaps_rollup does not tell the anonymous memory")?.parse()?)
}

/// The machine in a few words: its processor, the number of its cores, and its kernel's release,
/// without what the distribution adds to that.
pub fn describe() -> String {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let cpuinfo = read("/proc/cpuinfo");
    let values = |name: &str| -> Vec<String> {
        let lines = cpuinfo.lines().filter(|line| line.starts_with(name));
        lines.filter_map(|line| Some(line.split_once(':')?.1.trim().to_owned())).collect()
    };
    let model = values("model name").into_iter().next().unwrap_or("unknown processor".to_owned());
    let cores = values("processor").len();
    let release = read("/proc/sys/kernel/osrelease");
    let kernel = release.trim().split('-').next().unwrap_or_default();
    let virtual_machine =
        if values("flags").first().is_some_and(|flags| flags.contains(" hypervisor")) {
            ", a virtual machine"
        } else {
            ""
        };
    format!("{model}, {cores} cores, Linux {kernel}{virtual_machine}")
}
