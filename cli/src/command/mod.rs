//! The commands: what can be typed, and which of them does what.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Parser as _, Subcommand};

use crate::demo::Demo;
use crate::screen::{Answer, Screen};
use crate::trouble::{EXIT_CODES, Trouble};

/// Hazel: owe and be owed among people who trust each other.
#[derive(Debug, clap::Parser)]
#[command(name = "hazel", version, after_help = EXIT_CODES, max_term_width = 80)]
pub(crate) struct Cli {
    /// The folder of the wallet (default: "hazel" in your data folder)
    #[arg(long, global = true, env = "HAZEL_WALLET", value_name = "FOLDER")]
    wallet: Option<PathBuf>,
    /// The file that guards the wallet (default: wallet.key in its folder)
    #[arg(long, global = true, env = "HAZEL_KEY_FILE", value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Answer with one JSON object
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(after_help = "Example:\n  hazel demo")]
    Demo(Demo),
}

/// Runs what was typed and says how the program ends.
pub(crate) fn run(typed: impl Iterator<Item = OsString>) -> u8 {
    let typed: Vec<OsString> = typed.collect();
    let json = typed.iter().any(|word| word == "--json");
    let screen = Screen::new(json);
    match Cli::try_parse_from(&typed) {
        Ok(cli) => match cli.command.run(&screen) {
            Ok(answer) => screen.answer(answer),
            Err(trouble) => screen.trouble(&trouble),
        },
        Err(error) => misunderstood(&screen, &error),
    }
}

/// Help and version are answers; everything else is a mistake in what was typed.
fn misunderstood(screen: &Screen, error: &clap::Error) -> u8 {
    if error.use_stderr() && screen.is_json() {
        let text = error.render().to_string();
        let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        return screen.trouble(&Trouble::usage(message));
    }
    // Clap knows about colours and where its own messages belong.
    let _ = error.print();
    u8::try_from(error.exit_code()).unwrap_or(2)
}

impl Command {
    fn run(&self, screen: &Screen) -> Result<Answer, Trouble> {
        match self {
            Self::Demo(demo) => demo.run(screen),
        }
    }
}
