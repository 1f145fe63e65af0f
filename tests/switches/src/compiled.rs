//! The changed copy, compiled: mutants that the compiler refuses are taken out until what is left is one program.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::error::Error;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::listed::Mutant;
use crate::places;
use crate::rewrite::{self, SWITCH};

/// The packages that use the ledger and have tests.
const OTHERS: [&str; 6] = [
    "--package=hazel-sync",
    "--package=hazel-meeting",
    "--package=hazel-network",
    "--package=hazel-qr",
    "--package=hazel-cli",
    "--package=hazel-tests",
];

/// A program of tests, and the folder it expects to run in.
#[derive(Debug, Clone)]
pub struct Program {
    pub path: PathBuf,
    pub folder: PathBuf,
}

/// The programs with all tests of the project, and the mutants that the ledger in them could not take in.
pub struct Compiled {
    /// The ledger's own.
    pub own: Vec<Program>,
    /// Those of the other packages, which use the ledger.
    pub others: Vec<Program>,
    /// What the compiler refused.
    pub refused: BTreeSet<usize>,
    /// What no switch can make: in constant functions, and of types that are told by what they can do.
    pub left: BTreeSet<usize>,
}

/// Writes the mutants into the tree, whose files are still as they were listed, and compiles its tests.
pub fn compile(tree: &Path, mutants: &[Mutant]) -> Result<Compiled, Box<dyn Error>> {
    let mut files: BTreeMap<&str, (String, Vec<&Mutant>)> = BTreeMap::new();
    for mutant in mutants {
        if !files.contains_key(mutant.file.as_str()) {
            files.insert(&mutant.file, (fs::read_to_string(tree.join(&mutant.file))?, Vec::new()));
        }
        files.entry(&mutant.file).and_modify(|(_, of)| of.push(mutant));
    }
    let source = tree.join("core/src");
    fs::write(source.join("switch.rs"), include_str!("switch.rs"))?;
    let library = source.join("lib.rs");
    let text = fs::read_to_string(&library)?;
    fs::write(&library, format!("{text}\nmod switch;\n"))?;

    let mut left = BTreeSet::new();
    let mut refused = BTreeSet::new();
    let mut constant = BTreeSet::new();
    loop {
        left.clear();
        for (name, (text, of)) in &files {
            let tried: Vec<&Mutant> =
                of.iter().copied().filter(|mutant| !refused.contains(&mutant.id)).collect();
            let (edits, cannot) = places::edits(text, &tried, &constant)?;
            left.extend(cannot);
            let text = rewrite::rewrite(text, &edits);
            let path = tree.join(name);
            if fs::read_to_string(&path)? != text {
                fs::write(path, text)?;
            }
        }
        // The ledger first: it takes a few rounds, and everything else takes minutes.
        let built = build(tree, &["--package=hazel-core", "--lib"])?;
        let built = match built {
            Ok(own) if env::var_os("HAZEL_OWN").is_some() => Ok((own, Vec::new())),
            Ok(own) => build(tree, &OTHERS)?.map(|others| (own, others)),
            Err(wrong) => Err(wrong),
        };
        match built {
            Ok((own, others)) => return Ok(Compiled { own, others, refused, left }),
            Err(Wrong { culprits, must_be_constant }) => {
                eprintln!(
                    "the compiler refuses {} mutants, and {must_be_constant:?} must stay constant",
                    culprits.len()
                );
                let before = (refused.len(), constant.len());
                refused.extend(culprits);
                constant.extend(must_be_constant);
                if before == (refused.len(), constant.len()) {
                    return Err("the changed copy does not compile, whatever is taken out of it".into());
                }
            }
        }
    }
}

/// What the compiler found wrong: the mutants that stand there, and functions that a constant is made by.
#[derive(Default)]
struct Wrong {
    culprits: BTreeSet<usize>,
    must_be_constant: BTreeSet<String>,
}

/// The programs, or what is wrong with them.
fn build(tree: &Path, packages: &[&str]) -> Result<Result<Vec<Program>, Wrong>, Box<dyn Error>> {
    let mut cargo = Command::new("cargo");
    cargo.args(["test", "--no-run", "--quiet", "--message-format", "json"]).args(packages);
    let out = cargo.current_dir(tree).stderr(Stdio::inherit()).output()?;
    let mut wrong = Wrong::default();
    let mut programs = Vec::new();
    for line in String::from_utf8(out.stdout)?.lines() {
        let told: Value = serde_json::from_str(line)?;
        let path = |key: &str| told.get(key).and_then(Value::as_str).map(PathBuf::from);
        if let (Some(path), Some(manifest), true) =
            (path("executable"), path("manifest_path"), told["profile"]["test"] == true)
        {
            programs
                .push(Program { path, folder: manifest.parent().map(Path::to_path_buf).unwrap_or_default() });
        }
        let Some(message) = told.get("message").filter(|message| message["level"] == "error") else {
            continue;
        };
        let spans = message["spans"].as_array().map_or(&[][..], Vec::as_slice);
        // "Aborting due to previous errors" is about no place.
        if spans.is_empty() {
            continue;
        }
        if message["code"]["code"] == "E0015" {
            let path =
                message["message"].as_str().and_then(|text| text.split('`').nth(1)).unwrap_or_default();
            let name = path.rsplit("::").next().unwrap_or_default();
            // A switch in the constant itself is to blame for itself.
            if name != "switch" {
                wrong.must_be_constant.insert(name.to_owned());
                continue;
            }
        }
        let mut found = blamed(tree, spans)?;
        if found.is_empty() && message["code"]["code"] == "E0004" {
            found = arms(tree, spans)?;
        }
        if found.is_empty() {
            return Err(format!("no mutant is to blame for this: {}", message["rendered"]).into());
        }
        wrong.culprits.extend(found);
    }
    if out.status.success() {
        return Ok(Ok(programs));
    }
    if wrong.culprits.is_empty() && wrong.must_be_constant.is_empty() {
        return Err("the changed copy does not compile".into());
    }
    Ok(Err(wrong))
}

/// The mutants inside the places that an error is about, or else on their lines.
fn blamed(tree: &Path, spans: &[Value]) -> Result<BTreeSet<usize>, Box<dyn Error>> {
    let mut found = BTreeSet::new();
    for whole_lines in [false, true] {
        for primary in [true, false] {
            for span in spans.iter().filter(|span| span["is_primary"] == primary) {
                let Some(name) = span["file_name"].as_str() else { continue };
                let text = fs::read_to_string(tree.join(name)).unwrap_or_default();
                let byte =
                    |key: &str| span[key].as_u64().and_then(|byte| usize::try_from(byte).ok()).unwrap_or(0);
                let mut range = byte("byte_start")..byte("byte_end").min(text.len());
                if whole_lines {
                    range = lines(&text, range);
                }
                found.extend(switches(text.get(range).unwrap_or_default()));
            }
            if !found.is_empty() {
                return Ok(found);
            }
        }
    }
    Ok(found)
}

/// The arms of a match that may be left out. The compiler misses one and points at what is matched.
fn arms(tree: &Path, spans: &[Value]) -> Result<BTreeSet<usize>, Box<dyn Error>> {
    let mut found = BTreeSet::new();
    for span in spans.iter().filter(|span| span["is_primary"] == true) {
        let Some(name) = span["file_name"].as_str() else { continue };
        let text = fs::read_to_string(tree.join(name))?;
        let from = span["byte_end"].as_u64().and_then(|byte| usize::try_from(byte).ok()).unwrap_or(0);
        let behind = text.get(from..).unwrap_or_default();
        let mut depth = 0_usize;
        let end = behind.char_indices().find_map(|(at, char)| {
            match char {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                _ => return None,
            }
            (depth == 0).then_some(at)
        });
        let block = behind.get(..end.unwrap_or(0)).unwrap_or_default();
        found.extend(
            block.split(" if !").skip(1).filter_map(|arm| switches(arm.get(..SWITCH.len() + 8)?).next()),
        );
    }
    Ok(found)
}

fn lines(text: &str, range: Range<usize>) -> Range<usize> {
    let start = text.get(..range.start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let end =
        text.get(range.end..).and_then(|behind| behind.find('\n')).map_or(text.len(), |at| range.end + at);
    start..end
}

/// The mutants whose switches are asked for in a piece of text.
fn switches(text: &str) -> impl Iterator<Item = usize> {
    text.split(SWITCH).skip(1).filter_map(|behind| behind.split_once(')')?.0.parse().ok())
}
