//! Where a wallet lives: a folder with its database and, unless a passphrase guards it, its key.

use std::fs;
use std::path::{Path, PathBuf};

use hazel_core::key::RecoveryWords;
use hazel_core::keystore::KeyStore;
use hazel_core::store::{Store, StoreError};
use hazel_core::wallet::{Wallet, WalletError};

use crate::edge::{SystemEntropy, WallClock};
use crate::guard;
use crate::progress::Progress;
use crate::trouble::{Exit, Trouble};

/// A wallet's folder.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    folder: PathBuf,
    key_file: PathBuf,
}

impl Home {
    pub(crate) fn new(folder: Option<PathBuf>, key_file: Option<PathBuf>) -> Result<Self, Trouble> {
        let folder = folder.map_or_else(default_folder, Ok)?;
        let key_file = key_file.unwrap_or_else(|| folder.join("wallet.key"));
        Ok(Self { folder, key_file })
    }

    /// A wallet in a folder of a story, guarded by its key file.
    pub(crate) fn at(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), key_file: folder.join("wallet.key") }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn key_file(&self) -> &Path {
        &self.key_file
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.join("wallet.db")
    }

    /// Opens the wallet that is there.
    pub(crate) fn open(&self) -> Result<Wallet, Trouble> {
        let store = self.store()?;
        let guard = guard::of_wallet(&self.key_file)?;
        let _progress = Progress::begin("Opening the wallet", None);
        Ok(Wallet::open(store, &*guard, Box::new(WallClock), Box::new(SystemEntropy))?)
    }

    fn store(&self) -> Result<Store, Trouble> {
        let path = self.database();
        if !path.exists() {
            return Err(Trouble::new(
                Exit::Machine,
                "no_wallet",
                format!("There is no wallet in {}.", self.folder.display()),
            )
            .advise("Make one with “hazel init NAME”, or name its folder with --wallet."));
        }
        Ok(Store::open(&path)?)
    }

    /// Makes a wallet here from recovery words.
    pub(crate) fn create(
        &self,
        name: &str,
        words: &RecoveryWords,
        wants_passphrase: bool,
    ) -> Result<Wallet, Trouble> {
        self.make(wants_passphrase, |path, guard| {
            Wallet::create_file(path, guard, name, words, Box::new(WallClock), Box::new(SystemEntropy))
        })
    }

    /// Makes a wallet here from a backup.
    pub(crate) fn restore(
        &self,
        words: &RecoveryWords,
        backup: &[u8],
        wants_passphrase: bool,
    ) -> Result<Wallet, Trouble> {
        self.make(wants_passphrase, |path, guard| {
            Wallet::restore_file(path, guard, words, backup, Box::new(WallClock), Box::new(SystemEntropy))
        })
    }

    /// A wallet is never overwritten.
    pub(crate) fn must_be_empty(&self) -> Result<(), Trouble> {
        if !self.database().exists() {
            return Ok(());
        }
        let message = format!("There is a wallet in {} already.", self.folder.display());
        Err(Trouble::new(Exit::Refused, "wallet_exists", message)
            .advise("Choose another folder with --wallet; a wallet is never overwritten."))
    }

    /// The folder, for its owner alone.
    pub(crate) fn make_folder(&self) -> Result<(), Trouble> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::DirBuilderExt as _;
            builder.mode(0o700);
        }
        builder.create(&self.folder).map_err(|error| Trouble::file(&self.folder, &error))
    }

    /// Makes the files of a new wallet. If that fails half-way, what was made is taken away again: it holds nothing yet.
    pub(crate) fn make(
        &self,
        wants_passphrase: bool,
        wallet: impl FnOnce(&Path, &dyn KeyStore) -> Result<Wallet, WalletError>,
    ) -> Result<Wallet, Trouble> {
        let (path, had_key) = (self.database(), self.key_file.exists());
        self.must_be_empty()?;
        self.make_folder()?;
        let done = guard::of_new_wallet(&self.key_file, wants_passphrase).and_then(|guard| {
            let _progress = Progress::begin("Making the wallet", None);
            wallet(&path, &*guard).map_err(|error| match error {
                WalletError::Store(StoreError::Unreachable) => Trouble::new(
                    Exit::Machine,
                    "unreachable",
                    format!("No file can be made in {}.", self.folder.display()),
                )
                .advise("Check that you may write there."),
                other => other.into(),
            })
        });
        if done.is_err() && !had_key {
            let _ = fs::remove_file(&self.key_file);
        }
        done
    }
}

pub(crate) fn default_folder() -> Result<PathBuf, Trouble> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let data = set("XDG_DATA_HOME")
        .or_else(|| set("HOME").map(|home| home.join(".local").join("share")))
        .or_else(|| set("LOCALAPPDATA"));
    data.map(|data| data.join("hazel")).ok_or_else(|| {
        Trouble::usage("It is not known where your wallet should live.")
            .advise("Name a folder with --wallet.")
    })
}
