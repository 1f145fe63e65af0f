//! Running a site: what makes final what its users signed.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use hazel_core::address::Address;
use hazel_core::key::Entropy as _;
use hazel_network::backoff::Backoff;
use hazel_network::driver::{Journal, Limits, Serve, ServeError};
use hazel_network::peer::{Allowance, dialog_secret};
use hazel_network::site::{Site as Hosted, Surroundings};
use hazel_network::ticket::{Invitation, SiteTicket, TicketId, agent_of, site_of};
use serde_json::json;

use crate::bench::Bench;
use crate::calendar::stamp;
use crate::canvas::Canvas;
use crate::edge::SystemEntropy;
use crate::lettering::{FAINT, GOOD, TITLE, WARN};
use crate::page::Page;
use crate::premises::{Config, Premises, good_for};
use crate::record::hex;
use crate::screen::Answer;
use crate::table::{Column, Table};
use crate::trouble::{Exit, Trouble, sentence};

/// Run a site that makes final what its users signed
#[derive(Debug, clap::Args)]
pub(crate) struct Site {
    /// The folder of the site (default: "hazel/site" in your data folder)
    #[arg(long, global = true, env = "HAZEL_SITE", value_name = "FOLDER", hide_env_values = true)]
    site: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    #[command(after_help = "Example:\n  hazel site init --host example.org")]
    Init(Init),
    /// Serve until an interrupt or SIGTERM; tells what happens on standard error, one JSON object a line
    #[command(after_help = "Example:\n  hazel site run 2>> site.log")]
    Run,
    /// How the site stands
    #[command(after_help = "Example:\n  hazel site status")]
    Status,
    /// Who is hosted here
    #[command(after_help = "Examples:\n  hazel site users\n  hazel site users --remove 1a2b3c4d")]
    Users(Users),
    #[command(after_help = "Example:\n  hazel site invite ana --png ana.png")]
    Invite(Invite),
    #[command(after_help = "Example:\n  hazel site backup /media/stick/site.db")]
    Backup(Backup),
    /// Say that the database is an older copy, brought back by other means than “backup”
    #[command(after_help = "Example:\n  hazel site restored")]
    Restored,
    #[command(after_help = "Example:\n  hazel site neighbour chip://KEY@other.example:65430")]
    Neighbour(Neighbour),
    #[command(after_help = "Example:\n  hazel site publish nodes.toml")]
    Publish(Publish),
    #[command(
        after_help = "Examples:\n  hazel site bench\n  hazel site bench --tallies 1000000 --people 100000 --wallets 10000"
    )]
    Bench(Bench),
}

impl Site {
    pub(crate) fn run(&self) -> Result<Answer, Trouble> {
        let premises = Premises::new(self.site.clone())?;
        match &self.command {
            Command::Init(init) => init.run(&premises),
            Command::Run => serve(&premises),
            Command::Status => status(&premises),
            Command::Users(users) => users.run(&premises),
            Command::Invite(invite) => invite.run(&premises),
            Command::Backup(backup) => backup.run(&premises),
            Command::Restored => restored(&premises),
            Command::Neighbour(neighbour) => neighbour.run(&premises),
            Command::Publish(publish) => publish.run(&premises),
            Command::Bench(bench) => bench.run(),
        }
    }
}

/// Make a new site
#[derive(Debug, clap::Args)]
struct Init {
    /// What wallets and other sites call it by: a name or an address
    #[arg(long, value_name = "NAME")]
    host: String,
    /// Where it listens
    #[arg(long, default_value = "0.0.0.0:65430", value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
    /// The port others call, where that is not the one it listens at
    #[arg(long)]
    port: Option<u16>,
    /// Where its health and metrics pages are; keep it private
    #[arg(long, default_value = "127.0.0.1:9643", value_name = "ADDRESS:PORT")]
    pages: SocketAddr,
    /// sqlite:FILE in the site's folder, or postgres://…
    #[arg(long, default_value = "sqlite:site.db")]
    store: String,
}

impl Init {
    fn run(&self, premises: &Premises) -> Result<Answer, Trouble> {
        let port = self.port.unwrap_or_else(|| self.listen.port());
        if port == 0 {
            return Err(Trouble::usage("A site needs a port that others can call.")
                .advise("Name it: --listen 0.0.0.0:65430, or --port 65430 where it differs from that."));
        }
        Address::new("", "key", &self.host, port)
            .map_err(|error| Trouble::usage(sentence(&error.to_string())))?;
        let config = Config {
            pages: Some(self.pages),
            port,
            store: self.store.clone(),
            ..Config::new(self.listen, &self.host)
        };
        let key = premises.make(&config)?;
        premises.node(&config)?;
        let address = config.address(&key);
        let folder = premises.folder().display().to_string();
        let mut page = Page::new();
        page.styled(GOOD, format!("The site is in {folder}."));
        page.say("Other sites name it so:").verbatim(&address);
        page.styled(
            WARN,
            format!(
                "Keep a copy of {} in a safe place: users' tallies name this key.",
                premises.key_file().display()
            ),
        );
        page.say("Next: “hazel site run”, and “hazel site invite NAME” for each user.");
        Ok(Answer::new(json!({ "folder": folder, "key": agent_of(&key), "address": address }), page))
    }
}

fn serve(premises: &Premises) -> Result<Answer, Trouble> {
    let (config, key) = (premises.config()?, premises.key()?);
    let node = premises.node(&config)?;
    let journal = Journal::to(Box::new(std::io::stderr()), config.level()?);
    let around = Surroundings {
        used_tickets: premises.used_tickets(),
        neighbours: premises.neighbours(&config)?,
        journal: journal.clone(),
    };
    let host = Hosted::new(node, key.clone(), around, good_for(0))
        .map_err(|broken| Trouble::new(Exit::Machine, "file", sentence(&broken.to_string())))?;
    let allowance = Allowance {
        burst: config.calls_in_a_row,
        refill: config.calls_refill_ms.max(1),
        ..Allowance::default()
    };
    let limits = Limits { allowance, backoff: Backoff::new(100, 30_000), ..Limits::default() };
    let (listen, pages) = (config.listen, config.pages);
    let serving = Serve { listen, pages, key: dialog_secret(&key), limits, journal }.begin(host);
    serving.map_err(|error| unserved(&error))?.until_asked_to_stop();
    Ok(Answer::new(json!({ "stopped": true }), Page::new()))
}

fn unserved(error: &ServeError) -> Trouble {
    Trouble::new(Exit::Machine, "network", sentence(&error.to_string()))
        .advise("Check the address in site.toml, and that nothing else uses it.")
}

fn status(premises: &Premises) -> Result<Answer, Trouble> {
    let (config, key) = (premises.config()?, premises.key()?.public());
    let status = premises.node(&config)?.status()?;
    let address = config.address(&key);
    let mut page = Page::new();
    page.styled(TITLE, "Site").verbatim(&address);
    let mut table = Table::new(&[("of", Column::Left), ("number", Column::Right)]);
    for (what, number) in [
        ("users", status.members),
        ("halves of tallies", status.halves),
        ("entries", status.chits),
        ("halves not all final", status.restless),
        ("halves with receipts or invoices not told", status.untold),
        ("errands kept for somebody", status.errands),
        ("bytes of them", status.errand_bytes),
    ] {
        table.row([what.to_owned(), number.to_string()]);
    }
    page.table(table);
    let json = json!({
        "address": address, "users": status.members, "halves": status.halves, "entries": status.chits,
        "not_final": status.restless, "not_told": status.untold, "errands": status.errands,
        "errand_bytes": status.errand_bytes, "store": config.store.split(':').next(),
    });
    Ok(Answer::new(json, page))
}

/// Who is hosted here
#[derive(Debug, clap::Args)]
struct Users {
    /// Let a user go: the beginning of its key or of its ticket. What was signed stays here
    #[arg(long, value_name = "USER")]
    remove: Option<String>,
}

impl Users {
    fn run(&self, premises: &Premises) -> Result<Answer, Trouble> {
        let mut node = premises.node(&premises.config()?)?;
        let mut page = Page::new();
        if let Some(begins) = &self.remove {
            let mut meant = node.users()?;
            meant.retain(|it| {
                !begins.is_empty() && (hex(&it.key).starts_with(begins) || it.name.starts_with(begins))
            });
            let [user] = meant.as_slice() else {
                return Err(Trouble::usage(format!("{} users begin like “{begins}”.", meant.len()))
                    .advise("“hazel site users” shows them; give more of the key or of the ticket."));
            };
            node.unlink_user(&user.key)?;
            page.styled(GOOD, format!("{} is no user here any more.", user.name));
        }
        let users = node.users()?;
        let columns = [("ticket", Column::Left), ("since", Column::Left), ("key", Column::Left)];
        let (mut table, mut list) = (Table::new(&columns), Vec::new());
        for user in &users {
            let key = hex(&user.key);
            table.row([user.name.clone(), stamp(user.since), key.chars().take(16).collect()]);
            list.push(json!({ "ticket": user.name, "since": user.since, "key": key }));
        }
        if users.is_empty() {
            page.say("Nobody is a user here: “hazel site invite NAME” makes a ticket.");
        } else {
            page.table(table);
        }
        Ok(Answer::new(json!({ "users": list }), page))
    }
}

/// Make a ticket for a new user
#[derive(Debug, clap::Args)]
struct Invite {
    /// What the user is called here
    name: String,
    /// How many hours it is good for
    #[arg(long, default_value_t = 24)]
    hours: u64,
    /// Only from this network address
    #[arg(long, value_name = "ADDRESS")]
    only_from: Option<IpAddr>,
    #[command(flatten)]
    canvas: Canvas,
}

impl Invite {
    fn run(&self, premises: &Premises) -> Result<Answer, Trouble> {
        let (config, key) = (premises.config()?, premises.key()?);
        let mut id = [0; 8];
        SystemEntropy.fill(&mut id);
        let expires = good_for(self.hours.saturating_mul(3600));
        let invitation = Invitation {
            name: &self.name,
            host: &config.host,
            port: config.port,
            expires,
            only_from: self.only_from,
        };
        let ticket = SiteTicket::issue(&key, TicketId(id), &invitation)
            .map_err(|error| Trouble::usage(sentence(&error.to_string())))?;
        let text = ticket.to_string();
        let mut page = Page::new();
        page.say(format!("For {}, good once and until {}:", self.name, stamp(expires))).verbatim(&text);
        let code = self.canvas.draw_text(&text, &mut page)?;
        page.styled(FAINT, "The user types “hazel link TICKET”, or gives it the picture.");
        let id = TicketId(id).to_string();
        Ok(Answer::new(json!({ "ticket": text, "id": id, "expires": expires, "code": code }), page))
    }
}

/// Copy the database while the site goes on; its key is not in it
#[derive(Debug, clap::Args)]
struct Backup {
    /// The new file
    file: PathBuf,
}

impl Backup {
    fn run(&self, premises: &Premises) -> Result<Answer, Trouble> {
        premises.copy_store(&premises.config()?, &self.file)?;
        let file = self.file.display().to_string();
        let mut page = Page::new();
        page.styled(GOOD, format!("Everything the site keeps is in {file}."));
        page.say(format!("Its key is not: keep {} elsewhere.", premises.key_file().display()));
        page.say("To go back to it, stop the site and put it in the database's place.");
        Ok(Answer::new(json!({ "file": file }), page))
    }
}

fn restored(premises: &Premises) -> Result<Answer, Trouble> {
    let halves = premises.node(&premises.config()?)?.restored()?.status()?.halves;
    let mut page = Page::new();
    page.styled(GOOD, "The site goes on from here, in views of its own.");
    page.say("What it has forgotten its users and their partners' sites tell it again.");
    Ok(Answer::new(json!({ "halves": halves }), page))
}

/// Say where another site is
#[derive(Debug, clap::Args)]
struct Neighbour {
    /// As “hazel site init” and “hazel site status” show it there
    address: String,
}

impl Neighbour {
    fn run(&self, premises: &Premises) -> Result<Answer, Trouble> {
        let wrong = || {
            Trouble::usage("This is not the address of a site.")
                .advise("It is like chip://KEY@example.org:65430; “hazel site status” shows it.")
        };
        let address: Address = self.address.parse().map_err(|_| wrong())?;
        let (key, (host, port)) =
            (site_of(address.agent()).ok_or_else(wrong)?, address.endpoint().ok_or_else(wrong)?);
        premises.know(&agent_of(&key), &format!("{host}:{port}"))?;
        let mut page = Page::new();
        page.say("Noted. A site that runs learns of it when it is started again.");
        Ok(Answer::new(json!({ "neighbour": agent_of(&key), "at": format!("{host}:{port}") }), page))
    }
}

/// Write a signed list of this site and its neighbours, for wallets and other sites
#[derive(Debug, clap::Args)]
struct Publish {
    /// The new file
    file: PathBuf,
}

impl Publish {
    fn run(&self, premises: &Premises) -> Result<Answer, Trouble> {
        let list = premises.published(&premises.config()?, good_for(0))?;
        std::fs::write(&self.file, list).map_err(|error| Trouble::file(&self.file, &error))?;
        let (file, key) = (self.file.display().to_string(), agent_of(&premises.key()?.public()));
        let mut page = Page::new();
        page.styled(GOOD, format!("The list is in {file}."));
        page.say("A wallet takes it in with “hazel nodes FILE --by KEY”; a site names both in its site.toml. The key:");
        page.verbatim(&key);
        Ok(Answer::new(json!({ "file": file, "key": key }), page))
    }
}
