//! One suite, two engines. PostgreSQL is tried where `HAZEL_POSTGRES` names a server on which databases may be made.
use hazel_network::store::{SqliteStore, suite};

#[test]
fn sqlite_passes_the_suite() {
    let folder = tempfile::tempdir().unwrap();
    let open = |name: &str| -> Box<dyn hazel_network::store::SiteStore> {
        Box::new(SqliteStore::open_one(&folder.path().join(format!("{name}.db"))).unwrap())
    };
    suite::all(&open);
}

#[test]
#[cfg(feature = "postgres")]
fn postgresql_passes_the_suite() {
    let Some(server) = crate::server::Server::named() else { return };
    suite::all(&|name: &str| server.store(name, 1));
}

#[test]
#[cfg(not(feature = "postgres"))]
fn postgresql_was_not_built_in() {
    eprintln!(
        "SKIPPED: PostgreSQL, because the feature `postgres` is off; .ci/steps/65-postgres.sh turns it on"
    );
}
