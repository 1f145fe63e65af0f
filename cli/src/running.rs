//! A site of this machine, running as a process of its own: for the demo's last chapter and for the bench.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use hazel_core::key::Entropy as _;
use hazel_network::ticket::{Invitation, SiteTicket, TicketId, agent_of};

use crate::edge::SystemEntropy;
use crate::premises::{Config, Premises, good_for};
use crate::trouble::{Exit, Trouble, sentence};

const HOUR: u64 = 3600;

/// A site with its process, if it runs.
pub(crate) struct RunningSite {
    pub(crate) premises: Premises,
    pub(crate) config: Config,
    child: Option<Child>,
}

fn machine(error: &std::io::Error) -> Trouble {
    Trouble::new(Exit::Machine, "no_process", sentence(&format!("no site could be started: {error}")))
}

impl RunningSite {
    /// Makes a site on a free port of this machine. It does not run yet.
    pub(crate) fn make(folder: &Path, set_up: impl FnOnce(&mut Config)) -> Result<Self, Trouble> {
        let premises = Premises::new(Some(folder.to_owned()))?;
        // A free port, asked of the system.
        let listen =
            TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).map_err(|it| machine(&it))?;
        let mut config = Config::new(listen, "127.0.0.1");
        set_up(&mut config);
        premises.make(&config)?;
        Ok(Self { premises, config, child: None })
    }

    /// Tells it where another site is, before it starts.
    pub(crate) fn knows(&self, other: &Self, at: &str) -> Result<(), Trouble> {
        self.premises.know(&agent_of(&other.premises.key()?.public()), at)
    }

    /// Starts it; when this returns, callers are heard.
    pub(crate) fn start(&mut self) -> Result<(), Trouble> {
        let mut child = Command::new(std::env::current_exe().map_err(|it| machine(&it))?)
            .args(["site", "run", "--site"])
            .arg(self.premises.folder())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|it| machine(&it))?;
        let mut lines = child.stderr.take().map(|it| BufReader::new(it).lines());
        let serving = lines
            .as_mut()
            .and_then(Iterator::next)
            .is_some_and(|line| line.is_ok_and(|it| it.contains("serving")));
        self.child = Some(child);
        if let Some(lines) = lines {
            // What it tells is read, so that it never waits for a reader.
            std::thread::spawn(move || lines.for_each(drop));
        }
        if serving {
            Ok(())
        } else {
            Err(Trouble::new(Exit::Unsound, "no_site", "A site did not begin to serve."))
        }
    }

    /// Kills it. How it ended, in the system's words.
    pub(crate) fn kill(&mut self) -> Result<String, Trouble> {
        let Some(mut child) = self.child.take() else { return Ok(String::new()) };
        child.kill().map_err(|it| machine(&it))?;
        Ok(child.wait().map_err(|it| machine(&it))?.to_string())
    }

    /// A ticket for a user of this name.
    pub(crate) fn ticket(&self, name: &str) -> Result<SiteTicket, Trouble> {
        let mut id = [0; 8];
        SystemEntropy.fill(&mut id);
        let (host, port) = (self.config.host.as_str(), self.config.port);
        let it = Invitation { name, host, port, expires: good_for(HOUR), only_from: None };
        SiteTicket::issue(&self.premises.key()?, TicketId(id), &it)
            .map_err(|error| Trouble::usage(sentence(&error.to_string())))
    }

    /// The memory it holds, in bytes; none where the system does not tell.
    pub(crate) fn memory(&self) -> Option<u64> {
        let id = self.child.as_ref()?.id();
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
    }
}

impl Drop for RunningSite {
    fn drop(&mut self) {
        // Whatever goes wrong must not leave a process behind.
        let _ = self.kill();
    }
}
