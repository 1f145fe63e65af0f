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
#[cfg(feature = "postgres")]
fn a_full_disk_under_postgresql_refuses_and_what_was_kept_stays() {
    use hazel_core::store::StoreError;
    use hazel_network::store::{MemberRow, SiteStore as _};
    use std::io::Write as _;

    let Some(server) = crate::server::Server::named() else { return };
    let Ok(folder) = std::env::var("HAZEL_POSTGRES_SMALL") else {
        eprintln!("SKIPPED: a full disk under PostgreSQL, because HAZEL_POSTGRES_SMALL names no small one");
        return;
    };
    let mut store = server.store_in(&folder);
    let mut put = |number: u32| {
        let mut key = [0; 32];
        key[..4].copy_from_slice(&number.to_be_bytes());
        store.change(0, &mut |desk| desk.put_member(&MemberRow { key, name: "n".repeat(200), since: 7 }))
    };
    put(0).unwrap();
    let rest = std::path::Path::new(&folder).join("rest");
    let mut file = std::fs::File::create(&rest).unwrap();
    while file.write_all(&[1; 4096]).is_ok() {}
    drop(file);
    let mut refused = 1;
    while put(refused).map_err(|error| assert_eq!(error, StoreError::Full)).is_ok() {
        refused += 1;
        assert!(refused < 10_000, "there was room");
    }
    std::fs::remove_file(&rest).unwrap();
    put(refused).unwrap();
    let mut members = 0;
    store
        .read(0, &mut |desk| {
            members = desk.members()?.len();
            Ok(())
        })
        .unwrap();
    assert_eq!(members, usize::try_from(refused).unwrap() + 1);
}

#[test]
#[cfg(not(feature = "postgres"))]
fn postgresql_was_not_built_in() {
    eprintln!(
        "SKIPPED: PostgreSQL, because the feature `postgres` is off; .ci/steps/65-postgres.sh turns it on"
    );
}
