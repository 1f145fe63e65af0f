//! Floors: what a site says to its database is written down, and said again without a thought.

use std::cell::RefCell;

use hazel_core::store::StoreError;

use crate::store::{Desk, Found, Put, Row, SiteStore, Sql};

/// One statement with its values.
#[derive(Debug, Clone)]
pub struct Spoken {
    /// The statement.
    pub sql: &'static str,
    /// Its values.
    pub values: Vec<Found>,
}

impl Spoken {
    /// Whether it changes rows.
    #[must_use]
    pub fn writes(&self) -> bool {
        ["INSERT", "UPDATE", "DELETE"].iter().any(|verb| self.sql.starts_with(verb))
    }
}

/// A store that notes every statement of every change.
pub struct Recording<S> {
    store: S,
    /// One list for each change that was kept.
    pub changes: Vec<Vec<Spoken>>,
}

impl<S> Recording<S> {
    /// Notes what is said to this store.
    pub const fn new(store: S) -> Self {
        Self { store, changes: Vec::new() }
    }
}

struct Tape<'t> {
    inner: &'t dyn Sql,
    said: RefCell<Vec<Spoken>>,
}

impl Tape<'_> {
    fn note(&self, sql: &'static str, values: &[Put<'_>]) {
        let values = values.iter().map(|value| match value {
            Put::Null => Found::Null,
            Put::Number(number) => Found::Number(*number),
            Put::Bytes(bytes) => Found::Bytes(bytes.to_vec()),
            Put::Text(text) => Found::Text((*text).to_owned()),
        });
        self.said.borrow_mut().push(Spoken { sql, values: values.collect() });
    }
}

impl Sql for Tape<'_> {
    fn run(&self, sql: &'static str, values: &[Put<'_>]) -> Result<(), StoreError> {
        self.note(sql, values);
        self.inner.run(sql, values)
    }

    fn rows(&self, sql: &'static str, values: &[Put<'_>]) -> Result<Vec<Row>, StoreError> {
        self.note(sql, values);
        self.inner.rows(sql, values)
    }

    fn has_ended(&self) -> bool {
        self.inner.has_ended()
    }

    fn lock(&self, what: i64) -> Result<(), StoreError> {
        self.note("SELECT pg_advisory_xact_lock($1)::text", &[Put::Number(what)]);
        self.inner.lock(what)
    }
}

impl<S: SiteStore> SiteStore for Recording<S> {
    fn shards(&self) -> u16 {
        self.store.shards()
    }

    fn change(
        &mut self,
        shard: u16,
        act: &mut dyn FnMut(&Desk<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut said = Vec::new();
        self.store.change(shard, &mut |desk| {
            let tape = Tape { inner: desk.sql(), said: RefCell::default() };
            act(&Desk::new(&tape, desk.contracts()))?;
            said = tape.said.into_inner();
            Ok(())
        })?;
        self.changes.push(said);
        Ok(())
    }

    fn read(
        &mut self,
        shard: u16,
        look: &mut dyn FnMut(&Desk<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.store.read(shard, look)
    }
}

/// Says the writes of these changes again, all in one durable commit, to a store that stands where the recorded one stood before them.
pub fn replay<S: SiteStore>(store: &mut S, changes: &[Vec<Spoken>]) -> Result<(), StoreError> {
    store.change(0, &mut |desk| {
        for spoken in changes.iter().flatten().filter(|spoken| spoken.writes()) {
            let values: Vec<Put<'_>> = spoken.values.iter().map(put).collect();
            desk.sql().rows(spoken.sql, &values)?;
        }
        Ok(())
    })
}

fn put(value: &Found) -> Put<'_> {
    match value {
        Found::Null => Put::Null,
        Found::Number(number) => Put::Number(*number),
        Found::Bytes(bytes) => Put::Bytes(bytes),
        Found::Text(text) => Put::Text(text),
    }
}
