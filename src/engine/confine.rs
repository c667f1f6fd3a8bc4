//! What this process may reach at all: its data folder, and no other file, program or host.
//!
//! The engine's scalar function `file()` and its templates read whatever the process can, and no grant of the engine's
//! own forbids it. Linux does (Landlock, since 5.13; connections since 6.7).

use std::path::Path;

use super::EngineOptions;
use super::error::EngineError;
use super::{data_dir, library};

/// Read by the engine and the system's own library; they hold no secrets.
#[cfg(target_os = "linux")]
const READABLE: [&str; 20] = [
    "/dev/null",
    "/dev/random",
    "/dev/urandom",
    "/etc/gai.conf",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/nsswitch.conf",
    "/etc/resolv.conf",
    "/etc/timezone",
    "/lib",
    "/lib64",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
    "/sys/devices/system",
    "/sys/fs/cgroup",
    "/usr/lib",
    "/usr/share/zoneinfo",
];

/// How much of the confinement the system enforces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confinement {
    /// No other file, program or host.
    Whole,
    /// An older kernel: no other file or program.
    Files,
    /// The system offers none.
    None,
}

/// Confines this thread, and every thread that it starts from now on, to the data folder, which is made if missing.
pub fn confine(options: &EngineOptions) -> Result<Confinement, EngineError> {
    let folder = data_dir::prepare(&options.data_dir)?;
    let libraries = library::candidates(options.library.as_deref());
    let libraries: Vec<&Path> = libraries.iter().map(AsRef::as_ref).collect();
    Ok(enforce(&folder, &libraries).unwrap_or_else(|error| {
        tracing::debug!("no confinement: {error}");
        Confinement::None
    }))
}

#[cfg(target_os = "linux")]
fn enforce(folder: &Path, libraries: &[&Path]) -> Result<Confinement, landlock::RulesetError> {
    use landlock::{
        ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreatedAttr,
        RulesetStatus, path_beneath_rules,
    };
    let files = AccessFs::from_all(ABI::V3);
    let reading = AccessFs::ReadFile | AccessFs::ReadDir;
    let readable = READABLE.iter().map(Path::new).chain(libraries.iter().copied());
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(files)?
        .handle_access(AccessNet::ConnectTcp)?
        .create()?
        .add_rules(path_beneath_rules([folder], files & !AccessFs::Execute))?
        .add_rules(path_beneath_rules(readable, reading))?
        .restrict_self()?;
    Ok(match status.ruleset {
        RulesetStatus::FullyEnforced => Confinement::Whole,
        RulesetStatus::PartiallyEnforced => Confinement::Files,
        RulesetStatus::NotEnforced => Confinement::None,
    })
}

#[cfg(not(target_os = "linux"))]
fn enforce(_: &Path, _: &[&Path]) -> Result<Confinement, std::convert::Infallible> {
    Ok(Confinement::None)
}
