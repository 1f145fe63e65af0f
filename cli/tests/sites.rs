//! Two sites and two wallets with the real program: what was signed offline becomes final.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a story that goes wrong should stop loudly"
)]

mod market;

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Stdio};

use market::*;
use serde_json::Value;
use tempfile::TempDir;

/// A site with the real program.
struct Site {
    folder: TempDir,
    child: Option<Child>,
    port: u16,
    address: String,
}

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let listen = format!("127.0.0.1:{port}");
        let mut site = Self { folder, child: None, port, address: String::new() };
        let arguments = ["init", "--host", "127.0.0.1", "--listen", &listen, "--pages", "127.0.0.1:0"];
        site.address = site.json(&arguments)["address"].as_str().unwrap().to_owned();
        site
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("site")
    }

    #[track_caller]
    fn json(&self, arguments: &[&str]) -> Value {
        let site = self.path();
        let all = [&["site", "--json", "--site", text(&site)], arguments].concat();
        let said = run(&all);
        assert_eq!(said.code, 0, "{}{}", said.out, said.err);
        said.json()
    }

    fn start(&mut self) {
        let mut child = program()
            .args(["site", "run", "--site", text(&self.path())])
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let first = lines.next().unwrap().unwrap();
        assert!(first.contains("\"serving\""), "{first}");
        std::thread::spawn(move || lines.for_each(drop));
        self.child = Some(child);
    }

    fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    fn ticket(&self, name: &str) -> String {
        let png = self.folder.path().join(format!("{name}.png"));
        self.json(&["invite", name, "--png", text(&png)])["ticket"].as_str().unwrap().to_owned()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.kill();
    }
}

fn two_sites() -> (Site, Site) {
    let (mut one, mut two) = (Site::new(), Site::new());
    one.json(&["neighbour", &two.address]);
    two.json(&["neighbour", &one.address]);
    one.start();
    two.start();
    (one, two)
}

/// A few files each way. The foil's phone repeats its site's order until the partner's site has confirmed it, so the two do
/// not come to rest before they have been home.
fn cross(one: &Person, other: &Person) {
    for _ in 0..3 {
        one.hand_to(other);
        other.hand_to(one);
    }
}

#[test]
fn what_was_signed_offline_becomes_final_after_one_phone_comes_home_then_the_other() {
    let (ana, ben) = pair();
    let (mut one, mut two) = two_sites();
    // By its text, and by its picture.
    assert_eq!(ana.json(&["link", &one.ticket("ana")])["pending"], 1);
    two.ticket("ben");
    ben.json(&["link", text(&two.folder.path().join("ben.png"))]);
    cross(&ana, &ben);
    ben.run(&["pay", "Ana", "7.50", "--memo", "eggs"]).ok();
    ana.run(&["pay", "Ben", "2.50", "--memo", "bread"]).ok();
    cross(&ana, &ben);
    // A site is killed while nobody looks, and comes back.
    two.kill();
    let first = ana.json(&["sync"]);
    assert_eq!((&first["final"], &first["refused"]), (&false.into(), &serde_json::json!([])), "{first}");
    two.start();
    let second = ben.json(&["sync"]);
    assert_eq!(second["final"], true, "{second}");
    assert_eq!(ana.json(&["sync"])["final"], true);
    for (person, partner) in [(&ana, "Ben"), (&ben, "Ana")] {
        let history = person.json(&["history", partner]);
        for entry in history["entries"].as_array().unwrap() {
            assert_eq!(
                entry["facets"]["word"].as_str().or(entry["state"].as_str()),
                Some("final"),
                "{entry}"
            );
        }
    }
    let out = |person: &Person, partner: &str| person.run(&["export", partner]).ok();
    assert_eq!(out(&ana, "Ben"), out(&ben, "Ana"));
    let status = one.json(&["status"]);
    assert_eq!(
        (&status["users"], &status["halves"], &status["not_final"]),
        (&1.into(), &1.into(), &0.into())
    );
    let copy = one.folder.path().join("copy.db");
    one.json(&["backup", text(&copy)]);
    assert!(copy.exists());
    one.kill();
}

#[test]
fn a_ticket_is_good_once_and_a_site_without_neighbours_says_nothing_to_strangers() {
    let (ana, ben) = pair();
    let mut site = Site::new();
    site.start();
    let ticket = site.ticket("ana");
    ana.json(&["link", &ticket]);
    ana.json(&["link", &ticket]);
    let (code, why) = ben.refused(&["link", &ticket, "--within", "3"]);
    assert_eq!((code, why.as_str()), (4, "unwelcome"));
    assert_eq!(ben.refused(&["sync"]).1, "no_link");
    assert_eq!(ben.refused(&["link", "hazel-site:cut"]).0, 2);
    site.kill();
    assert_eq!(ana.refused(&["sync", "--within", "1"]).1, "unreachable_site");
    assert_ne!(site.port, 0);
}
