//! The picture in a terminal of 80 × 24, looked at letter by letter.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::*;
use crate::demo::watch::script::Script;

const PACE: Pace = Pace { paused: false, speed: 100, over: false };

/// What the terminal shows, line by line.
fn picture(stage: &Stage, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, stage, PACE)).unwrap();
    terminal.backend().to_string()
}

/// Plays until something is to be seen, and at most to the end; returns the picture.
fn play(stage: &mut Stage, script: &mut Script, until: impl Fn(&Stage) -> bool) -> String {
    while !script.is_over() {
        script.pass(stage, 5).unwrap();
        if until(stage) {
            return picture(stage, 80, 24);
        }
    }
    panic!("never seen:\n{}", picture(stage, 80, 24));
}

fn begin(seed: u64) -> (tempfile::TempDir, Stage, Script) {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::new(folder.path(), seed).unwrap();
    (folder, stage, Script::new())
}

fn words(stage: &Stage) -> Vec<&'static str> {
    [&stage.ana, &stage.ben].iter().flat_map(|phone| phone.shown.rows.iter().map(Row::word)).collect()
}

#[test]
fn everything_is_seen_in_eighty_columns() {
    let (_folder, mut stage, mut script) = begin(3);
    let code = play(&mut stage, &mut script, |stage| stage.ben.shown.camera.is_some_and(|seen| seen > 30));
    assert!(code.contains("Ana") && code.contains("camera") && code.contains("━━━━"), "{code}");
    let braille = |line: &str| line.chars().filter(|c| ('\u{2801}'..='\u{28ff}').contains(c)).count();
    assert!(
        code.lines().filter(|line| braille(line) >= 20).count() >= 10,
        "the whole code is shown:\n{code}"
    );

    let flying =
        play(&mut stage, &mut script, |stage| stage.between.flights.iter().any(|f| f.what == "sealed"));
    assert!(flying.contains("linked") && flying.contains("((·))"), "{flying}");
    assert!(flying.contains('▶') || flying.contains('◀'), "{flying}");

    let alone = play(&mut stage, &mut script, |stage| words(stage) == ["signed"]);
    assert!(alone.contains("●○○○ signed") && alone.contains("no link"), "{alone}");

    play(&mut stage, &mut script, |stage| words(stage) == ["final", "final"]);
    let lost = play(&mut stage, &mut script, |stage| {
        stage.between.flights.iter().any(|flight| flight.is_gone(stage.now))
    });
    assert!(lost.contains('✗'), "{lost}");
    let end = play(&mut stage, &mut script, |stage| stage.caption.starts_with("Equal"));
    assert!(end.matches("●●●● final").count() == 8, "{end}");
    assert!(stage.cuts >= 1);
}

#[test]
fn a_key_cuts_the_link_and_the_story_still_ends_equal() {
    for seed in 0..4 {
        let (_folder, mut stage, mut script) = begin(seed);
        let mut cuts = 0;
        while !script.is_over() {
            script.pass(&mut stage, 5).unwrap();
            // Now and then, wherever it happens to be.
            if stage.linked && cuts < 6 && stage.now.0 % 85 == 0 {
                stage.cut().unwrap();
                cuts += 1;
            }
        }
        assert!(cuts >= 3 && stage.caption.starts_with("Equal"), "seed {seed}: {}", stage.caption);
    }
}

#[test]
fn a_small_terminal_and_a_large_one_are_drawn_too() {
    let (_folder, mut stage, mut script) = begin(1);
    play(&mut stage, &mut script, |stage| stage.ana.shown.code.is_some());
    for (width, height) in [(1, 1), (20, 5), (60, 12), (300, 90)] {
        let seen = picture(&stage, width, height);
        assert_eq!(seen.lines().count(), usize::from(height));
    }
    let large = picture(&stage, 300, 90);
    assert!(large.contains('▀') && large.contains('▄'), "a code that a camera could read");
}
