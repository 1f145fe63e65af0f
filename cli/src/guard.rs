//! Who opens a wallet: a passphrase, or a key in a file that only its owner can read. And the recovery words.

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use hazel_core::key::{Entropy as _, RecoveryWords};
use hazel_core::keystore::{BareKey, KeyStore, Passphrase};
use zeroize::Zeroizing;

use crate::edge::SystemEntropy;
use crate::parcel;
use crate::trouble::{Exit, Trouble};

/// Set, it is used instead of asking.
pub(crate) const PASSPHRASE: &str = "HAZEL_PASSPHRASE";

fn locked(code: &'static str, message: impl Into<String>) -> Trouble {
    Trouble::new(Exit::Locked, code, message)
}

/// The guard of a wallet that is there: its key file, else the passphrase.
pub(crate) fn of_wallet(key_file: &Path) -> Result<Box<dyn KeyStore>, Trouble> {
    if key_file.exists() {
        return Ok(Box::new(BareKey::new(*read_key(key_file)?)));
    }
    let phrase = match from_environment() {
        Some(phrase) => phrase,
        None => ask("Passphrase: ")?.ok_or_else(|| {
            locked("locked", "This wallet needs its passphrase, or its key file.").advise(format!(
                "Set {PASSPHRASE}, run this in a terminal, or name the file with --key-file."
            ))
        })?,
    };
    Ok(Box::new(Passphrase::new(&phrase)))
}

/// The guard for a new wallet: a passphrase if one is given or wished for, else a new key file.
pub(crate) fn of_new_wallet(key_file: &Path, wants_passphrase: bool) -> Result<Box<dyn KeyStore>, Trouble> {
    if let Some(phrase) = from_environment() {
        return passphrase(&phrase);
    }
    if wants_passphrase {
        let missing = || {
            Trouble::usage("There is no terminal to ask for a passphrase.")
                .advise(format!("Set {PASSPHRASE}."))
        };
        let phrase = ask("New passphrase: ")?.ok_or_else(missing)?;
        let again = ask("Once more: ")?.ok_or_else(missing)?;
        if *phrase != *again {
            return Err(locked("passphrases_differ", "The two passphrases differ; nothing was made."));
        }
        return passphrase(&phrase);
    }
    let mut key = Zeroizing::new([0; 32]);
    SystemEntropy.fill(&mut *key);
    write_key(key_file, &key)?;
    Ok(Box::new(BareKey::new(*key)))
}

fn passphrase(phrase: &str) -> Result<Box<dyn KeyStore>, Trouble> {
    if phrase.trim().is_empty() {
        return Err(locked("no_passphrase", "An empty passphrase guards nothing; choose another."));
    }
    Ok(Box::new(Passphrase::new(phrase)))
}

fn from_environment() -> Option<Zeroizing<String>> {
    std::env::var(PASSPHRASE).ok().map(Zeroizing::new)
}

/// Asks without showing what is typed; none without a terminal.
pub(crate) fn ask(prompt: &str) -> Result<Option<Zeroizing<String>>, Trouble> {
    if !io::stdin().is_terminal() {
        return Ok(None);
    }
    rpassword::prompt_password(prompt)
        .map(|typed| Some(Zeroizing::new(typed)))
        .map_err(|_| locked("cancelled", "Nothing was typed."))
}

/// Reads a key that only its owner may read.
pub(crate) fn read_key(path: &Path) -> Result<Zeroizing<[u8; 32]>, Trouble> {
    check_mode(path)?;
    let bytes = Zeroizing::new(parcel::read(path)?);
    <[u8; 32]>::try_from(bytes.as_slice()).map(Zeroizing::new).map_err(|_| {
        Trouble::new(Exit::Damaged, "corrupt", format!("{} is not a key file of Hazel's.", path.display()))
            .advise("Put the right one there, or restore the wallet from a backup.")
    })
}

#[cfg(unix)]
fn check_mode(path: &Path) -> Result<(), Trouble> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = path.metadata().map_err(|error| Trouble::file(path, &error))?.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let shown = path.display();
    Err(locked("key_file_open", format!("Others on this machine can read the key file {shown}."))
        .advise(format!("“chmod 600 {shown}” puts that right.")))
}

#[cfg(not(unix))]
fn check_mode(_: &Path) -> Result<(), Trouble> {
    Ok(())
}

/// Writes a key that only its owner may read.
pub(crate) fn write_key(path: &Path, key: &[u8; 32]) -> Result<(), Trouble> {
    write_secret(path, key)
}

/// Writes a new file that only its owner may read.
pub(crate) fn write_secret(path: &Path, key: &[u8]) -> Result<(), Trouble> {
    use std::io::Write as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options
        .open(path)
        .and_then(|mut file| file.write_all(key).and_then(|()| file.sync_all()))
        .map_err(|error| Trouble::file(path, &error))
}

/// Where the recovery words come from.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct WordsFrom {
    /// Read the 24 recovery words from this file ("-" for standard input); without it they are asked for
    #[arg(long, value_name = "FILE")]
    words_file: Option<PathBuf>,
}

impl WordsFrom {
    pub(crate) const fn is_given(&self) -> bool {
        self.words_file.is_some()
    }

    /// Whether standard input is taken by the words.
    pub(crate) fn uses_stdin(&self) -> bool {
        self.words_file.as_deref() == Some(Path::new("-"))
    }

    pub(crate) fn words(&self) -> Result<RecoveryWords, Trouble> {
        let phrase = match &self.words_file {
            Some(path) => {
                let bytes = Zeroizing::new(parcel::read(path)?);
                Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned())
            }
            None => ask("Recovery words: ")?.ok_or_else(|| {
                Trouble::usage("The recovery words are needed.")
                    .advise("Name a file that holds them with --words-file.")
            })?,
        };
        Ok(RecoveryWords::parse(&phrase)?)
    }
}
