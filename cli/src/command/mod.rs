//! The commands: what can be typed, and which of them does what.

mod asking;
mod audit;
mod devices;
mod errand;
mod exchange;
mod foreign;
mod history;
pub(crate) mod host;
mod init;
mod introduce;
mod letter;
mod link;
mod meet;
pub(crate) mod nearby;
mod opening;
mod overview;
mod paying;
mod qr;
#[cfg(feature = "ble")]
pub(crate) mod radio;
mod recovery;
mod scanned;
mod settling;
mod site;
mod tally;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser as _, Subcommand};
use clap_complete::Shell;
use serde_json::json;

use crate::demo::Demo;
use crate::home::Home;
use crate::page::Page;
use crate::screen::{Answer, Screen};
use crate::trouble::{EXIT_CODES, Trouble};
use crate::typed::misunderstood;

const EVERYWHERE: &str = "Options of every command";

/// Owe and be owed among people who trust each other.
///
/// A tally is kept by two people. Each signs what they owe; the files that “outbox” writes and “receive” reads can
/// travel by e-mail, on a stick or by hand, and nobody else has to be asked.
#[derive(Debug, clap::Parser)]
#[command(name = "hazel", version, max_term_width = 80)]
#[command(after_help = EXIT_CODES, after_long_help = format!("Example:\n  hazel demo\n\n{EXIT_CODES}"))]
pub(crate) struct Cli {
    /// The folder of the wallet (default: "hazel" in your data folder)
    #[arg(long, global = true, env = "HAZEL_WALLET", value_name = "FOLDER", hide_env_values = true, help_heading = EVERYWHERE)]
    wallet: Option<PathBuf>,
    /// The file that guards the wallet (default: wallet.key in its folder)
    #[arg(long, global = true, env = "HAZEL_KEY_FILE", value_name = "FILE", hide_env_values = true, help_heading = EVERYWHERE)]
    key_file: Option<PathBuf>,
    /// Answer with one JSON object
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(after_help = "Examples:\n  hazel demo\n  hazel demo --keep story\n  hazel demo --watch")]
    Demo(Demo),
    #[command(after_help = "Examples:\n  hazel init Ana\n  hazel init Ana --words-file words.txt")]
    Init(init::Init),
    #[command(subcommand, after_help = "Example:\n  hazel tally list")]
    Tally(tally::TallyCommand),
    #[command(
        after_help = "Examples:\n  hazel pay Ana 12.50 --memo coffee\n  hazel pay Ana --invoice 1a2b3c4d\n  hazel pay --qr invoice.png"
    )]
    Pay(paying::Pay),
    #[command(after_help = "Example:\n  hazel can-pay Ana 12.50")]
    CanPay(paying::CanPay),
    #[command(after_help = "Examples:\n  hazel did-it-go Ana\n  hazel did-it-go Ana --invoice 1a2b3c4d")]
    DidItGo(paying::DidItGo),
    #[command(after_help = "Example:\n  hazel accept-payment Ben 5e6f7a8b")]
    AcceptPayment(paying::AcceptPayment),
    #[command(
        after_help = "Example:\n  hazel ask Ben --memo \"from the stall\" --item eggs=2x3.50 --item bread=5.50"
    )]
    Ask(asking::Ask),
    #[command(after_help = "Example:\n  hazel decline 1a2b3c4d")]
    Decline(asking::Decline),
    #[command(after_help = "Example:\n  hazel withdraw 1a2b3c4d")]
    Withdraw(asking::Withdraw),
    #[command(after_help = "Example:\n  hazel grant Ben 150")]
    Grant(opening::Grant),
    #[command(
        after_help = "Examples:\n  hazel call Ben --by 2026-12-24\n  hazel call Ben 20 --by 2026-12-24"
    )]
    Call(settling::Call),
    #[command(
        after_help = "Examples:\n  hazel set Ben\n  hazel set Ben --target 50 --bound 100 --reward 0.5 --clutch -0.2"
    )]
    Set(settling::Set),
    #[command(after_help = "Examples:\n  hazel outbox Ben > for-ben.txt\n  hazel outbox --out /media/stick")]
    Outbox(exchange::Outbox),
    #[command(after_help = "Examples:\n  hazel receive from-ana.txt\n  hazel receive < mail.txt")]
    Receive(exchange::Receive),
    #[command(
        after_help = "Examples:\n  hazel meet --listen 0.0.0.0:4711\n  hazel meet Ana --dial 192.168.1.20:4711\n  hazel meet Ana --ble"
    )]
    Meet(meet::Meet),
    #[command(subcommand, after_help = "Example:\n  hazel errand give Ben --by Carpenter")]
    Errand(errand::ErrandCommand),
    #[command(
        after_help = "Examples:\n  hazel introduce --listen 0.0.0.0:4711 --limit 100\n  hazel introduce --dial 192.168.1.20:4711 --limit 50"
    )]
    Introduce(introduce::Introduce),
    #[command(after_help = "Examples:\n  hazel nearby\n  hazel nearby --diagnose")]
    Nearby(nearby::Nearby),
    #[command(after_help = "Example:\n  hazel history Ana --payments --since 2026-11-01 --until 2026-11-30")]
    History(history::History),
    #[command(after_help = "Example:\n  hazel export Ana --format csv --out ana.csv")]
    Export(history::Export),
    #[command(after_help = "Example:\n  hazel position")]
    Position(overview::Position),
    #[command(after_help = "Example:\n  hazel attention")]
    Attention(overview::Attention),
    #[command(after_help = "Example:\n  hazel events")]
    Events(overview::Events),
    #[command(subcommand, after_help = "Example:\n  hazel devices list")]
    Devices(devices::Devices),
    #[command(after_help = "Example:\n  hazel backup /media/stick/hazel.backup --words-file words.txt")]
    Backup(recovery::Backup),
    #[command(after_help = "Example:\n  hazel rehearse /media/stick/hazel.backup --words-file words.txt")]
    Rehearse(recovery::Rehearse),
    #[command(after_help = "Example:\n  hazel restore /media/stick/hazel.backup --words-file words.txt")]
    Restore(recovery::Restore),
    #[command(after_help = "Example:\n  hazel remind Ben --out for-ben.hazel")]
    Remind(recovery::Remind),
    #[command(after_help = "Example:\n  hazel rebuild from-ana.hazel from-carpenter.hazel")]
    Rebuild(recovery::Rebuild),
    #[command(after_help = "Example:\n  hazel resume Ana")]
    Resume(recovery::Resume),
    #[command(after_help = "Example:\n  hazel renew Ana")]
    Renew(recovery::Renew),
    #[command(after_help = "Examples:\n  hazel audit\n  hazel audit --wallet /media/stick/copy")]
    Audit(audit::Audit),
    #[command(subcommand, after_help = "Example:\n  hazel qr scan photo.jpg")]
    Qr(qr::Qr),
    #[command(
        after_help = "Examples:\n  hazel link hazel-site:hAGE…\n  hazel link ticket.png\n  hazel link ticket.png --guest"
    )]
    Link(link::Link),
    #[command(after_help = "Example:\n  hazel sync")]
    Sync(link::Sync),
    #[command(after_help = "Examples:\n  hazel nodes\n  hazel nodes nodes.toml --by KEY")]
    Nodes(link::Nodes),
    #[command(after_help = "Examples:\n  hazel site init --host example.org\n  hazel site run")]
    Site(site::Site),
    #[command(
        after_help = "Example:\n  hazel completions bash > ~/.local/share/bash-completion/completions/hazel"
    )]
    Completions(Completions),
}

/// Print a script that lets a shell complete commands
#[derive(Debug, clap::Args)]
struct Completions {
    /// Which shell
    shell: Shell,
}

impl Completions {
    fn run(&self) -> Answer {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "hazel", &mut script);
        let text = String::from_utf8_lossy(&script).into_owned();
        let mut answer = Answer::new(json!({ "shell": self.shell.to_string(), "script": text }), Page::new());
        answer.bytes = Some(script);
        answer
    }
}

/// Runs what was typed and says how the program ends.
pub(crate) fn run(typed: impl Iterator<Item = OsString>) -> u8 {
    let typed: Vec<OsString> = typed.collect();
    match Cli::try_parse_from(&typed) {
        Ok(cli) => {
            let screen = Screen::new(cli.json);
            match cli.run(&screen) {
                Ok(answer) => screen.answer(answer),
                Err(trouble) => screen.trouble(&trouble),
            }
        }
        Err(error) => not_run(&typed, &error),
    }
}

/// Help and version are answers; everything else is a mistake in what was typed.
fn not_run(typed: &[OsString], error: &clap::Error) -> u8 {
    let is_help = error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    let screen = Screen::new(typed.iter().any(|word| word == "--json"));
    if error.use_stderr() && (screen.is_json() || !is_help) {
        let words = typed.iter().skip(1).filter_map(|word| word.to_str());
        return screen.trouble(&misunderstood(error, words));
    }
    // Clap knows about colours and where its own messages belong.
    let _ = error.print();
    u8::try_from(error.exit_code()).unwrap_or(2)
}

impl Cli {
    fn run(self, screen: &Screen) -> Result<Answer, Trouble> {
        if let Command::Demo(demo) = &self.command {
            return demo.run(screen);
        }
        if let Command::Completions(completions) = &self.command {
            return Ok(completions.run());
        }
        if let Command::Site(site) = &self.command {
            return site.run();
        }
        let home = Home::new(self.wallet, self.key_file)?;
        if let Command::Meet(meet) = &self.command {
            return meet.run(&home, screen);
        }
        if let Command::Introduce(introduce) = &self.command {
            return introduce.run(&home, screen);
        }
        self.command.run(&home)
    }
}

impl Command {
    fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        match self {
            Self::Demo(_) | Self::Completions(_) | Self::Site(_) => {
                Err(Trouble::usage("This command needs no wallet."))
            }
            Self::Init(init) => init.run(home),
            Self::Tally(tally) => tally.run(home),
            Self::Pay(pay) => pay.run(home),
            Self::CanPay(can_pay) => can_pay.run(home),
            Self::DidItGo(did_it_go) => did_it_go.run(home),
            Self::AcceptPayment(accept) => accept.run(home),
            Self::Ask(ask) => ask.run(home),
            Self::Decline(decline) => decline.run(home),
            Self::Withdraw(withdraw) => withdraw.run(home),
            Self::Grant(grant) => grant.run(home),
            Self::Call(call) => call.run(home),
            Self::Set(set) => set.run(home),
            Self::Meet(_) | Self::Introduce(_) => Err(Trouble::usage("This command needs a screen.")),
            Self::Errand(errand) => errand.run(home),
            Self::Nearby(nearby) => nearby.run(home),
            Self::Outbox(outbox) => outbox.run(home),
            Self::Receive(receive) => receive.run(home),
            Self::History(history) => history.run(home),
            Self::Export(export) => export.run(home),
            Self::Position(position) => position.run(home),
            Self::Attention(attention) => attention.run(home),
            Self::Events(events) => events.run(home),
            Self::Devices(devices) => devices.run(home),
            Self::Backup(backup) => backup.run(home),
            Self::Rehearse(rehearse) => rehearse.run(home),
            Self::Restore(restore) => restore.run(home),
            Self::Remind(remind) => remind.run(home),
            Self::Rebuild(rebuild) => rebuild.run(home),
            Self::Resume(resume) => resume.run(home),
            Self::Renew(renew) => renew.run(home),
            Self::Audit(audit) => audit.run(home),
            Self::Qr(qr) => qr.run(home),
            Self::Link(link) => link.run(home),
            Self::Sync(sync) => sync.run(home),
            Self::Nodes(nodes) => nodes.run(home),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clap_finds_no_contradiction() {
        Cli::command().debug_assert();
    }
}
