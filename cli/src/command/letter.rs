//! How something leaves: as text or raw bytes, to a file, a folder or standard output.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::page::Page;
use crate::parcel::{self, Parcel};
use crate::screen::Answer;
use crate::trouble::Trouble;

/// Where a parcel goes.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Letter {
    /// Write it to this new file, or into this folder; without it, to standard output
    #[arg(long, short, value_name = "PATH")]
    out: Option<PathBuf>,
    /// Raw bytes instead of text: smaller, but not for e-mail
    #[arg(long)]
    raw: bool,
}

impl Letter {
    pub(crate) const fn is_raw(&self) -> bool {
        self.raw
    }

    pub(crate) fn out(&self) -> Option<&Path> {
        self.out.as_deref()
    }

    /// The file for something, if it goes to one: a free name in the folder, or the file that was named.
    pub(crate) fn place(&self, about: &str) -> Result<Option<PathBuf>, Trouble> {
        match &self.out {
            Some(out) if out.is_dir() => parcel::free_name(out, about).map(Some),
            Some(out) if out.exists() => {
                Err(Trouble::file(out, &std::io::Error::from(std::io::ErrorKind::AlreadyExists)))
            }
            out => Ok(out.clone()),
        }
    }

    /// Sends one parcel off. The page is shown if it goes to a file; otherwise nothing but the parcel.
    pub(crate) fn deliver(
        &self,
        parcel: &Parcel,
        mut json: Value,
        mut page: Page,
    ) -> Result<Answer, Trouble> {
        let place = self.place("ticket")?;
        if let Some(path) = &place {
            parcel::write(path, &parcel.to_file(self.raw))?;
            page.say(format!("It is in {}.", path.display()));
        }
        if let Some(object) = json.as_object_mut() {
            object.insert("file".into(), place.as_ref().map(|path| path.display().to_string()).into());
            object.insert("text".into(), parcel.to_text().into());
        }
        let mut answer = Answer::new(json, page);
        if place.is_none() {
            answer.bytes = Some(parcel.to_file(self.raw));
        }
        Ok(answer)
    }
}
