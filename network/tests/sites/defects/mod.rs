//! What the existing systems get wrong, each tried on a site here. It must fail to work.

mod letters;
mod order;
mod strangers;

use hazel_core::canon::Canon as _;
use hazel_core::chit::SignedChit;
use hazel_core::message::Message;
use hazel_core::order::Head;
use hazel_core::rows::Rows as _;
use hazel_core::tally::{Side, SignedTally, TallyId};
use hazel_network::letter::{Correspondent, Letter};
use hazel_network::node::{Event, Input, Output};
use hazel_network::store::{SiteStore as _, SqliteStore};

use crate::world::{World, memory};

fn hosted() -> World<SqliteStore> {
    World::settled(vec![memory(), memory()])
}

fn say(world: &World<SqliteStore>, half: Side, messages: Vec<Message>) -> Vec<u8> {
    Letter::carrying(world.tally, half, true, messages).remove(0).to_bytes()
}

/// What a site does with a letter of messages from somebody.
fn give(
    world: &mut World<SqliteStore>,
    site: usize,
    from: Correspondent,
    messages: Vec<Message>,
) -> Vec<Output> {
    let half = if site == 0 { Side::Stock } else { Side::Foil };
    let bytes = say(world, half, messages);
    world.sites[site].batch(vec![Input::Letter { from, bytes }], 5)
}

fn codes(outputs: &[Output]) -> Vec<&'static str> {
    outputs
        .iter()
        .filter_map(|output| match output {
            Output::Event(Event::Refused { code, .. }) => Some(*code),
            _ => None,
        })
        .collect()
}

fn letters(outputs: &[Output]) -> usize {
    outputs.iter().filter(|output| matches!(output, Output::Letter { .. })).count()
}

fn contract(world: &mut World<SqliteStore>) -> SignedTally {
    let tally = world.tally;
    world.sites[0].store().half_of(&tally)
}

/// The order of the stock's half, as its site knows it.
fn head(world: &mut World<SqliteStore>) -> Head {
    let tally = world.tally;
    let mut head = None;
    world.sites[0]
        .store()
        .read(0, &mut |desk| {
            let half = desk.half(&tally, Side::Stock)?.unwrap();
            head = Some(desk.standing(half.no)?.book.head);
            Ok(())
        })
        .unwrap();
    head.unwrap()
}

trait HalfOf {
    fn half_of(&mut self, tally: &TallyId) -> SignedTally;
    fn chits_of(&mut self, tally: &TallyId, side: Side) -> Vec<SignedChit>;
}

impl HalfOf for SqliteStore {
    fn half_of(&mut self, tally: &TallyId) -> SignedTally {
        let mut found = None;
        self.read(0, &mut |desk| {
            found = desk.half(tally, Side::Stock)?.map(|half| half.contract);
            Ok(())
        })
        .unwrap();
        found.unwrap()
    }

    fn chits_of(&mut self, tally: &TallyId, side: Side) -> Vec<SignedChit> {
        let mut found = Vec::new();
        self.read(0, &mut |desk| {
            let half = desk.half(tally, side)?.unwrap();
            for chain in desk.chains(half.no)? {
                found.extend(
                    desk.chits(chain.no, chain.base, chain.seq, 100)?.into_iter().map(|chit| chit.entry),
                );
            }
            Ok(())
        })
        .unwrap();
        found
    }
}

/// The operator's guide says of each defect which test it fails in. A name there that no test has would be an empty promise.
#[test]
fn every_test_that_the_guide_names_exists() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let guide = std::fs::read_to_string(root.join("docs/site.md")).unwrap();
    let (_, table) = guide.split_once("## What others got wrong").unwrap();
    let mut sources = String::new();
    let mut folders: Vec<_> =
        ["network", "cli/tests", "tests/tests", "qr/tests"].map(|it| root.join(it)).into();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") {
                sources += &std::fs::read_to_string(path).unwrap();
            }
        }
    }
    let is_name = |it: &&str| it.matches('_').count() > 1 && !it.contains([' ', '=', '/']);
    let names: Vec<&str> = table.split('`').skip(1).step_by(2).filter(is_name).collect();
    assert!(names.len() > 25, "{names:?}");
    for name in names {
        // A long name may end in dots.
        let named = format!("fn {}", name.trim_end_matches('…'));
        assert!(sources.contains(&named), "{name} is no test");
    }
}
