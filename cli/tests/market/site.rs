//! Sites with the real program, for stories about them.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tempfile::TempDir;

use super::{Person, program, run, text};

/// A site with the real program.
pub struct Site {
    pub folder: TempDir,
    child: Option<Child>,
    /// What it has told so far, a line each.
    log: Arc<Mutex<Vec<String>>>,
    pub port: u16,
    pub address: String,
}

impl Site {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let listen = format!("127.0.0.1:{port}");
        let mut site = Self { folder, child: None, log: Arc::default(), port, address: String::new() };
        let arguments = ["init", "--host", "127.0.0.1", "--listen", &listen, "--pages", "127.0.0.1:0"];
        site.address = site.json(&arguments)["address"].as_str().unwrap().to_owned();
        site
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("site")
    }

    #[track_caller]
    pub fn json(&self, arguments: &[&str]) -> Value {
        let site = self.path();
        let all = [&["site", "--json", "--site", text(&site)], arguments].concat();
        let said = run(&all);
        assert_eq!(said.code, 0, "{}{}", said.out, said.err);
        said.json()
    }

    pub fn start(&mut self) {
        self.start_with(&[]);
    }

    /// Starts it with these in its environment.
    pub fn start_with(&mut self, environment: &[(&str, &str)]) {
        let mut child = program()
            .args(["site", "run", "--site", text(&self.path())])
            .envs(environment.iter().copied())
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let first = lines.next().unwrap().unwrap();
        assert!(first.contains("\"serving\""), "{first}");
        let log = Arc::clone(&self.log);
        log.lock().unwrap().push(first);
        std::thread::spawn(move || lines.for_each(|line| log.lock().unwrap().push(line.unwrap())));
        self.child = Some(child);
    }

    /// Everything it has told so far.
    pub fn told(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// Asks it to stop, as a machine that shuts down does; how it ended.
    pub fn ask_to_stop(&mut self) -> ExitStatus {
        let mut child = self.child.take().unwrap();
        let asked = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
        assert!(asked.success());
        child.wait().unwrap()
    }

    /// Gives it another port. It is not running.
    pub fn move_to_another_port(&mut self) {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let file = self.path().join("site.toml");
        let before = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, before.replace(&self.port.to_string(), &port.to_string())).unwrap();
        self.port = port;
    }

    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    pub fn ticket(&self, name: &str) -> String {
        let png = self.folder.path().join(format!("{name}.png"));
        self.json(&["invite", name, "--png", text(&png)])["ticket"].as_str().unwrap().to_owned()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.kill();
    }
}

pub fn two_sites() -> (Site, Site) {
    let (mut one, mut two) = (Site::new(), Site::new());
    one.json(&["neighbour", &two.address]);
    two.json(&["neighbour", &one.address]);
    one.start();
    two.start();
    (one, two)
}

/// A few files each way. The foil's phone repeats its site's order until the partner's site has confirmed it, so the two do
/// not come to rest before they have been home.
pub fn cross(one: &Person, other: &Person) {
    for _ in 0..3 {
        one.hand_to(other);
        other.hand_to(one);
    }
}

/// Tries for a while: sites speak to each other at their own pace.
#[track_caller]
pub fn until<T>(what: &str, mut tried: impl FnMut() -> Option<T>) -> T {
    for _ in 0..60 {
        if let Some(done) = tried() {
            return done;
        }
        std::thread::sleep(std::time::Duration::from_millis(250));
    }
    panic!("{what}: not in time");
}
